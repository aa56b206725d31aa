//! Wire shapes of the policy and the calendar.

mod closures;
mod deadline;
mod hours;

use super::commands::NewLine;
use super::queries::YearView;
use super::rules::hours::written;
use super::rules::ical;
use super::rules::limit::{Draft, check};
use super::rules::year::{Mistakes, PublishedYear, Written, YEARS, read, years_rule};
use crate::platform::error::{AppError, Fields, Rule};
use chrono::NaiveDate;
pub use closures::{ClosureIn, ClosureOut, ClosurePatch, ClosuresQuery, check_end};
pub use deadline::DeadlineOut;
use entity::deadline_policy;
use entity::id::{PolicyId, UnitId};
use entity::kind::{CalendarStatus, ClockKind, LimitUnit, RequestType, Urgency};
pub use hours::{HoursIn, HoursOut, HoursPatch, HoursQuery};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

const YEARS_MAX: usize = 10;
const DAYS_MAX: usize = 366;

/// A line of the deadline policy. What is absent fits everything; the most specific line rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyOut {
    /// Key.
    pub id: PolicyId,
    /// Which limit.
    pub clock: ClockKind,
    /// For requests of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_type: Option<RequestType>,
    /// For services whose code begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0101")]
    pub category: Option<String>,
    /// For this urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// For this unit and those below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/440703/440703002/")]
    pub unit_path: Option<String>,
    /// How many.
    #[schema(example = 5)]
    pub amount: i32,
    /// Of what.
    pub unit: LimitUnit,
    /// How often it may be extended.
    pub extensions: i32,
    /// The most it may come to with extensions, in its unit; twice the limit unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<i32>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl From<deadline_policy::Model> for PolicyOut {
    fn from(row: deadline_policy::Model) -> Self {
        Self {
            id: row.id,
            clock: row.clock,
            request_type: row.request_type,
            category: row.category,
            urgency: row.urgency,
            unit_path: row.unit_path,
            amount: row.amount,
            unit: row.unit,
            extensions: row.extensions,
            ceiling: row.ceiling,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            version: row.version,
        }
    }
}

/// Which lines to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PoliciesQuery {
    /// Only lines of this limit.
    pub clock: Option<ClockKind>,
    /// Only lines valid on this day.
    pub on: Option<NaiveDate>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A new line of the policy. Two lines for the same cases may follow one another, not overlap.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"clock": "resolve", "category": "0101", "amount": 5, "unit": "working_days", "extensions": 1, "ceiling": 10}))]
pub struct PolicyIn {
    /// Which limit.
    pub clock: ClockKind,
    /// For requests of this type.
    pub request_type: Option<RequestType>,
    /// For services whose code begins so.
    #[schema(example = "0101")]
    pub category: Option<String>,
    /// For this urgency.
    pub urgency: Option<Urgency>,
    /// For this unit and those below it.
    pub unit_id: Option<UnitId>,
    /// How many.
    #[schema(example = 5)]
    pub amount: i32,
    /// Of what.
    pub unit: LimitUnit,
    /// How often it may be extended, 0 to 10; limits of the resolution only.
    #[serde(default)]
    pub extensions: i32,
    /// The most it may come to with extensions, in its unit; twice the limit unless set.
    #[schema(example = 10)]
    pub ceiling: Option<i32>,
    /// Whether it takes the place of the open-ended line for the same requests, which then ends the day before.
    #[serde(default)]
    pub supersede: bool,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// The end of a line: deadlines that were counted by it stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPatch {
    /// Last day: the line is retired after it.
    #[schema(example = "2026-12-31")]
    pub valid_to: NaiveDate,
}

/// A year of the working calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarOut {
    /// The year.
    #[schema(example = 2026)]
    pub year: i32,
    /// Whether its holidays are published; deadlines counted into a year that is not are provisional.
    pub status: CalendarStatus,
    /// The notice that says so; empty when the year was never imported.
    #[schema(example = "国办发明电〔2025〕7号")]
    pub source: String,
    /// Raised by each import; 0 when the year was never imported.
    pub version: i32,
    /// Days on which nobody works, besides plain weekends.
    pub off: Vec<NaiveDate>,
    /// Weekend days on which people work (调休).
    pub work: Vec<NaiveDate>,
    /// Windows of a working day, in order: opening and closing time. Units may have hours of their own.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["08:30", "12:00"], ["14:30", "17:30"]]))]
    pub working_hours: Vec<(String, String)>,
}

