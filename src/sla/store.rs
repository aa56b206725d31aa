//! Rows of the calendar and of the policy.

use super::rules::calendar::{Calendar, Limit, Year};
use super::rules::policy::{Line, Policy};
use crate::access::authenticate::china;
use crate::platform::error::AppError;
use crate::settings;
use chrono::NaiveTime;
use entity::{calendar_day, calendar_year, deadline_policy};
use sea_orm::{ConnectionTrait, EntityTrait};

/// The setting that holds the windows of a working day: `[["08:30","12:00"],["14:30","17:30"]]`.
pub const WORKING_HOURS: &str = "working_hours";

/// The calendar.
///
/// # Errors
/// When the database does not answer.
pub async fn calendar(conn: &impl ConnectionTrait) -> Result<Calendar, AppError> {
    let days = calendar_day::Entity::find().all(conn).await?;
    let years = calendar_year::Entity::find().all(conn).await?;
    let windows = settings::store::get(conn, WORKING_HOURS)
        .await?
        .and_then(|row| serde_json::from_value::<Vec<(String, String)>>(row.value).ok())
        .and_then(|windows| parse_windows(&windows))
        .unwrap_or_else(default_windows);
    Ok(Calendar::new(
        china(),
        days.into_iter().map(|row| (row.day, row.working)).collect(),
        years
            .into_iter()
            .map(|row| {
                (
                    row.year,
                    Year {
                        status: row.status,
                        version: row.version,
                    },
                )
            })
            .collect(),
        windows,
    ))
}

/// Windows in order that do not overlap; `None` when they contradict themselves.
#[must_use]
pub fn parse_windows(windows: &[(String, String)]) -> Option<Vec<(NaiveTime, NaiveTime)>> {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    let parsed: Vec<(NaiveTime, NaiveTime)> = windows
        .iter()
        .map(|(open, close)| Some((time(open)?, time(close)?)))
        .collect::<Option<_>>()?;
    let each = parsed.iter().all(|(open, close)| open < close);
    let ordered = parsed
        .windows(2)
        .all(|pair| matches!(pair, [(_, close), (open, _)] if close <= open));
    (!parsed.is_empty() && each && ordered).then_some(parsed)
}

/// 08:30–12:00 and 14:30–17:30, as offices in Guangdong keep.
fn default_windows() -> Vec<(NaiveTime, NaiveTime)> {
    let texts = [("08:30", "12:00"), ("14:30", "17:30")];
    parse_windows(&texts.map(|(open, close)| (open.to_owned(), close.to_owned()))).unwrap_or_default()
}

/// The policy.
///
/// # Errors
/// When the database does not answer.
pub async fn policy(conn: &impl ConnectionTrait) -> Result<Policy, AppError> {
    let rows = deadline_policy::Entity::find().all(conn).await?;
    let lines = rows.into_iter().map(|row| Line {
        id: row.id,
        clock: row.clock,
        request_type: row.request_type,
        category: row.category,
        urgency: row.urgency,
        unit_path: row.unit_path,
        limit: Limit {
            amount: u32::try_from(row.amount).unwrap_or(0),
            unit: row.unit,
        },
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    });
    Ok(Policy::new(lines.collect()))
}
