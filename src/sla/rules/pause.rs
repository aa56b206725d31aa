//! Pauses: what of a limit does not run while a matter rests.

use super::calendar::{Calendar, Due, Limit};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::kind::LimitUnit;

/// From when to when a clock stood still.
pub type Pause = (DateTime<Utc>, DateTime<Utc>);

impl Calendar {
    /// When a limit is due that stood still in `pauses`, which are in order and do not overlap.
    ///
    /// Minutes and working hours go on with what was left of them. Of limits in days, days that lie wholly in a pause
    /// do not count; a limit whose last day ended in a pause ends with the first day after it.
    #[must_use]
    pub fn due_with(&self, from: DateTime<Utc>, limit: Limit, pauses: &[Pause]) -> Due {
        let plain = self.due(from, limit);
        if pauses.is_empty() {
            return plain;
        }
        let at = match limit.unit {
            LimitUnit::Minutes => {
                pauses.iter().fold(
                    plain.at,
                    |due, (stood, ran)| {
                        if *stood < due { *ran + (due - *stood) } else { due }
                    },
                )
            }
            LimitUnit::WorkingHours => pauses.iter().fold(plain.at, |due, (stood, ran)| {
                if *stood < due {
                    self.after_working_time(*ran, self.worked(*stood, due))
                } else {
                    due
                }
            }),
            LimitUnit::WorkingDays | LimitUnit::CalendarDays => self.days_with(from, limit, pauses),
        };
        Due {
            at,
            provisional: limit.unit.by_calendar() && self.touches_unpublished(from, at),
        }
    }

    fn days_with(&self, from: DateTime<Utc>, limit: Limit, pauses: &[Pause]) -> DateTime<Utc> {
        // Each round counts so many days more as were lost by then; it ends, since pauses do.
        let mut extra = 0;
        loop {
            let longer = Limit {
                amount: limit.amount + extra,
                ..limit
            };
            let due = self.due(from, longer).at;
            let (first, last) = (self.local_day(from), self.local_day(due));
            let rested = first
                .iter_days()
                .skip(1)
                .take_while(|day| *day <= last)
                .filter(|day| self.could_count(limit.unit, *day) && self.rests(limit.unit, *day, pauses))
                .count();
            let rested = u32::try_from(rested).unwrap_or(u32::MAX);
            if rested > extra {
                extra = rested;
                continue;
            }
            let within = pauses.iter().find(|(stood, ran)| *stood < due && due <= *ran);
            return within.map_or(due, |(_, ran)| {
                let by = |amount| self.due(*ran, Limit { amount, ..limit }).at;
                if by(0) < *ran { by(1) } else { by(0) }
            });
        }
    }

    fn could_count(&self, unit: LimitUnit, day: NaiveDate) -> bool {
        unit == LimitUnit::CalendarDays || self.is_working(day)
    }

    /// Whether a day lies wholly in a pause: its working time where that is what counts.
    pub(super) fn rests(&self, unit: LimitUnit, day: NaiveDate, pauses: &[Pause]) -> bool {
        let all = [self.bounds(day)];
        let windows = self.windows(day);
        let parts = if unit == LimitUnit::CalendarDays || windows.is_empty() {
            &all[..]
        } else {
            &windows[..]
        };
        parts
            .iter()
            .all(|(open, close)| pauses.iter().any(|(stood, ran)| stood <= open && close <= ran))
    }

    /// Working time between two instants.
    #[must_use]
    pub fn worked(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let last = self.local_day(to);
        let days = self.local_day(from).iter_days().take_while(|day| *day <= last);
        days.flat_map(|day| self.windows(day))
            .map(|(open, close)| close.min(to) - open.max(from))
            .filter(|part| *part > TimeDelta::zero())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::tests::{china, local};
    use super::*;
    use proptest::prelude::*;

    fn limit(amount: u32, unit: LimitUnit) -> Limit {
        Limit { amount, unit }
    }

    #[test]
    fn days_wholly_in_a_pause_do_not_count() {
        let five = limit(5, LimitUnit::WorkingDays);
        let from = local("2026-11-23T10:00");
        let due = |stood: &str, ran: &str| china().due_with(from, five, &[(local(stood), local(ran))]).at;
        assert_eq!(china().due(from, five).at, local("2026-11-30T17:30"));
        // Wednesday and Thursday rest; Tuesday afternoon and Friday morning do not make a day.
        assert_eq!(
            due("2026-11-24T15:00", "2026-11-27T09:00"),
            local("2026-12-02T17:30")
        );
        // A weekend costs nothing.
        assert_eq!(
            due("2026-11-27T18:00", "2026-11-30T08:00"),
            local("2026-11-30T17:30")
        );
        // The last day ended in the pause.
        assert_eq!(
            due("2026-11-30T12:00", "2026-12-02T10:00"),
            local("2026-12-02T17:30")
        );
    }

    #[test]
    fn hours_go_on_with_what_was_left() {
        let from = local("2026-11-24T09:00");
        let pause = (local("2026-11-24T11:00"), local("2026-11-25T14:30"));
        let hours = limit(4, LimitUnit::WorkingHours);
        assert_eq!(china().due(from, hours).at, local("2026-11-24T15:30"));
        assert_eq!(
            china().due_with(from, hours, &[pause]).at,
            local("2026-11-25T16:30")
        );
        let minutes = limit(240, LimitUnit::Minutes);
        assert_eq!(
            china().due_with(from, minutes, &[pause]).at,
            local("2026-11-25T16:30")
        );
    }

    proptest! {
        #[test]
        fn a_pause_never_hurts_and_one_outside_is_nothing(start in 0_i64..500_000, n in 1_u32..30, unit in 0_usize..4, after in 0_i64..20_000, long in 1_i64..20_000) {
            let from = local("2025-01-01T00:00") + TimeDelta::minutes(start);
            let limit = limit(n, LimitUnit::ALL[unit]);
            let plain = china().due(from, limit).at;
            let stood = from + TimeDelta::minutes(after);
            let ran = stood + TimeDelta::minutes(long);
            let due = china().due_with(from, limit, &[(stood, ran)]).at;
            prop_assert!(due >= plain);
            if stood >= plain {
                prop_assert_eq!(due, plain);
            } else {
                // What was not due when it began to rest is not overdue the moment it goes on.
                prop_assert!(due >= ran, "{due} < {ran}");
            }
            let longer = china().due_with(from, limit, &[(stood, ran + TimeDelta::minutes(1))]).at;
            prop_assert!(longer >= due);
        }

        #[test]
        fn a_pause_in_minutes_is_added(start in 0_i64..500_000, n in 1_u32..5_000, after in 0_i64..5_000, long in 1_i64..20_000) {
            let from = local("2025-01-01T00:00") + TimeDelta::minutes(start);
            let stood = from + TimeDelta::minutes(after % i64::from(n));
            let ran = stood + TimeDelta::minutes(long);
            let due = china().due_with(from, limit(n, LimitUnit::Minutes), &[(stood, ran)]).at;
            prop_assert_eq!(due, from + TimeDelta::minutes(i64::from(n) + long));
        }
    }
}
