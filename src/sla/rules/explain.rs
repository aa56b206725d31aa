//! Why a deadline is when it is: day by day, what counted, what did not and why. And how far gone it is.

use super::calendar::{Calendar, Limit};
use super::closure::Span;
use super::pause::Pause;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use entity::kind::{CalendarStatus, Counting, DayKind, Lamp, LimitUnit};
use std::collections::BTreeSet;

/// Share of a limit, in per cent, from which the lamp is yellow.
pub const YELLOW: u8 = 70;
/// Share from which the lamp is orange.
pub const ORANGE: u8 = 90;

/// A day between the start of a limit and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub day: NaiveDate,
    /// What the calendar says of it.
    pub kind: DayKind,
    /// Whether it counted, and why not.
    pub counting: Counting,
    /// Why working time of it was closed, where that kept it or a part of it from counting.
    pub closed: Option<String>,
    /// How much of the limit it used up: days of a limit of days, minutes of any other.
    pub counted: i64,
    /// That, together with the days before.
    pub total: i64,
    /// Whether the holidays of its year are published.
    pub published: bool,
}

impl Calendar {
    /// The days from the start of a limit to its end. What they counted adds up to the limit; a limit of no days ends
    /// on the first that could count.
    #[must_use]
    pub fn explain(&self, from: DateTime<Utc>, limit: Limit, pauses: &[Pause]) -> Vec<Day> {
        let due = self.due_with(from, limit, pauses).at;
        let (first, last) = (self.local_day(from), self.local_day(due));
        let mut spent = TimeDelta::zero();
        let mut total = 0;
        first
            .iter_days()
            .take_while(|day| *day <= last)
            .map(|day| {
                let before = total;
                let rests = self.rests(limit.unit, day, pauses);
                let days = i64::from(day > first && !rests);
                match limit.unit {
                    LimitUnit::Minutes | LimitUnit::WorkingHours => {
                        spent += self.running_on(day, limit.unit, (from, due), pauses);
                        total = spent.num_minutes();
                    }
                    LimitUnit::WorkingDays => total += days * i64::from(self.is_working(day)),
                    LimitUnit::CalendarDays => total += days,
                }
                // Less than a minute is none.
                let counts = total > before;
                let kind = self.kind(day);
                let closed = match limit.unit {
                    LimitUnit::WorkingHours => self.reasons(day, (from, due)),
                    LimitUnit::WorkingDays if !counts && day > first => self.reasons(day, self.bounds(day)),
                    _ => None,
                };
                Day {
                    day,
                    kind,
                    counting: counting(limit.unit, kind, (day == first, rests, closed.is_some()), counts),
                    closed,
                    counted: total - before,
                    total,
                    published: self.year(day.year()).status == CalendarStatus::Official,
                }
            })
            .collect()
    }

    /// How much of a limit is used up at `now`, in per cent: measured in working time where the limit is.
    #[must_use]
    pub fn used_up(&self, unit: LimitUnit, (from, due): Span, now: DateTime<Utc>, pauses: &[Pause]) -> u8 {
        if now >= due {
            return 100;
        }
        let spent = |to: DateTime<Utc>| {
            let days = self.local_day(from).iter_days();
            let days = days.take_while(|day| *day <= self.local_day(to));
            let worked = days.map(|day| self.running_on(day, unit, (from, to), pauses));
            worked.sum::<TimeDelta>().num_seconds()
        };
        let whole = spent(due).max(1);
        u8::try_from(spent(now.max(from)) * 100 / whole)
            .unwrap_or(100)
            .min(100)
    }

