//! The working calendar of each unit: one place knows which hours and closures hold for a path of units.

use super::calendar::Calendar;
use super::closure::Closure;
use super::hours::Hours;
use std::collections::{BTreeSet, HashMap};

/// The calendar of all, and those of units that have hours or closures of their own. Days and years are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendars {
    everywhere: Calendar,
    own: HashMap<String, Calendar>,
}

impl Calendars {
    /// Hours hold for the unit of their path and those below it that have none on that day; closures for the unit and
    /// all below it, `/` for everybody.
    #[must_use]
    pub fn new(standard: Calendar, hours: Vec<(String, Hours)>, closures: Vec<(String, Closure)>) -> Self {
        let paths: BTreeSet<&String> = hours
            .iter()
            .map(|(path, _)| path)
            .chain(closures.iter().map(|(path, _)| path))
            .collect();
        let view = |path: &str| {
            let mut nearest: Vec<&(String, Hours)> =
                hours.iter().filter(|(own, _)| path.starts_with(own)).collect();
            nearest.sort_by_key(|(own, _)| std::cmp::Reverse(own.len()));
            let nearest = nearest.into_iter().map(|(_, hours)| hours.clone());
            let closed = closures.iter().filter(|(own, _)| path.starts_with(own));
            standard.with(
                nearest.collect(),
                closed.map(|(_, closure)| closure.clone()).collect(),
            )
        };
        Self {
            everywhere: view("/"),
            own: paths.into_iter().map(|path| (path.clone(), view(path))).collect(),
        }
    }

