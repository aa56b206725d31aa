//! When people call: by the hour of the day, and less on days of rest.

use crate::access::authenticate::{instant, local_day};
use crate::sla::rules::calendar::Calendar;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use entity::kind::DayKind;

/// Calls of each hour of a day, against the others: two peaks, and a night that is never silent.
const HOURS: [u64; 24] = [
    7, 4, 3, 2, 2, 4, 12, 30, 66, 90, 86, 70, 46, 42, 62, 78, 72, 58, 44, 46, 48, 38, 24, 13,
];

/// In per cent of a working day.
fn day_weight(kind: DayKind) -> u64 {
    match kind {
        DayKind::Working | DayKind::MakeUp => 100,
        DayKind::Weekend => 70,
        DayKind::Holiday => 52,
    }
}

/// The hours of some days, with how many calls came until the end of each.
#[derive(Debug)]
pub struct Arrivals(Vec<(DateTime<Utc>, u64)>);

impl Arrivals {
    /// Of so many days until an instant.
    pub fn new(calendar: &Calendar, days: u64, until: DateTime<Utc>) -> Self {
        let first = local_day(until) - Days::new(days);
        let mut sum = 0;
        let mut hours = Vec::new();
        for day in first.iter_days().take_while(|day| *day <= local_day(until)) {
            let weight = day_weight(calendar.kind(day));
            let midnight = instant(day, NaiveTime::MIN);
            for (begin, calls) in (0..).map(|hour| midnight + TimeDelta::hours(hour)).zip(HOURS) {
                if begin + TimeDelta::hours(1) <= until {
                    sum += weight * calls;
                    hours.push((begin, sum));
                }
            }
        }
        Self(hours)
    }

    /// When the `nth` of so many calls came.
    pub fn at(&self, nth: usize, of: usize) -> DateTime<Utc> {
        let total = u128::from(self.0.last().map_or(0, |(_, sum)| *sum));
        let parts = |part: usize| u128::try_from(part).unwrap_or(0);
        // Millionths of a weight, so that calls of one hour lie apart.
        let wanted = total * 1_000_000 * parts(nth) / parts(of).max(1);
        let slot = self
            .0
            .partition_point(|(_, sum)| u128::from(*sum) * 1_000_000 <= wanted);
        let before = slot
            .checked_sub(1)
            .and_then(|slot| self.0.get(slot))
            .map_or(0, |(_, sum)| u128::from(*sum));
        let Some((begin, sum)) = self.0.get(slot) else {
            return DateTime::UNIX_EPOCH;
        };
        let within = u128::from(*sum).saturating_sub(before).max(1);
        let micros = (wanted - before * 1_000_000) * 3_600 / within;
        *begin + TimeDelta::microseconds(i64::try_from(micros).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::rules::calendar::tests::{china, local};

    #[test]
    fn calls_come_in_order_fewer_at_night_and_on_holidays() {
        let arrivals = Arrivals::new(&china(), 365, local("2026-11-26T12:00"));
        let all: Vec<_> = (0..50_000).map(|nth| arrivals.at(nth, 50_000)).collect();
        assert!(all.is_sorted());
        assert!(all.first() >= Some(&local("2025-11-26T00:00")));
        assert!(all.last() < Some(&local("2026-11-26T12:00")));
        let within = |from: &str, to: &str| {
            let (from, to) = (local(from), local(to));
            all.iter().filter(|at| (from..to).contains(at)).count()
        };
        let (holiday, working) = (
            within("2026-10-02T00:00", "2026-10-03T00:00"),
            within("2026-10-20T00:00", "2026-10-21T00:00"),
        );
        assert!(holiday * 10 < working * 6, "{holiday} {working}");
        let (night, morning) = (
            within("2026-10-20T02:00", "2026-10-20T04:00"),
            within("2026-10-20T09:00", "2026-10-20T11:00"),
        );
        assert!(night * 20 < morning && morning > 10, "{night} {morning}");
    }
}
