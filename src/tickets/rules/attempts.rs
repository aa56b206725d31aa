//! Attempts to call back: three in different parts of days, and then the link remains (domain §1.5).

use chrono::{DateTime, FixedOffset, NaiveDate, Timelike, Utc};

/// Attempts of a round at most.
pub const MOST: i32 = 3;

/// A part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Before noon.
    Morning,
    /// Before six.
    Afternoon,
    /// After that.
    Evening,
}

/// The part of the day in which an instant lies.
#[must_use]
pub fn part_of(at: DateTime<Utc>, offset: FixedOffset) -> (NaiveDate, Part) {
    let local = at.with_timezone(&offset);
    let part = match local.hour() {
        0..12 => Part::Morning,
        12..18 => Part::Afternoon,
        _ => Part::Evening,
    };
    (local.date_naive(), part)
}

/// Whether it may be tried again: in another part of a day than the last time.
#[must_use]
pub fn may_try(last: Option<DateTime<Utc>>, now: DateTime<Utc>, offset: FixedOffset) -> bool {
    last.is_none_or(|last| part_of(last, offset) != part_of(now, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_twice_in_a_part_of_a_day() {
        let offset = FixedOffset::east_opt(8 * 3600).unwrap();
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let first = at("2026-11-24T09:00:00+08:00");
        assert!(may_try(None, first, offset));
        for (now, allowed) in [
            ("2026-11-24T11:59:59+08:00", false),
            ("2026-11-24T12:00:00+08:00", true),
            ("2026-11-24T18:00:00+08:00", true),
            ("2026-11-25T09:00:00+08:00", true),
        ] {
            assert_eq!(may_try(Some(first), at(now), offset), allowed, "{now}");
        }
    }
}
