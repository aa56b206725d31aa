//! Wire shapes of closures.

use crate::access::authenticate::china;
use crate::platform::error::{AppError, Fields, Rule};
use crate::sla::commands::closures::NewClosure;
use crate::sla::rules::closure::{Closure, DAYS_MAX, longest};
use crate::sla::rules::year::{YEARS, years_rule};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::closure;
use entity::id::{ClosureId, UnitId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const REASON_MAX: usize = 200;

/// A time in which nobody works, though the calendar says otherwise (临时停工).
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosureOut {
    /// Key.
    pub id: ClosureId,
    /// Whose, with those below it; absent where it is everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// The unit's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/440703/440703002/")]
    pub unit_path: Option<String>,
    /// From this instant on.
    pub from: DateTime<Utc>,
    /// At this instant work goes on.
    pub to: DateTime<Utc>,
    /// Why; explanations of deadlines tell it.
    #[schema(example = "台风“示例”停工")]
    pub reason: String,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl From<closure::Model> for ClosureOut {
    fn from(row: closure::Model) -> Self {
        Self {
            id: row.id,
            unit_path: row.unit_id.map(|_| row.unit_path),
            unit_id: row.unit_id,
            from: row.begins_at,
            to: row.ends_at,
            reason: row.reason,
            version: row.version,
        }
    }
}

/// Which closures to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClosuresQuery {
    /// Only those that hold for this unit: its own, those of the units above it, and everybody's.
    pub unit_id: Option<UnitId>,
    /// Only those that touch this day.
    pub on: Option<NaiveDate>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A closure to be declared: from one instant to another, or whole days. At most 60 days.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosureIn {
    /// For this unit and those below it; for everybody unless given.
    pub unit_id: Option<UnitId>,
    /// From this instant on.
    #[schema(example = "2026-09-08T14:00:00+08:00")]
    pub from: Option<DateTime<Utc>>,
    /// At this instant work goes on.
    #[schema(example = "2026-09-09T12:00:00+08:00")]
    pub to: Option<DateTime<Utc>>,
    /// Instead of `from`: the first of whole days.
    pub first_day: Option<NaiveDate>,
    /// Instead of `to`: the last of whole days; the first unless given.
    pub last_day: Option<NaiveDate>,
    /// Why; explanations of deadlines tell it.
    #[schema(example = "台风“示例”停工")]
    pub reason: String,
}

/// Another end of a closure: one of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosurePatch {
    /// At this instant work goes on.
    #[schema(example = "2026-09-09T08:00:00+08:00")]
    pub to: Option<DateTime<Utc>>,
    /// The last of whole days.
    pub last_day: Option<NaiveDate>,
}

impl ClosureIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewClosure, AppError> {
        let mut fields = Fields::default();
        let closure = self.read(&mut fields);
        fields.finish()?;
        let closure = closure.ok_or_else(|| AppError::field("", Rule::Required))?;
        Ok(NewClosure {
            unit_id: self.unit_id,
            closure,
        })
    }

    /// Reads when and why, noting what is wrong with it; none where something is.
    pub fn read(&self, fields: &mut Fields) -> Option<Closure> {
        let reason = fields.text("/reason", &self.reason, REASON_MAX);
        let by_days = self.first_day.is_some() || self.last_day.is_some();
        if by_days {
            unexpected(fields, "/from", self.from.is_some());
            unexpected(fields, "/to", self.to.is_some());
        }
        let (begin, end) = if by_days {
            required(fields, "/first_day", self.first_day.is_none());
            let first = self.first_day;
            let begin = known(fields, "/first_day", first).and_then(begin_of);
            let last = known(fields, "/last_day", self.last_day).or(first);
            (begin, last.and_then(end_of))
        } else {
            required(fields, "/from", self.from.is_none());
            required(fields, "/to", self.to.is_none());
            (self.from, self.to)
        };
        let names = if by_days {
            ("/first_day", "/last_day")
        } else {
            ("/from", "/to")
        };
        let (from, to) = (begin?, end?);
        check(names, (from, to), fields);
        Some(Closure { from, to, reason })
    }
}

impl ClosurePatch {
    /// Checks the fields: another end, and which field says so. The beginning is checked where it is known.
    pub fn parse(&self) -> Result<(DateTime<Utc>, &'static str), AppError> {
        match (self.to, self.last_day) {
            (Some(to), None) => Ok((to, "/to")),
            (None, Some(last)) => {
                let to = Some(last)
                    .filter(|day| YEARS.contains(&day.year()))
                    .and_then(end_of);
                let to = to.ok_or_else(|| AppError::field("/last_day", years_rule()))?;
                Ok((to, "/last_day"))
            }
            (None, None) => Err(AppError::field("/to", Rule::Required)),
            (Some(_), Some(_)) => Err(AppError::field("/last_day", Rule::Unexpected)),
        }
    }
}

fn required(fields: &mut Fields, pointer: &str, missing: bool) {
    if missing {
        fields.add(pointer, Rule::Required);
    }
}

fn unexpected(fields: &mut Fields, pointer: &str, given: bool) {
    if given {
        fields.add(pointer, Rule::Unexpected);
    }
}

/// A day of the years of the calendar.
fn known(fields: &mut Fields, pointer: &str, day: Option<NaiveDate>) -> Option<NaiveDate> {
    let day = day?;
    if !YEARS.contains(&day.year()) {
        fields.add(pointer, years_rule());
        return None;
    }
    Some(day)
}

/// A closure must begin within the years of the calendar, and end after that, but not too late.
fn check((begin, end): (&str, &str), (from, to): (DateTime<Utc>, DateTime<Utc>), fields: &mut Fields) {
    if !YEARS.contains(&from.year()) {
        fields.add(begin, years_rule());
    } else if to <= from {
        fields.add(end, Rule::Form("after the beginning"));
    } else if to - from > longest() {
        fields.add(end, Rule::Range(format!("1..{DAYS_MAX} d")));
    }
}

/// Checks the end, said by the field `pointer`, of a closure that begins at `from`.
pub fn check_end(pointer: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), AppError> {
    let mut fields = Fields::default();
    check((pointer, pointer), (from, to), &mut fields);
    fields.finish()
}

/// Midnight in China; none where no calendar goes.
fn begin_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    let ahead = TimeDelta::seconds(i64::from(china().local_minus_utc()));
    day.and_time(NaiveTime::MIN).and_utc().checked_sub_signed(ahead)
}

fn end_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.succ_opt().and_then(begin_of)
}
