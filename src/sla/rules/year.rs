//! A year of the working calendar as it is published, and what must be true of it.

use crate::platform::error::{AppError, Code, FieldError, Fields, Rule};
use chrono::{Datelike, NaiveDate, Weekday};
use entity::kind::CalendarStatus;
use std::collections::BTreeMap;

/// Years that a calendar may be of, and deadlines asked for.
pub const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
const SOURCE_MAX: usize = 500;

/// A year: days that differ from the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedYear {
    /// Which.
    pub year: i32,
    /// Official, or expected.
    pub status: CalendarStatus,
    /// The notice that says so.
    pub source: String,
    /// `false`: nobody works. `true`: a weekend day on which people work (调休).
    pub days: BTreeMap<NaiveDate, bool>,
}

/// A year as it is written down.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the file")]
pub struct Written<'a> {
    pub year: &'a str,
    pub off: &'a [NaiveDate],
    pub work: &'a [NaiveDate],
    pub status: CalendarStatus,
    pub source: &'a str,
}

/// What is wrong with a calendar: what can't be taken as it stands, and where it contradicts itself.
#[derive(Debug, Default)]
pub struct Mistakes {
    /// Fields that break a rule by themselves.
    pub fields: Fields,
    /// Days that can't be what they are said to be.
    pub contradictions: Fields,
}

impl Mistakes {
    /// All of them.
    #[must_use]
    pub fn into_errors(self) -> Vec<FieldError> {
        let mut errors = self.fields.into_errors();
        errors.extend(self.contradictions.into_errors());
        errors
    }

    /// All mistakes, if any.
    ///
    /// # Errors
    /// `CalendarContradiction` when it can be read but contradicts itself, else `InvalidInput`.
    pub fn finish(self) -> Result<(), AppError> {
        let mut errors = self.fields.into_errors();
        let readable = errors.is_empty();
        errors.extend(self.contradictions.into_errors());
        if errors.is_empty() {
            return Ok(());
        }
        let error = AppError::fields(errors);
        Err(if readable {
            error.as_code(Code::CalendarContradiction)
        } else {
            error
        })
    }
}

/// What is told of a year out of bounds.
#[must_use]
pub fn years_rule() -> Rule {
    Rule::Range(format!("{}..{}", YEARS.start(), YEARS.end()))
}

/// Reads a year, noting everything that is wrong with it under `/{year}`.
pub fn read(written: &Written<'_>, mistakes: &mut Mistakes) -> PublishedYear {
    let Mistakes {
        fields,
        contradictions,
    } = mistakes;
    let root = format!("/{}", written.year);
    let year = written.year.parse().ok().filter(|year| YEARS.contains(year));
    if year.is_none() {
        fields.add(&root, years_rule());
    }
    let mut days = BTreeMap::new();
    for (list, working) in [(written.off, false), (written.work, true)] {
        let name = if working { "work" } else { "off" };
        for (at, day) in list.iter().enumerate() {
            let pointer = format!("{root}/{name}/{at}");
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            if year.is_some_and(|year| day.year() != year) {
                contradictions.add(pointer, Rule::Form("a day of that year"));
            } else if working && !weekend {
                contradictions.add(pointer, Rule::Form("a Saturday or Sunday"));
            } else if days.insert(*day, working).is_some() {
                contradictions.add(pointer, Rule::Taken);
            }
        }
    }
    PublishedYear {
        year: year.unwrap_or_default(),
        status: written.status,
        source: fields.text(&format!("{root}/source"), written.source, SOURCE_MAX),
        days,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(year: &str, off: &[&str], work: &[&str]) -> Vec<String> {
        let days =
            |texts: &[&str]| -> Vec<NaiveDate> { texts.iter().map(|day| day.parse().unwrap()).collect() };
        let (off, work) = (days(off), days(work));
        let written = Written {
            year,
            off: &off,
            work: &work,
            status: CalendarStatus::Official,
            source: "国办发明电",
        };
        let mut mistakes = Mistakes::default();
        read(&written, &mut mistakes);
        mistakes.into_errors().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_year_must_not_contradict_itself() {
        // 2027-02-06 is a Saturday, 2027-02-08 a Monday.
        assert!(mistakes("2027", &["2027-02-06", "2027-02-08"], &["2027-02-14"]).is_empty());
        assert_eq!(
            mistakes("2027", &["2027-02-06"], &["2027-02-06"]),
            ["/2027/work/0 exists already"]
        );
        assert_eq!(
            mistakes("2027", &["2026-12-31"], &["2027-02-08"]),
            [
                "/2027/off/0 must have the form a day of that year",
                "/2027/work/0 must have the form a Saturday or Sunday"
            ]
        );
        assert_eq!(mistakes("27", &[], &[]), ["/27 must be within 2000..2100"]);
        assert_eq!(mistakes("x", &[], &[]).len(), 1);
    }
}
