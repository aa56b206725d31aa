//! Who is on duty at an instant, and when nobody is; what a shift must be like in files of its own. Pure.

pub mod contact;
pub mod shift;
pub mod station;

use chrono::{DateTime, Utc};
use entity::id::{ShiftId, StaffId};
use std::collections::HashSet;

/// Somebody's time on duty in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The shift.
    pub shift: ShiftId,
    /// Who.
    pub staff: StaffId,
    /// 0 is called first; the others are deputies.
    pub ord: i32,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Not any more from then on.
    pub until: DateTime<Utc>,
    /// Whose place it is, when somebody stands in.
    pub stands_in_for: Option<StaffId>,
}

/// A span of time, its end not within.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Who is on duty at an instant, the first to be called first. Whoever is stood in for is not.
#[must_use]
pub fn on_duty(turns: &[Turn], at: DateTime<Utc>) -> Vec<Turn> {
    let now: Vec<Turn> = turns
        .iter()
        .filter(|turn| turn.from <= at && at < turn.until)
        .copied()
        .collect();
    let replaced = |turn: &Turn| {
        now.iter()
            .any(|other| other.shift == turn.shift && other.stands_in_for == Some(turn.staff))
    };
    let mut there: Vec<Turn> = now.iter().filter(|turn| !replaced(turn)).copied().collect();
    there.sort_by_key(|turn| (turn.ord, turn.from, turn.staff));
    // Where shifts overlap somebody may be in two of them.
    let mut named = HashSet::new();
    there.retain(|turn| named.insert(turn.staff));
    there
}

/// When nobody is on duty within a span, in order.
#[must_use]
pub fn gaps(turns: &[Turn], (from, until): Span) -> Vec<Span> {
    let mut edges: Vec<DateTime<Utc>> = turns
        .iter()
        .flat_map(|turn| [turn.from, turn.until])
        .filter(|at| (from..until).contains(at))
        .chain([from])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let ends = edges.iter().skip(1).copied().chain([until]);
    let mut gaps: Vec<Span> = Vec::new();
    for (begin, end) in edges.iter().copied().zip(ends) {
        // Between two edges nothing changes.
        if begin >= end || !on_duty(turns, begin).is_empty() {
            continue;
        }
        match gaps.last_mut() {
            Some(last) if last.1 == begin => last.1 = end,
            _ => gaps.push((begin, end)),
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn turn(shift: u128, staff: u128, ord: i32, from: i64, until: i64) -> Turn {
        Turn {
            shift: Uuid::from_u128(shift).into(),
            staff: Uuid::from_u128(staff).into(),
            ord,
            from: at(from),
            until: at(until),
            stands_in_for: None,
        }
    }

    #[test]
    fn who_stands_in_takes_the_place_for_its_time() {
        let standing_in = Turn {
            stands_in_for: Some(Uuid::from_u128(1).into()),
            ..turn(1, 9, 0, 60, 120)
        };
        let turns = [turn(1, 1, 0, 0, 480), turn(1, 2, 1, 0, 480), standing_in];
        let called = |minute| -> Vec<u128> {
            let there = on_duty(&turns, at(minute));
            there.iter().map(|turn| turn.staff.0.as_u128()).collect()
        };
        assert_eq!(called(30), [1, 2]);
        assert_eq!(called(60), [9, 2]);
        assert_eq!(called(119), [9, 2]);
        assert_eq!(called(120), [1, 2]);
        assert_eq!(called(480), [0_u128; 0]);
    }

    #[test]
    fn who_is_in_two_shifts_is_called_once() {
        let turns = [
            turn(1, 1, 0, 0, 60),
            turn(1, 2, 1, 0, 60),
            turn(2, 2, 0, 50, 90),
            turn(2, 1, 1, 50, 90),
        ];
        let there = on_duty(&turns, at(55));
        let called: Vec<u128> = there.iter().map(|turn| turn.staff.0.as_u128()).collect();
        assert_eq!(called, [1, 2]);
    }

    proptest! {
        /// Every minute lies either in a gap or has somebody.
        #[test]
        fn gaps_are_the_minutes_without_anybody(some in prop::collection::vec((0_i64..200, 1_i64..80, 0_u128..4, prop::option::of(0_u128..4)), 0..8)) {
            let turns: Vec<Turn> = some
                .into_iter()
                .enumerate()
                .map(|(nth, (from, long, staff, stands_in_for))| Turn {
                    stands_in_for: stands_in_for.filter(|other| *other != staff).map(|id| Uuid::from_u128(id).into()),
                    ..turn(1, staff, i32::try_from(nth).unwrap(), from, from + long)
                })
                .collect();
            let found = gaps(&turns, (at(0), at(240)));
            for minute in 0..240 {
                let empty = on_duty(&turns, at(minute)).is_empty();
                let within = found.iter().any(|(from, until)| *from <= at(minute) && at(minute) < *until);
                prop_assert_eq!(empty, within, "minute {}", minute);
            }
            prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
