//! Wire shapes of leave and capacity.

use crate::platform::error::{AppError, Fields, Rule};
use crate::staff::commands::absence::NewAbsence;
use chrono::{Days, NaiveDate};
use entity::id::{AbsenceId, StaffId};
use entity::kind::AbsenceKind;
use entity::staff_absence;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const LEAVE_DAYS_MAX: u64 = 366;
const AHEAD_DAYS_MAX: u64 = 730;
const CAPACITY_MAX: i32 = 1_000;

/// A leave.
#[derive(Debug, Serialize, ToSchema)]
pub struct AbsenceOut {
    /// Key.
    pub id: AbsenceId,
    /// Whose.
    pub staff_id: StaffId,
    /// Why.
    pub kind: AbsenceKind,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
}

impl From<staff_absence::Model> for AbsenceOut {
    fn from(row: staff_absence::Model) -> Self {
        Self {
            id: row.id,
            staff_id: row.staff_id,
            kind: row.kind,
            first_day: row.first_day,
            last_day: row.last_day,
        }
    }
}

/// Which page of somebody's leave.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AbsencesQuery {
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A leave to be taken. On its days nobody is given tickets unless they are named; those that they have stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceIn {
    /// Why.
    pub kind: AbsenceKind,
    /// First day: today or later.
    #[schema(example = "2026-12-01")]
    pub first_day: NaiveDate,
    /// Last day.
    #[schema(example = "2026-12-07")]
    pub last_day: NaiveDate,
}

impl AbsenceIn {
    /// Checks all fields.
    pub fn parse(&self, today: NaiveDate) -> Result<NewAbsence, AppError> {
        let mut fields = Fields::default();
        let after = |day: NaiveDate, days| day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX);
        let ahead = after(today, AHEAD_DAYS_MAX);
        if !(today..=ahead).contains(&self.first_day) {
            fields.add("/first_day", Rule::Range(format!("{today}..{ahead}")));
        }
        let longest = after(self.first_day, LEAVE_DAYS_MAX - 1);
        if !(self.first_day..=longest).contains(&self.last_day) {
            let first = self.first_day;
            fields.add("/last_day", Rule::Range(format!("{first}..{longest}")));
        }
        fields.finish()?;
        Ok(NewAbsence {
            kind: self.kind,
            first_day: self.first_day,
            last_day: self.last_day,
        })
    }
}

/// How many open tickets somebody takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityIn {
    /// At most, 0 to 1000; without limit where it is absent. Who gives a ticket by name is not bound by it.
    #[schema(example = 30)]
    pub capacity: Option<i32>,
}

impl CapacityIn {
    /// Checks the number.
    pub fn parse(&self) -> Result<Option<i32>, AppError> {
        if self
            .capacity
            .is_some_and(|most| !(0..=CAPACITY_MAX).contains(&most))
        {
            let bounds = format!("0..{CAPACITY_MAX}");
            return Err(AppError::field("/capacity", Rule::Range(bounds)));
        }
        Ok(self.capacity)
    }
}
