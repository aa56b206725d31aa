//! A deadline and its explanation.

use crate::sla::rules::calendar::{Calendar, Limit};
use crate::sla::rules::explain::Day;
use crate::sla::rules::pause::Pause;
use crate::sla::rules::policy::Line;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::id::PolicyId;
use entity::kind::{CalendarStatus, ClockKind, Counting, DayKind, LimitUnit, RequestType, Urgency};
use serde::Serialize;
use utoipa::ToSchema;

/// When a limit ends, and why then.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlineOut {
    /// Which limit.
    pub clock: ClockKind,
    /// In Chinese.
    #[schema(example = "办结")]
    pub label: String,
    /// How many.
    #[schema(example = 5)]
    pub amount: u32,
    /// Of what.
    pub unit: LimitUnit,
    /// The line of the policy that sets it; none where the service has a limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ends: at that instant it is broken.
    pub due_at: DateTime<Utc>,
    /// Whether it was counted into a year whose holidays are not published: publishing them may move it.
    pub provisional: bool,
    /// The years of the working calendar by which it was counted; none where it runs day and night.
    pub calendar: Vec<CalendarRef>,
    /// Day by day, from the first to the last.
    pub days: Vec<DayOut>,
}

/// A line of the policy: what is absent fits everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyRef {
    /// Key.
    pub id: PolicyId,
    /// For requests of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_type: Option<RequestType>,
    /// For services whose code begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// For this urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// For this unit and those below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_path: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
}

/// A year of the working calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarRef {
    /// The year.
    #[schema(example = 2026)]
    pub year: i32,
    /// Whether its holidays are published.
    pub status: CalendarStatus,
    /// Raised by each import; 0 when it was never imported.
    pub version: i32,
}

/// A day between the start of a limit and its end.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayOut {
    /// Which.
    pub day: NaiveDate,
    /// What the calendar says of it.
    pub kind: DayKind,
    /// Whether it counted, or why not.
    pub counting: Counting,
    /// The same in Chinese.
    #[schema(example = "调休上班日，计入")]
    pub label: String,
    /// Why working time of it was closed, where that kept it or a part of it from counting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "台风“示例”停工")]
    pub closure: Option<String>,
    /// How much of the limit it used up: days of a limit of days, minutes of any other.
    pub counted: i64,
    /// That, together with the days before.
    pub total: i64,
    /// Whether the holidays of its year are published.
    pub published: bool,
}

impl DeadlineOut {
    /// What a limit that began at `from` comes to.
    #[must_use]
    pub fn new(
        calendar: &Calendar,
        clock: ClockKind,
        (limit, line): (Limit, Option<&Line>),
        from: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Self {
        let due = calendar.due_with(from, limit, pauses);
        let days: Vec<DayOut> = calendar
            .explain(from, limit, pauses)
            .into_iter()
            .map(DayOut::from)
            .collect();
        let mut years: Vec<i32> = days.iter().map(|day| day.day.year()).collect();
        years.dedup();
        years.retain(|_| limit.unit.by_calendar());
        Self {
            clock,
            label: clock.chinese().to_owned(),
            amount: limit.amount,
            unit: limit.unit,
            policy: line.map(PolicyRef::from),
            started_at: from,
            due_at: due.at,
            provisional: due.provisional,
            calendar: years
                .into_iter()
                .map(|year| {
                    let known = calendar.year(year);
                    CalendarRef {
                        year,
                        status: known.status,
                        version: known.version,
                    }
                })
                .collect(),
            days,
        }
    }
}

impl From<&Line> for PolicyRef {
    fn from(line: &Line) -> Self {
        Self {
            id: line.id,
            request_type: line.request_type,
            category: line.category.clone(),
            urgency: line.urgency,
            unit_path: line.unit_path.clone(),
            valid_from: line.valid_from,
            valid_to: line.valid_to,
        }
    }
}

impl From<Day> for DayOut {
    fn from(day: Day) -> Self {
        let label = match (day.counting, &day.closed) {
            (
                Counting::Counted | Counting::OutsideHours | Counting::DayOfReceipt | Counting::Paused,
                closed,
            ) => {
                let part = closed
                    .as_ref()
                    .map(|reason| format!("（部分时间临时停工：{reason}）"));
                format!(
                    "{}，{}{}",
                    day.kind.chinese(),
                    day.counting.chinese(),
                    part.unwrap_or_default()
                )
            }
            (Counting::Closure, Some(reason)) => format!("{}：{reason}", day.counting.chinese()),
            (counting, _) => counting.chinese().to_owned(),
        };
        Self {
            day: day.day,
            kind: day.kind,
            counting: day.counting,
            label,
            closure: day.closed,
            counted: day.counted,
            total: day.total,
            published: day.published,
        }
    }
}