impl From<YearView> for CalendarOut {
    fn from(view: YearView) -> Self {
        let published = view.published;
        let days = |working: bool| {
            let fitting = published.days.iter().filter(move |(_, works)| **works == working);
            fitting.map(|(day, _)| *day).collect()
        };
        Self {
            year: published.year,
            status: published.status,
            version: view.version,
            off: days(false),
            work: days(true),
            working_hours: written(&view.windows),
            source: published.source,
        }
    }
}

/// Which year.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    /// The year; the present one unless given.
    #[param(example = 2026)]
    pub year: Option<i32>,
}

/// A year as it is published.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YearIn {
    /// Days on which nobody works.
    pub off: Vec<NaiveDate>,
    /// Weekend days on which people work (调休).
    pub work: Vec<NaiveDate>,
    /// `official` once it is published.
    pub status: CalendarStatus,
    /// The notice that says so.
    #[schema(example = "示例，非正式通知")]
    pub source: String,
    /// Days off that somebody expects, for readers of the file: no deadline is counted by them, none is kept.
    pub projected_off: Option<Vec<NaiveDate>>,
    /// What the expectation rests on.
    pub projected_note: Option<String>,
}

/// Years by their number: `{"2027": {"off": […], "work": […], "status": "official", "source": "…"}}`. Each takes the
/// place of what was known of its year.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = json!({"2027": {"off": ["2027-01-01"], "work": ["2027-02-06"], "status": "provisional", "source": "示例，非正式通知"}}))]
pub struct CalendarIn(pub BTreeMap<String, YearIn>);

impl PolicyIn {
    /// Checks all fields.
    pub fn parse(self, today: NaiveDate) -> Result<NewLine, AppError> {
        let mut fields = Fields::default();
        let draft = Draft {
            clock: self.clock,
            request_type: self.request_type,
            category: fields.optional("/category", self.category.as_deref(), 8),
            urgency: self.urgency,
            unit_path: None,
            amount: self.amount,
            unit: self.unit,
            extensions: self.extensions,
            ceiling: self.ceiling,
            valid_from: self.valid_from.unwrap_or(today),
            valid_to: self.valid_to,
        };
        check(&draft, &mut fields);
        fields.finish()?;
        Ok(NewLine {
            draft,
            unit_id: self.unit_id,
            supersede: self.supersede,
        })
    }
}

impl CalendarQuery {
    /// Checks the year.
    pub fn year(&self, today: i32) -> Result<i32, AppError> {
        match self.year.unwrap_or(today) {
            year if YEARS.contains(&year) => Ok(year),
            _ => Err(AppError::field("?year", years_rule())),
        }
    }
}

impl CalendarIn {
    /// Reads a holiday calendar in iCalendar form.
    pub fn from_ical(text: &str) -> Result<Self, AppError> {
        let read = ical::read(text)?;
        let years = read.years.into_iter().map(|(year, days)| {
            let line = YearIn {
                off: days.off,
                work: days.work,
                status: CalendarStatus::Official,
                source: read.source.clone(),
                projected_off: None,
                projected_note: None,
            };
            (year.to_string(), line)
        });
        Ok(Self(years.collect()))
    }

    /// Checks all years.
    pub fn parse(self) -> Result<Vec<PublishedYear>, AppError> {
        let mut mistakes = Mistakes::default();
        if self.0.is_empty() {
            mistakes.fields.add("", Rule::Required);
        }
        if self.0.len() > YEARS_MAX {
            mistakes.fields.add("", Rule::TooMany(YEARS_MAX));
        }
        let years = self
            .0
            .iter()
            .map(|(year, line)| line.read(year, &mut mistakes))
            .collect();
        mistakes.finish()?;
        Ok(years)
    }
}

impl YearIn {
    /// Reads a year, noting what is wrong with it.
    pub fn read(&self, year: &str, mistakes: &mut Mistakes) -> PublishedYear {
        for (name, list) in [("off", &self.off), ("work", &self.work)] {
            if list.len() > DAYS_MAX {
                let pointer = format!("/{year}/{name}");
                mistakes.fields.add(pointer, Rule::TooMany(DAYS_MAX));
            }
        }
        let written = Written {
            year,
            off: &self.off,
            work: &self.work,
            status: self.status,
            source: &self.source,
        };
        read(&written, mistakes)
    }
}
