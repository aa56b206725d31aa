//! How fast calls are answered, by the hour and by who answers (接通率, 15/20 秒接通率). Pure.

use super::dto::{By, PhoneFigureOut};
use super::rules::Call;
use crate::access::authenticate::china;
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use entity::kind::PhoneCallState;
use std::collections::BTreeMap;

/// What is counted of calls.
#[derive(Clone, Debug, Default)]
struct Count {
    answered: u64,
    abandoned: u64,
    short: u64,
    waits: Vec<TimeDelta>,
    talks: Vec<TimeDelta>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    All,
    Hour(u32),
    Agent(Option<String>),
}

/// Rows of figures, of calls and when they began. A call that still rings counts nowhere yet.
pub(super) fn rows(calls: &[(DateTime<Utc>, Call)], by: By) -> Vec<PhoneFigureOut> {
    let mut counts: BTreeMap<Key, Count> = BTreeMap::new();
    if by == By::All {
        counts.insert(Key::All, Count::default());
    }
    for (began, call) in calls {
        let abandoned = call.state() == PhoneCallState::Abandoned;
        if !abandoned && call.answered_at.is_none() {
            continue;
        }
        let key = match by {
            By::All => Key::All,
            By::Hour => Key::Hour(began.with_timezone(&china()).hour()),
            By::Agent => Key::Agent(answered_by(call).map(str::to_owned)),
        };
        let count = counts.entry(key).or_default();
        count.answered += u64::from(!abandoned);
        count.abandoned += u64::from(abandoned);
        count.short += u64::from(call.is_short());
        count.waits.extend(call.waited());
        count.talks.extend(call.talked());
    }
    counts.into_iter().map(|(key, count)| count.row(key)).collect()
}

/// Who had the call first once it was answered.
fn answered_by(call: &Call) -> Option<&str> {
    let answered = call.answered_at?;
    let first = call.agents.iter().find(|(at, _)| *at >= answered);
    first.map(|(_, agent)| agent.as_str()).or(call.agent())
}

impl Count {
    fn row(self, key: Key) -> PhoneFigureOut {
        let inbound = self.answered + self.abandoned;
        let within = |seconds: i64| {
            let fast = self
                .waits
                .iter()
                .filter(|wait| **wait <= TimeDelta::seconds(seconds))
                .count();
            share(
                u64::try_from(fast).unwrap_or(0),
                u64::try_from(self.waits.len()).unwrap_or(0),
            )
        };
        PhoneFigureOut {
            hour: if let Key::Hour(hour) = key {
                Some(hour)
            } else {
                None
            },
            inbound,
            answered: self.answered,
            abandoned: self.abandoned,
            short: self.short,
            connect_rate: share(self.answered, inbound - self.short)
                .filter(|_| !matches!(key, Key::Agent(_))),
            within_15_s: within(15),
            within_20_s: within(20),
            mean_wait_s: mean(&self.waits),
            mean_talk_s: mean(&self.talks),
            agent: if let Key::Agent(agent) = key { agent } else { None },
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of calls are small"
)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of calls are small"
)]
fn mean(all: &[TimeDelta]) -> Option<f64> {
    let sum: i64 = all.iter().map(TimeDelta::num_milliseconds).sum();
    (!all.is_empty()).then(|| sum as f64 / 1_000.0 / all.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(waited: Option<i64>, ended: Option<i64>, agent: &str) -> (DateTime<Utc>, Call) {
        let at = |second: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let call = Call {
            ringing_at: Some(at(0)),
            answered_at: waited.map(at),
            ended_at: ended.map(at),
            agents: waited
                .map(|waited| (at(waited), agent.to_owned()))
                .into_iter()
                .collect(),
            ..Call::default()
        };
        (at(0), call)
    }

    #[test]
    fn rates_leave_out_who_did_not_wait_and_what_still_rings() {
        let calls = [
            call(Some(10), Some(70), "a"),
            call(Some(18), None, "b"),
            call(Some(25), Some(85), "a"),
            call(None, Some(40), ""),
            call(None, Some(3), ""),
            call(None, None, ""),
        ];
        let all = rows(&calls, By::All);
        let row = &all[0];
        assert_eq!(
            (row.inbound, row.answered, row.abandoned, row.short),
            (5, 3, 2, 1)
        );
        assert_eq!(row.connect_rate, Some(0.75));
        assert_eq!(
            (row.within_15_s, row.within_20_s),
            (Some(1.0 / 3.0), Some(2.0 / 3.0))
        );
        assert_eq!(row.mean_talk_s, Some(60.0));
        let by_agent = rows(&calls, By::Agent);
        let counts: Vec<_> = by_agent
            .iter()
            .map(|row| (row.agent.as_deref(), row.inbound))
            .collect();
        assert_eq!(counts, [(None, 2), (Some("a"), 2), (Some("b"), 1)]);
        // The epoch is eight o'clock in China.
        assert_eq!(rows(&calls, By::Hour)[0].hour, Some(8));
        assert_eq!(rows(&[], By::All)[0].connect_rate, None);
    }
}
