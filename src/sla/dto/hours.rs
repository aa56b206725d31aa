//! Wire shapes of the hours of units.

use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::period::Period;
use crate::sla::commands::hours::NewHours;
use crate::sla::rules::hours::{Hours, read};
use crate::sla::store;
use chrono::NaiveDate;
use entity::id::{HoursId, UnitId};
use entity::kind::WeekendDay;
use entity::unit_hours;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Working hours of a unit and of those below it that have none of their own.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoursOut {
    /// Key.
    pub id: HoursId,
    /// Whose.
    pub unit_id: UnitId,
    /// Its path.
    #[schema(example = "/440703/440703002/")]
    pub unit_path: String,
    /// Windows of a working day, in order: opening and closing time.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["09:00", "12:00"], ["13:00", "18:00"]]))]
    pub windows: Vec<(String, String)>,
    /// Days of the weekend on which it works as well, unless they are a holiday.
    pub weekends: Vec<WeekendDay>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl From<unit_hours::Model> for HoursOut {
    fn from(row: unit_hours::Model) -> Self {
        let hours = store::hours::hours(&row);
        Self {
            id: row.id,
            unit_id: row.unit_id,
            unit_path: row.unit_path,
            windows: crate::sla::rules::hours::written(&hours.windows),
            weekends: hours.weekends,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            version: row.version,
        }
    }
}

/// Which hours to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HoursQuery {
    /// Only those of this unit and of the units above it.
    pub unit_id: Option<UnitId>,
    /// Only those valid on this day.
    pub on: Option<NaiveDate>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// New hours of a unit. Those of the same unit may follow one another, not overlap.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursIn {
    /// For this unit and those below it.
    pub unit_id: UnitId,
    /// Windows of a working day, in order, not overlapping: opening and closing time. At most 8.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["09:00", "12:00"], ["13:00", "18:00"]]))]
    pub windows: Vec<(String, String)>,
    /// Days of the weekend on which it works as well, unless they are a holiday.
    #[serde(default)]
    pub weekends: Vec<WeekendDay>,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// The end of hours.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursPatch {
    /// Last day.
    #[schema(example = "2026-12-31")]
    pub valid_to: NaiveDate,
}

impl HoursIn {
    /// Checks all fields.
    pub fn parse(mut self, today: NaiveDate) -> Result<NewHours, AppError> {
        let mut fields = Fields::default();
        let windows = read(&self.windows, "/windows", &mut fields);
        let given = self.weekends.len();
        self.weekends.sort_unstable();
        self.weekends.dedup();
        if self.weekends.len() < given {
            fields.add("/weekends", Rule::Taken);
        }
        let period = Period {
            from: self.valid_from.unwrap_or(today),
            to: self.valid_to,
        };
        if period.to.is_some_and(|last| last < period.from) {
            fields.add("/valid_to", Rule::Range(format!("{}..", period.from)));
        }
        fields.finish()?;
        Ok(NewHours {
            unit_id: self.unit_id,
            hours: Hours {
                windows,
                weekends: self.weekends,
                period,
            },
        })
    }
}
