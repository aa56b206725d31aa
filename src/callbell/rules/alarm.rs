//! Technical alarms: when they climb, when many of them are one, and when devices must be tested. Slower than a call:
//! nobody is lying on the floor, but somebody could, and would not be heard.
//!
//! Sources: community by the end of the working day, sub-district a working day later, replaced within three (26 TAC
//! §279.81; TSA: all alarms acted upon by the end of the working day); a functional test each calendar month, three
//! tries on three days, then a visit (26 TAC §279.77).

use super::ladder::TOP;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use entity::kind::{AlarmKind, AlarmState};

/// Minutes within which devices that fall silent are one outage.
pub const OUTAGE_MINUTES: i64 = 5;
/// So many of a community at least.
const OUTAGE_LEAST: u64 = 20;
/// And so many of a hundred.
const OUTAGE_SHARE: u64 = 20;
/// Days of the month on which those are reminded who have devices that were not tested in it.
const TRIES: [u32; 3] = [21, 24, 27];
/// Working days that somebody who has an alarm in hands has for it.
const TAKEN_DAYS: u32 = 3;
/// False alarms of one device within half an hour that make somebody go there.
pub const FALSE_ALARMS: u64 = 3;
/// Minutes within which they count together (Alerta: flapping within 1,800 s).
pub const FALSE_ALARM_MINUTES: i64 = 30;

/// An alarm, as far as time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// Where it stands.
    pub state: AlarmState,
    /// The highest level that was told.
    pub level: u8,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// When somebody was last told.
    pub told_at: DateTime<Utc>,
    /// When somebody took it in hands.
    pub taken_at: Option<DateTime<Utc>>,
}

/// The level that hears of an alarm first.
#[must_use]
pub const fn first_level(kind: AlarmKind) -> u8 {
    match kind {
        AlarmKind::Engine => TOP,
        AlarmKind::Outage => 1,
        _ => 0,
    }
}

/// Whether it climbs by itself. What concerns the roster or tests is told in one message a day instead.
#[must_use]
pub const fn climbs(kind: AlarmKind) -> bool {
    !matches!(kind, AlarmKind::Gap | AlarmKind::TestOverdue)
}

/// Whether somebody must say that it was seen to; all others end with their cause: the device is heard again, tested, has
/// its mains back, or somebody is on duty.
#[must_use]
pub const fn ends_by_hand(kind: AlarmKind) -> bool {
    matches!(kind, AlarmKind::Fault | AlarmKind::FalseAlarms)
}

/// When the next level hears of an alarm that nobody has seen to; `working` gives the end of the nth working day after an
/// instant, 0 of the same.
pub fn next(alarm: &Alarm, working: impl Fn(DateTime<Utc>, u32) -> DateTime<Utc>) -> Option<DateTime<Utc>> {
    if !climbs(alarm.kind) {
        return None;
    }
    match (alarm.state, alarm.taken_at) {
        (AlarmState::Settled, _) => None,
        (AlarmState::Taken, Some(at)) if alarm.told_at <= at => Some(working(at, TAKEN_DAYS)),
        // The service's own health is for those on duty, at any hour.
        _ if alarm.kind == AlarmKind::Engine => Some(alarm.told_at + TimeDelta::minutes(10)),
        _ => Some(match alarm.level {
            0 => working(alarm.opened_at, 0),
            1 => working(alarm.opened_at, 1),
            2 => working(alarm.opened_at, 3),
            _ => working(alarm.told_at, 1),
        }),
    }
}

/// The level that hears of it next.
#[must_use]
pub const fn above(level: u8) -> u8 {
    if level < TOP { level + 1 } else { TOP }
}

/// Whether devices of a community that fell silent within minutes are one outage.
#[must_use]
pub const fn is_outage(silent: u64, devices: u64) -> bool {
    silent >= OUTAGE_LEAST && silent * 100 >= devices * OUTAGE_SHARE
}

/// The how manieth time one is reminded on this day to test devices, if one is.
#[must_use]
pub fn test_try(day: NaiveDate) -> Option<usize> {
    TRIES
        .iter()
        .position(|try_day| *try_day == day.day())
        .map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + day * 86_400, 0).unwrap()
    }

    fn working(from: DateTime<Utc>, days: u32) -> DateTime<Utc> {
        from + TimeDelta::days(i64::from(days)) + TimeDelta::hours(8)
    }

    fn alarm(kind: AlarmKind, level: u8, told: i64) -> Alarm {
        Alarm {
            kind,
            state: AlarmState::Open,
            level,
            opened_at: at(0),
            told_at: at(told),
            taken_at: None,
        }
    }

    #[test]
    fn it_climbs_by_working_days_and_does_not_stop() {
        let hours = TimeDelta::hours(8);
        let next_of = |level, told| next(&alarm(AlarmKind::Silent, level, told), working);
        assert_eq!(next_of(0, 0), Some(at(0) + hours));
        assert_eq!(next_of(1, 0), Some(at(1) + hours));
        assert_eq!(next_of(2, 1), Some(at(3) + hours));
        for day in 3..60 {
            assert_eq!(next_of(3, day), Some(at(day + 1) + hours));
        }
    }

    #[test]
    fn who_takes_it_has_three_days_and_then_it_climbs_again() {
        let taken = Alarm {
            state: AlarmState::Taken,
            taken_at: Some(at(1)),
            ..alarm(AlarmKind::Fault, 1, 0)
        };
        assert_eq!(next(&taken, working), Some(at(4) + TimeDelta::hours(8)));
        let told_since = Alarm {
            told_at: at(5),
            level: 3,
            ..taken
        };
        assert_eq!(next(&told_since, working), Some(at(6) + TimeDelta::hours(8)));
        let settled = Alarm {
            state: AlarmState::Settled,
            ..taken
        };
        assert_eq!(next(&settled, working), None);
        assert_eq!(next(&alarm(AlarmKind::Gap, 0, 0), working), None);
    }

    #[test]
    fn twenty_and_a_fifth_are_an_outage() {
        assert!(is_outage(20, 100) && is_outage(20, 20) && is_outage(200, 1000));
        assert!(!is_outage(19, 20) && !is_outage(20, 101) && !is_outage(199, 1000));
    }

    #[test]
    fn three_tries_a_month() {
        let month = (1..=30).filter_map(|day| test_try(NaiveDate::from_ymd_opt(2026, 11, day)?));
        assert_eq!(month.collect::<Vec<_>>(), [1, 2, 3]);
    }
}
