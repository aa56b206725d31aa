//! How and when somebody wants to be reached.

use crate::access::authenticate::{china, instant};
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use entity::kind::NoticeChannel;
use entity::resident;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Quiet hours, and the way for messages. What is absent is as the service has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// How messages come: `sms`, `email`, or `in_app` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<NoticeChannel>,
    /// No calls and messages from this time of the day; what is urgent comes all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "21:00")]
    pub quiet_from: Option<String>,
    /// Until this one, perhaps of the next day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "08:30")]
    pub quiet_to: Option<String>,
}

/// Quiet hours of a day at most.
const LONGEST_H: i64 = 14;

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

impl Preference {
    /// As a row has it.
    #[must_use]
    pub fn of(row: &resident::Model) -> Self {
        let kept = row.preference.clone().map(serde_json::from_value);
        kept.and_then(Result::ok).unwrap_or_default()
    }

    /// Checks the times: both or none, and not the same.
    pub fn check(&self, fields: &mut Fields) {
        for (pointer, text) in [
            ("/preference/quiet_from", &self.quiet_from),
            ("/preference/quiet_to", &self.quiet_to),
        ] {
            if text.as_deref().is_some_and(|text| time(text).is_none()) {
                fields.add(pointer, Rule::Form("HH:MM"));
            }
        }
        if self.quiet_from.is_some() != self.quiet_to.is_some()
            || (self.quiet_from.is_some() && self.quiet_from == self.quiet_to)
        {
            fields.add("/preference/quiet_to", Rule::Required);
        }
        if self.is_too_long() {
            fields.add("/preference/quiet_to", Rule::Range(format!("0..{LONGEST_H} h")));
        }
    }

    /// Whether so much of the day is quiet that nobody could be reached.
    fn is_too_long(&self) -> bool {
        self.quiet().is_some_and(|(from, to)| {
            let span = to - from;
            let span = if span < TimeDelta::zero() {
                span + TimeDelta::days(1)
            } else {
                span
            };
            span > TimeDelta::hours(LONGEST_H)
        })
    }

    fn quiet(&self) -> Option<(NaiveTime, NaiveTime)> {
        time(self.quiet_from.as_deref()?).zip(time(self.quiet_to.as_deref()?))
    }

    /// When somebody may be disturbed again: now, or at the end of the quiet hours.
    #[must_use]
    pub fn from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let Some((from, to)) = self.quiet() else {
            return now;
        };
        let local = now.with_timezone(&china());
        let (day, at) = (local.date_naive(), local.time());
        let end = match (from < to, from <= at, at < to) {
            (true, true, true) | (false, false, true) => day,
            (false, true, false) => day.checked_add_days(Days::new(1)).unwrap_or(day),
            _ => return now,
        };
        instant(end, to)
    }
}

/// Whether somebody may be called now.
///
/// # Errors
/// `QuietHours`, with when they end.
pub fn check_quiet(preference: &Preference, now: DateTime<Utc>) -> Result<(), AppError> {
    let from = preference.from(now);
    if from <= now {
        return Ok(());
    }
    let quiet = AppError::new(crate::platform::error::Code::QuietHours);
    Err(quiet.with("until", from.to_rfc3339()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn preference(from: &str, to: &str) -> Preference {
        Preference {
            channel: None,
            quiet_from: Some(from.into()),
            quiet_to: Some(to.into()),
        }
    }

    fn local(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+08:00"))
            .unwrap()
            .to_utc()
    }

    #[test]
    fn quiet_hours_go_over_midnight_or_not() {
        let night = preference("21:00", "08:30");
        assert_eq!(night.from(local("2026-11-24T20:59")), local("2026-11-24T20:59"));
        assert_eq!(night.from(local("2026-11-24T21:00")), local("2026-11-25T08:30"));
        assert_eq!(night.from(local("2026-11-25T03:00")), local("2026-11-25T08:30"));
        assert_eq!(night.from(local("2026-11-25T08:30")), local("2026-11-25T08:30"));
        let noon = preference("12:00", "14:00");
        assert_eq!(noon.from(local("2026-11-24T13:00")), local("2026-11-24T14:00"));
        assert_eq!(noon.from(local("2026-11-24T14:00")), local("2026-11-24T14:00"));
        assert_eq!(
            Preference::default().from(local("2026-11-24T03:00")),
            local("2026-11-24T03:00")
        );
    }

    proptest! {
        #[test]
        fn whoever_waits_may_call(minute in 0_i64..100_000, from in 0_u32..1440, to in 0_u32..1440) {
            prop_assume!(from != to);
            let text = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
            let now = local("2026-01-01T00:00") + chrono::TimeDelta::minutes(minute);
            let preference = preference(&text(from), &text(to));
            let then = preference.from(now);
            prop_assert!(then >= now && then - now <= chrono::TimeDelta::hours(24));
            prop_assert_eq!(preference.from(then), then);
        }
    }
}