    /// The calendar of a unit by its path; `/` where no unit has the matter in hands.
    #[must_use]
    pub fn of(&self, path: &str) -> &Calendar {
        path.rmatch_indices('/')
            .find_map(|(at, _)| self.own.get(path.get(..=at)?))
            .unwrap_or(&self.everywhere)
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Limit;
    use super::super::calendar::tests::{china, local, windows};
    use super::super::hours;
    use super::*;
    use crate::platform::period::Period;
    use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
    use entity::kind::{Counting, DayKind, LimitUnit, WeekendDay};
    use proptest::prelude::*;

    const HALL: &str = "/440703/440703002/";
    const BELOW: &str = "/440703/440703002/440703002101/";
    const NEXT_DOOR: &str = "/440703/440703003/";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn hours_of(windows: &[(&str, &str)], from: &str, to: Option<&str>) -> Hours {
        let windows: Vec<(String, String)> = windows
            .iter()
            .map(|(open, close)| ((*open).to_owned(), (*close).to_owned()))
            .collect();
        Hours {
            windows: hours::parse(&windows).unwrap(),
            weekends: Vec::new(),
            period: Period {
                from: day(from),
                to: to.map(day),
            },
        }
    }

    fn closed(from: &str, to: &str) -> Closure {
        Closure {
            from: local(from),
            to: local(to),
            reason: "台风停工".into(),
        }
    }

    fn limit(amount: u32, unit: LimitUnit) -> Limit {
        Limit { amount, unit }
    }

    /// A hall that opens at noon from March on, and on Saturdays.
    fn hall() -> Calendars {
        let hours = Hours {
            weekends: vec![WeekendDay::Saturday],
            ..hours_of(&[("12:00", "14:00"), ("15:00", "21:00")], "2026-03-01", None)
        };
        let village = hours_of(&[("09:00", "10:00")], "2026-06-01", Some("2026-06-30"));
        Calendars::new(
            china(),
            vec![(HALL.to_owned(), hours), (BELOW.to_owned(), village)],
            Vec::new(),
        )
    }

    #[test]
    fn the_nearest_unit_with_hours_of_that_day_rules() {
        let calendars = hall();
        let due = |path: &str, from: &str| {
            calendars
                .of(path)
                .due(local(from), limit(1, LimitUnit::WorkingDays))
                .at
        };
        for path in ["/", "/440703/", NEXT_DOOR, "/999/", ""] {
            assert_eq!(due(path, "2026-05-11T10:00"), local("2026-05-12T17:30"), "{path}");
        }
        assert_eq!(due(HALL, "2026-05-11T10:00"), local("2026-05-12T21:00"));
        assert_eq!(due(BELOW, "2026-05-11T10:00"), local("2026-05-12T21:00"));
        assert_eq!(
            due("/440703/440703002/x/y/", "2026-05-11T10:00"),
            local("2026-05-12T21:00")
        );
        assert_eq!(
            due(BELOW, "2026-06-01T10:00"),
            local("2026-06-02T10:00"),
            "its own in June"
        );
        assert_eq!(
            due(HALL, "2026-02-25T10:00"),
            local("2026-02-26T17:30"),
            "not before March"
        );
        assert_eq!(due(BELOW, "2026-06-30T10:00"), local("2026-07-01T21:00"));
    }

    #[test]
    fn a_hall_that_works_on_saturdays_rests_on_holidays() {
        let calendars = hall();
        let (own, all) = (calendars.of(BELOW), calendars.of("/"));
        assert_eq!(own.kind(day("2026-05-16")), DayKind::Working);
        assert_eq!(all.kind(day("2026-05-16")), DayKind::Weekend);
        assert_eq!(own.kind(day("2026-05-17")), DayKind::Weekend, "a Sunday");
        assert_eq!(
            own.kind(day("2026-10-03")),
            DayKind::Holiday,
            "a Saturday of the National Day"
        );
        // From Friday on, two days: Saturday counts there only.
        let two = limit(2, LimitUnit::WorkingDays);
        assert_eq!(
            own.due(local("2026-05-15T10:00"), two).at,
            local("2026-05-18T21:00")
        );
        assert_eq!(
            all.due(local("2026-05-15T10:00"), two).at,
            local("2026-05-19T17:30")
        );
    }

    #[test]
    fn a_closed_day_is_not_counted_and_says_why() {
        let typhoon = closed("2026-09-08T00:00", "2026-09-09T12:00");
        let calendars = Calendars::new(china(), Vec::new(), vec![(HALL.to_owned(), typhoon)]);
        let own = calendars.of(BELOW);
        // Monday; the Tuesday is closed, of the Wednesday the morning.
        let (from, two) = (local("2026-09-07T10:00"), limit(2, LimitUnit::WorkingDays));
        assert_eq!(
            calendars.of(NEXT_DOOR).due(from, two).at,
            local("2026-09-09T17:30")
        );
        assert_eq!(own.due(from, two).at, local("2026-09-10T17:30"));
        let days = own.explain(from, two, &[]);
        let told: Vec<(Counting, Option<&str>)> = days
            .iter()
            .map(|day| (day.counting, day.closed.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (Counting::DayOfReceipt, None),
                (Counting::Closure, Some("台风停工")),
                (Counting::Counted, None),
                (Counting::Counted, None),
            ]
        );
        // Six hours a day: three are left of the Monday after 14:00, none of the Tuesday, three of the Wednesday.
        let (from, hours) = (local("2026-09-07T14:00"), limit(5, LimitUnit::WorkingHours));
        assert_eq!(own.due(from, hours).at, local("2026-09-09T16:30"));
        let days = own.explain(from, hours, &[]);
        assert_eq!(
            days.iter().map(|day| day.counted).collect::<Vec<_>>(),
            [180, 0, 120]
        );
        assert_eq!(days[1].counting, Counting::Closure);
        assert_eq!(days[2].closed.as_deref(), Some("台风停工"), "the morning");
        for (amount, unit) in [(2880, LimitUnit::Minutes), (2, LimitUnit::CalendarDays)] {
            assert_eq!(
                own.due(from, limit(amount, unit)),
                china().due(from, limit(amount, unit))
            );
        }
    }

    #[test]
    fn day_zero_needs_time_that_is_not_closed() {
        let typhoon = closed("2026-09-08T14:00", "2026-09-08T20:00");
        let calendars = Calendars::new(china(), Vec::new(), vec![("/".to_owned(), typhoon)]);
        let due = |from: &str| {
            calendars
                .of(HALL)
                .due(local(from), limit(0, LimitUnit::WorkingDays))
                .at
        };
        assert_eq!(due("2026-09-08T11:59"), local("2026-09-08T17:30"));
        assert_eq!(due("2026-09-08T12:00"), local("2026-09-09T17:30"));
    }

    fn start() -> impl Strategy<Value = DateTime<Utc>> {
        (0_i64..900_000).prop_map(|minute| local("2025-01-01T00:00") + TimeDelta::minutes(minute))
    }

    fn any_closures() -> impl Strategy<Value = Vec<(String, Closure)>> {
        let path = proptest::sample::select(vec!["/", "/440703/", HALL, BELOW, NEXT_DOOR]);
        proptest::collection::vec((path, 0_i64..900_000, 1_i64..10_000), 0..20).prop_map(|all| {
            all.into_iter()
                .map(|(path, from, length)| {
                    let from = local("2025-01-01T00:00") + TimeDelta::minutes(from);
                    let closure = Closure {
                        from,
                        to: from + TimeDelta::minutes(length),
                        reason: "停工".into(),
                    };
                    (path.to_owned(), closure)
                })
                .collect()
        })
    }

    fn any_hours() -> impl Strategy<Value = Vec<(String, Hours)>> {
        let path = proptest::sample::select(vec!["/440703/", HALL, BELOW, NEXT_DOOR]);
        let windows = proptest::collection::btree_set(0_u32..1440, 2..8);
        let weekends = proptest::sample::subsequence(WeekendDay::ALL.to_vec(), 0..=2);
        let one = (
            path,
            windows,
            weekends,
            0_u64..700,
            proptest::option::of(0_u64..200),
        );
        proptest::collection::vec(one, 0..6).prop_map(|all| {
            let first = day("2025-01-01");
            let time = |minute: &u32| chrono::NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            all.into_iter()
                .map(|(path, cuts, weekends, from, length)| {
                    let times: Vec<_> = cuts.iter().map(time).collect();
                    let hours = Hours {
                        windows: times.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
                        weekends,
                        period: Period {
                            from: first + chrono::Days::new(from),
                            to: length.map(|length| first + chrono::Days::new(from + length)),
                        },
                    };
                    (path.to_owned(), hours)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn more_is_never_sooner_whatever_the_hours(from in start(), later in 0_i64..10_000, n in 0_u32..30, unit in 0_usize..4, hours in any_hours(), closures in any_closures()) {
            let calendars = Calendars::new(china(), hours, closures);
            let unit = LimitUnit::ALL[unit];
            let due = |from, amount| calendars.of(BELOW).due(from, limit(amount, unit)).at;
            prop_assert!(due(from, n + 1) >= due(from, n));
            prop_assert!(due(from + TimeDelta::minutes(later), n) >= due(from, n));
        }

        #[test]
        fn a_closure_makes_nothing_due_sooner(from in start(), n in 0_u32..30, unit in 0_usize..4, hours in any_hours(), closures in any_closures()) {
            let without = Calendars::new(china(), hours.clone(), Vec::new());
            let with = Calendars::new(china(), hours, closures.clone());
            let limit = limit(n, LimitUnit::ALL[unit]);
            for path in ["/", HALL, BELOW] {
                let (before, after) = (without.of(path).due(from, limit).at, with.of(path).due(from, limit).at);
                prop_assert!(after >= before);
                let by_calendar = limit.unit.by_calendar();
                prop_assert!(by_calendar || after == before);
                let touched = closures.iter().any(|(own, closure)| path.starts_with(own) && closure.from < before && from < closure.to);
                prop_assert!(touched || after == before, "nothing closed, nothing changed");
            }
        }

        #[test]
        fn closures_over_nights_and_weekends_change_nothing(from in start(), n in 0_u32..30, unit in 0_usize..4, nights in proptest::collection::vec(0_u64..700, 0..40)) {
            let first = day("2025-01-01");
            let closures = nights.into_iter().map(|night| {
                let on = first + chrono::Days::new(night);
                let weekend = china().kind(on) == DayKind::Weekend;
                let (open, close) = if weekend { ("00:00", "23:59") } else { ("17:30", "23:59") };
                ("/".to_owned(), closed(&format!("{on}T{open}"), &format!("{on}T{close}")))
            });
            let calendars = Calendars::new(china(), Vec::new(), closures.collect());
            let limit = limit(n, LimitUnit::ALL[unit]);
            let own = calendars.of(BELOW);
            prop_assert_eq!(own.due(from, limit), china().due(from, limit));
            prop_assert_eq!(own.explain(from, limit, &[]), china().explain(from, limit, &[]));
        }

        #[test]
        fn hours_that_are_those_of_all_change_nothing(from in start(), n in 0_u32..30, unit in 0_usize..4, now in 0_i64..20_000) {
            let same = Hours { period: Period { from: day("2025-06-01"), to: Some(day("2026-06-01")) }, ..Hours::always(windows()) };
            let calendars = Calendars::new(china(), vec![(HALL.to_owned(), same)], Vec::new());
            let (own, limit) = (calendars.of(BELOW), limit(n, LimitUnit::ALL[unit]));
            prop_assert_eq!(own.due(from, limit), china().due(from, limit));
            prop_assert_eq!(own.explain(from, limit, &[]), china().explain(from, limit, &[]));
            let (span, now) = ((from, own.due(from, limit).at), from + TimeDelta::minutes(now));
            prop_assert_eq!(own.used_up(limit.unit, span, now, &[]), china().used_up(limit.unit, span, now, &[]));
        }

        /// Against all minutes, ticked off one by one.
        #[test]
        fn working_hours_are_minutes_ticked_off(from in start(), n in 1_u32..20, hours in any_hours(), closures in any_closures()) {
            let (all, standard) = (china(), Hours::always(windows()));
            let calendars = Calendars::new(all.clone(), hours.clone(), closures.clone());
            let works = |minute: DateTime<Utc>| {
                let there = minute.with_timezone(&crate::access::authenticate::china());
                let (on, time) = (there.date_naive(), there.time());
                let nearest = hours
                    .iter()
                    .filter(|(own, hours)| BELOW.starts_with(own) && hours.period.contains(on))
                    // Of two of one path the first, as they are given.
                    .rev()
                    .max_by_key(|(own, _)| own.len());
                let hours = nearest.map_or(&standard, |(_, hours)| hours);
                let open = hours.windows.iter().any(|(open, close)| *open <= time && time < *close);
                let rests = hours.rests_on(on.weekday());
                let kind = all.kind(on);
                let day = kind == DayKind::MakeUp || kind != DayKind::Holiday && !rests;
                open && day && !closures.iter().any(|(own, closure)| BELOW.starts_with(own) && closure.from <= minute && minute < closure.to)
            };
            let mut left = n * 60;
            let mut minute = from;
            while left > 0 && minute < from + TimeDelta::days(60) {
                left -= u32::from(works(minute));
                minute += TimeDelta::minutes(1);
            }
            prop_assume!(left == 0);
            let limit = limit(n, LimitUnit::WorkingHours);
            let own = calendars.of(BELOW);
            prop_assert_eq!(own.due(from, limit).at, minute);
            let days = own.explain(from, limit, &[]);
            prop_assert_eq!(days.iter().map(|day| day.counted).sum::<i64>(), i64::from(n) * 60);
            prop_assert!(days.iter().all(|day| (day.counting == Counting::Closure) <= day.closed.is_some()));
        }

        /// Against days walked over one by one.
        #[test]
        fn working_days_are_days_that_are_not_all_closed(from in start(), n in 1_u32..20, hours in any_hours(), closures in any_closures()) {
            let calendars = Calendars::new(china(), hours, closures);
            let (own, limit) = (calendars.of(HALL), limit(n, LimitUnit::WorkingDays));
            let days = own.explain(from, limit, &[]);
            prop_assert_eq!(days.iter().map(|day| day.counted).sum::<i64>(), i64::from(n));
            let due = own.due(from, limit).at;
            prop_assert_eq!(days.last().unwrap().day, due.with_timezone(&crate::access::authenticate::china()).date_naive());
            for day in &days[1..] {
                let wanted = !own.windows(day.day).is_empty();
                prop_assert_eq!(day.counting == Counting::Counted, wanted, "{}", day.day);
                prop_assert_eq!(day.counting == Counting::Closure, !wanted && !own.scheduled(day.day).is_empty(), "{}", day.day);
            }
        }
    }
}
