//! Periods of days.

use chrono::NaiveDate;

/// Days, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day; none when there is no end.
    pub to: Option<NaiveDate>,
}

impl Period {
    /// Whether a day belongs to it.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }

    /// Whether a day belongs to both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let begins_before_end = |a: Self, b: Self| b.to.is_none_or(|last| a.from <= last);
        begins_before_end(self, other) && begins_before_end(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n)
    }

    fn period() -> impl Strategy<Value = Period> {
        (0_u64..20, proptest::option::of(0_u64..20)).prop_map(|(from, length)| Period {
            from: day(from),
            to: length.map(|length| day(from + length)),
        })
    }

    proptest! {
        #[test]
        fn overlapping_is_sharing_a_day(a in period(), b in period()) {
            let shared = (0..40).map(day).any(|day| a.contains(day) && b.contains(day));
            prop_assert_eq!(a.overlaps(b), shared);
            prop_assert_eq!(b.overlaps(a), shared);
        }
    }
}