    /// When so much of a limit is used up: the inverse of [`Calendar::used_up`].
    #[must_use]
    pub fn used_up_at(
        &self,
        unit: LimitUnit,
        (from, due): Span,
        pauses: &[Pause],
        percent: u8,
    ) -> DateTime<Utc> {
        let share =
            |whole: TimeDelta| TimeDelta::milliseconds(whole.num_milliseconds() * i64::from(percent) / 100);
        let rested = |worth: &dyn Fn(DateTime<Utc>, DateTime<Utc>) -> TimeDelta| {
            let each = pauses
                .iter()
                .map(|(stood, ran)| worth((*stood).max(from), (*ran).min(due)));
            each.filter(|part| *part > TimeDelta::zero()).sum::<TimeDelta>()
        };
        if !unit.by_calendar() {
            let plain = |from, to| to - from;
            let at = from + share(due - from - rested(&plain));
            return pauses.iter().fold(
                at,
                |at, (stood, ran)| {
                    if *stood < at { *ran + (at - *stood) } else { at }
                },
            );
        }
        let worked = |from, to| self.worked(from, to);
        let at = self.after_working_time(from, share(self.worked(from, due) - rested(&worked)));
        pauses.iter().fold(at, |at, (stood, ran)| {
            if *stood < at {
                self.after_working_time(*ran, self.worked(*stood, at))
            } else {
                at
            }
        })
    }

    /// What of a day lies between two instants and in no pause.
    fn running_on(&self, day: NaiveDate, unit: LimitUnit, (from, to): Span, pauses: &[Pause]) -> TimeDelta {
        let stood = pauses
            .iter()
            .map(|(stood, ran)| self.used_on(day, unit, ((*stood).max(from), (*ran).min(to))));
        self.used_on(day, unit, (from, to)) - stood.sum::<TimeDelta>()
    }

    /// Why working time of a day that lies between two instants is closed.
    fn reasons(&self, day: NaiveDate, (from, to): Span) -> Option<String> {
        let spans = self.scheduled(day).into_iter();
        let spans: Vec<Span> = spans
            .map(|(open, close)| (open.max(from), close.min(to)))
            .filter(|(open, close)| open < close)
            .collect();
        let reasons: BTreeSet<&str> = self
            .closures(&spans)
            .map(|closure| closure.reason.as_str())
            .collect();
        let reasons: Vec<&str> = reasons.into_iter().collect();
        (!reasons.is_empty()).then(|| reasons.join("；"))
    }

    /// What of a day lies between two instants: all of it, or its working time.
    fn used_on(&self, day: NaiveDate, unit: LimitUnit, (from, to): Span) -> TimeDelta {
        let all = [self.bounds(day)];
        let windows = self.windows(day);
        let windows = if unit.by_calendar() {
            &windows[..]
        } else {
            &all[..]
        };
        let parts = windows
            .iter()
            .map(|(open, close)| (*close).min(to) - (*open).max(from));
        parts.filter(|part| *part > TimeDelta::zero()).sum()
    }
}

fn counting(
    unit: LimitUnit,
    kind: DayKind,
    (first, rests, closed): (bool, bool, bool),
    counted: bool,
) -> Counting {
    let days = matches!(unit, LimitUnit::WorkingDays | LimitUnit::CalendarDays);
    match kind {
        _ if counted => Counting::Counted,
        _ if first && days => Counting::DayOfReceipt,
        DayKind::Working | DayKind::MakeUp if rests => Counting::Paused,
        _ if rests && !unit.by_calendar() => Counting::Paused,
        DayKind::Weekend => Counting::Weekend,
        DayKind::Holiday => Counting::Holiday,
        _ if closed => Counting::Closure,
        DayKind::Working | DayKind::MakeUp => Counting::OutsideHours,
    }
}

