//! The calendar against another one: holiday tables of a package of another language, and counting done the slow way.

use super::calendar::tests::{Table, by_tables, windows};
use super::calendar::{Calendar, Limit};
use crate::access::authenticate::china;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::kind::LimitUnit;
use std::collections::BTreeMap;

#[derive(serde::Deserialize)]
struct Package {
    years: BTreeMap<i32, PackageYear>,
}

#[derive(serde::Deserialize)]
struct PackageYear {
    #[serde(flatten)]
    table: Table,
    days: String,
}

/// The calendar by the package's tables, and the package's own answer for every day.
struct Oracle {
    calendar: Calendar,
    days: Vec<(NaiveDate, bool)>,
}

fn oracle() -> Oracle {
    let text = include_str!("../../../tests/data/chinesecalendar.json");
    let package: Package = serde_json::from_str(text).unwrap();
    let years = package.years.iter();
    let days = years.flat_map(|(number, year)| {
        let first = NaiveDate::from_ymd_opt(*number, 1, 1).unwrap();
        first.iter_days().zip(year.days.chars().map(|mark| mark == 'W'))
    });
    Oracle {
        days: days.collect(),
        calendar: by_tables(package.years.iter().map(|(number, year)| (*number, &year.table))),
    }
}

fn at(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    day.and_time(time).and_local_timezone(china()).unwrap().to_utc()
}

/// Every start of seven years, 0 to 30 working days, whose end lies in them.
#[test]
fn working_days_are_those_of_the_package() {
    let oracle = oracle();
    let (received, close) = (
        NaiveTime::from_hms_opt(10, 0, 0).unwrap(),
        NaiveTime::from_hms_opt(17, 30, 0).unwrap(),
    );
    let mut compared = 0;
    for (start, (day, working)) in oracle.days.iter().enumerate() {
        for n in 0..=30_usize {
            // The slow way: walk on, and tick off the days that count.
            let mut behind = oracle.days[start + 1..].iter().filter(|(_, working)| *working);
            let expected = if n == 0 && *working {
                Some(*day)
            } else {
                behind.nth(n.max(1) - 1).map(|(day, _)| *day)
            };
            let Some(expected) = expected else { continue };
            let limit = Limit {
                amount: u32::try_from(n).unwrap(),
                unit: LimitUnit::WorkingDays,
            };
            let due = oracle.calendar.due(at(*day, received), limit);
            assert_eq!(
                (due.at, due.provisional),
                (at(expected, close), false),
                "{day} + {n}"
            );
            compared += 1;
        }
    }
    assert!(compared > 78_000, "{compared}");
}

/// From different times of every day, 1 to 20 hours: against a list of all working minutes of seven years.
#[test]
fn working_hours_are_minutes_ticked_off() {
    let oracle = oracle();
    let mut minutes: Vec<DateTime<Utc>> = Vec::new();
    for (day, _) in oracle.days.iter().filter(|(_, working)| *working) {
        for (open, close) in windows() {
            let (open, close) = (at(*day, open), at(*day, close));
            minutes.extend((0..(close - open).num_minutes()).map(|minute| open + TimeDelta::minutes(minute)));
        }
    }
    for (day, _) in &oracle.days {
        for (hour, minute, amount) in [
            (0, 0, 1),
            (8, 30, 3),
            (11, 59, 20),
            (12, 30, 7),
            (17, 29, 2),
            (23, 59, 13),
        ] {
            let from = at(*day, NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
            let first = minutes.partition_point(|minute| *minute < from);
            // The last of the minutes that the limit has.
            let Some(last) = minutes.get(first + amount * 60 - 1) else {
                continue;
            };
            let limit = Limit {
                amount: u32::try_from(amount).unwrap(),
                unit: LimitUnit::WorkingHours,
            };
            assert_eq!(
                oracle.calendar.due(from, limit).at,
                *last + TimeDelta::minutes(1),
                "{from} + {amount} h"
            );
        }
    }
    assert_eq!(oracle.days.last().unwrap().0.year(), 2026);
}
