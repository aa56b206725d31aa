//! The figures that are opened first, as sums that can be added up and rates that say of how many they are
//! (domain: formulas by due date for timeliness, by the day of the call-back for the three rates).

use std::ops::AddAssign;

/// Sums of a unit in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Tickets that were given to the unit.
    pub dispatched: i64,
    /// Limits of signing that ended.
    pub sign_due: i64,
    /// Of these, signed in time.
    pub signed: i64,
    /// Limits of the resolution that ended.
    pub resolve_due: i64,
    /// Of these, resolved in time, extensions counted.
    pub resolved: i64,
    /// Of these, resolved in time without any extension or pause.
    pub resolved_first: i64,
    /// Of these, extended.
    pub extended: i64,
    /// Call-backs that reached the requester.
    pub reached: i64,
    /// Of these, "the unit contacted me".
    pub contacted: i64,
    /// Of these, "solved".
    pub solved: i64,
    /// Rated on the five-step scale.
    pub rated: i64,
    /// Their weights in tenths: 10, 10, 8, 0, 0 (domain §2.1).
    pub weight: i64,
    /// Tickets whose return was asked for.
    pub returned: i64,
    /// Returns that were ruled.
    pub ruled: i64,
    /// Of these, agreed to.
    pub granted: i64,
    /// Tickets whose reply was approved.
    pub completed: i64,
    /// Of these, taken up again.
    pub reworked: i64,
    /// Minutes for which tickets rested.
    pub suspended_minutes: i64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.dispatched += other.dispatched;
        self.sign_due += other.sign_due;
        self.signed += other.signed;
        self.resolve_due += other.resolve_due;
        self.resolved += other.resolved;
        self.resolved_first += other.resolved_first;
        self.extended += other.extended;
        self.reached += other.reached;
        self.contacted += other.contacted;
        self.solved += other.solved;
        self.rated += other.rated;
        self.weight += other.weight;
        self.returned += other.returned;
        self.ruled += other.ruled;
        self.granted += other.granted;
        self.completed += other.completed;
        self.reworked += other.reworked;
        self.suspended_minutes += other.suspended_minutes;
    }
}

/// The weight of a step of the scale, in tenths.
#[must_use]
pub const fn weight(satisfied: i32) -> i64 {
    match satisfied {
        4 | 5 => 10,
        3 => 8,
        _ => 0,
    }
}

/// A share in per cent with two decimals, rounded half up; none of nothing.
#[must_use]
pub fn percent(part: i64, of: i64) -> Option<f64> {
    if of <= 0 {
        return None;
    }
    let hundredths = (part * 20_000 / of + 1) / 2;
    i32::try_from(hundredths).ok().map(|n| f64::from(n) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_has_two_decimals_and_nothing_has_none() {
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(1, 3), Some(33.33));
        assert_eq!(percent(2, 3), Some(66.67));
        assert_eq!(percent(1, 8), Some(12.5));
        assert_eq!(percent(5, 5), Some(100.0));
        assert_eq!([5, 4, 3, 2, 1].map(weight), [10, 10, 8, 0, 0]);
    }

    proptest! {
        #[test]
        fn a_share_is_between_nothing_and_all(of in 1_i64..1_000_000_000, part in 0_i64..1_000_000_000) {
            let part = part.min(of);
            let found = percent(part, of).unwrap();
            prop_assert!((0.0..=100.0).contains(&found));
            // In hundredths, half up: a whole number that lies within half of one.
            let hundredths = format!("{:.0}", found * 100.0).parse::<i64>().unwrap();
            prop_assert!((2 * hundredths * of - 20_000 * part).abs() <= of);
        }
    }
}