/// The lamp of a clock that runs.
#[must_use]
pub fn lamp(used_up: u8) -> Lamp {
    match used_up {
        100.. => Lamp::Red,
        ORANGE.. => Lamp::Orange,
        YELLOW.. => Lamp::Yellow,
        _ => Lamp::Green,
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::tests::{china, local};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn over_the_national_day_each_day_says_why() {
        let limit = Limit {
            amount: 5,
            unit: LimitUnit::WorkingDays,
        };
        let days = china().explain(local("2026-09-30T10:00"), limit, &[]);
        let told: Vec<String> = days
            .iter()
            .map(|day| format!("{} {} {}", day.day.format("%m-%d"), day.counting, day.total))
            .collect();
        assert_eq!(
            told,
            [
                "09-30 day_of_receipt 0",
                "10-01 holiday 0",
                "10-02 holiday 0",
                "10-03 holiday 0",
                "10-04 holiday 0",
                "10-05 holiday 0",
                "10-06 holiday 0",
                "10-07 holiday 0",
                "10-08 counted 1",
                "10-09 counted 2",
                "10-10 counted 3",
                "10-11 weekend 3",
                "10-12 counted 4",
                "10-13 counted 5",
            ]
        );
        assert_eq!(days[10].kind, DayKind::MakeUp, "a Saturday on which people work");
    }

    #[test]
    fn the_lamp_turns_by_working_time() {
        // Friday afternoon, two working hours: an hour is left for Monday.
        let (from, unit) = (local("2026-11-27T16:30"), LimitUnit::WorkingHours);
        let due = china().due(from, Limit { amount: 2, unit }).at;
        assert_eq!(due, local("2026-11-30T09:30"));
        let used = |now: &str| china().used_up(unit, (from, due), local(now), &[]);
        assert_eq!(
            [
                used("2026-11-27T17:00"),
                used("2026-11-29T12:00"),
                used("2026-11-30T09:18"),
                used("2026-11-30T09:30")
            ],
            [25, 50, 90, 100]
        );
        assert_eq!(
            [0, 69, 70, 89, 90, 99, 100].map(lamp),
            [
                Lamp::Green,
                Lamp::Green,
                Lamp::Yellow,
                Lamp::Yellow,
                Lamp::Orange,
                Lamp::Orange,
                Lamp::Red
            ]
        );
    }

    proptest! {
        #[test]
        fn what_counted_is_the_limit(second in 0_i64..60_000_000, n in 1_u32..40, unit in 0_usize..4) {
            let from = local("2025-01-01T00:00") + TimeDelta::seconds(second);
            let limit = Limit { amount: n, unit: LimitUnit::ALL[unit] };
            let days = china().explain(from, limit, &[]);
            let whole = i64::from(n) * if limit.unit == LimitUnit::WorkingHours { 60 } else { 1 };
            prop_assert_eq!(days.iter().map(|day| day.counted).sum::<i64>(), whole);
            prop_assert!(days.iter().all(|day| (day.counting == Counting::Counted) == (day.counted > 0)));
            let all: Vec<NaiveDate> = days.iter().map(|day| day.day).collect();
            let whole: Vec<NaiveDate> = all[0].iter_days().take(all.len()).collect();
            prop_assert_eq!(all, whole);
        }

        #[test]
        fn the_lamp_turns_when_so_much_is_used_up(minute in 0_i64..1_000_000, n in 1_u32..20, unit in 0_usize..4, after in 0_i64..20_000, long in 0_i64..20_000) {
            let from = local("2025-01-01T00:00") + TimeDelta::minutes(minute);
            let unit = LimitUnit::ALL[unit];
            let pauses = [(from + TimeDelta::minutes(after), from + TimeDelta::minutes(after + long))];
            let due = china().due_with(from, Limit { amount: n, unit }, &pauses).at;
            for percent in [YELLOW, ORANGE] {
                let at = china().used_up_at(unit, (from, due), &pauses, percent);
                prop_assert!(at <= due);
                let used = |at| china().used_up(unit, (from, due), at, &pauses);
                prop_assert!(used(at) >= percent - 1 && used(at - TimeDelta::seconds(90)) <= percent, "{} {}", used(at), percent);
            }
        }

        #[test]
        fn a_limit_is_never_less_used_up_later(minute in 0_i64..1_000_000, n in 1_u32..20, unit in 0_usize..4, a in 0_i64..30_000, b in 0_i64..30_000) {
            let from = local("2025-01-01T00:00") + TimeDelta::minutes(minute);
            let unit = LimitUnit::ALL[unit];
            let due = china().due(from, Limit { amount: n, unit }).at;
            let used = |after| china().used_up(unit, (from, due), from + TimeDelta::minutes(after), &[]);
            prop_assert!(used(a.min(b)) <= used(a.max(b)));
        }
    }
}
