//! A shift with open calls does not end silently: who has one is reminded, and who did not hand it over in time has lost it.

use crate::duty::rules::Turn;
use chrono::{DateTime, TimeDelta, Utc};

/// Minutes before the end of a shift from which on its people are reminded of their open calls.
const REMINDED_MIN: i64 = 15;
/// Minutes after it within which the handover must be accepted.
const GRACE_MIN: i64 = 5;

/// How the shift of who has a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftEnd {
    /// It goes on, or they had none: whoever helps of their own accord has no shift that could end.
    NotNear,
    /// It ends then.
    Soon(DateTime<Utc>),
    /// It is over, and nobody took the call over.
    Over,
}

/// By the turns of who has a call since they have it: when the last of them ends counts.
#[must_use]
pub fn shift_end(turns: &[Turn], since: DateTime<Utc>, now: DateTime<Utc>) -> ShiftEnd {
    let theirs = turns.iter().filter(|turn| turn.from <= now && turn.until > since);
    let Some(until) = theirs.map(|turn| turn.until).max() else {
        return ShiftEnd::NotNear;
    };
    if until + TimeDelta::minutes(GRACE_MIN) <= now {
        ShiftEnd::Over
    } else if until - TimeDelta::minutes(REMINDED_MIN) <= now {
        ShiftEnd::Soon(until)
    } else {
        ShiftEnd::NotNear
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn turn(from: i64, until: i64) -> Turn {
        Turn {
            shift: Uuid::nil().into(),
            staff: Uuid::nil().into(),
            ord: 0,
            from: at(from),
            until: at(until),
            stands_in_for: None,
        }
    }

    #[test]
    fn it_ends_with_the_last_turn() {
        let end = |turns: &[Turn], now| shift_end(turns, at(30), at(now));
        assert_eq!(end(&[turn(0, 60)], 44), ShiftEnd::NotNear);
        assert_eq!(end(&[turn(0, 60)], 45), ShiftEnd::Soon(at(60)));
        assert_eq!(end(&[turn(0, 60)], 64), ShiftEnd::Soon(at(60)));
        assert_eq!(end(&[turn(0, 60)], 65), ShiftEnd::Over);
        assert_eq!(
            end(&[turn(0, 60), turn(60, 120)], 70),
            ShiftEnd::NotNear,
            "on duty again"
        );
        assert_eq!(
            end(&[turn(0, 60), turn(90, 120)], 70),
            ShiftEnd::Over,
            "not yet again"
        );
        assert_eq!(
            end(&[turn(0, 30)], 70),
            ShiftEnd::NotNear,
            "over before they took it"
        );
        assert_eq!(end(&[], 70), ShiftEnd::NotNear);
    }
}
