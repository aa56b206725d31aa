//! Reading the policy and the calendar.

use super::rules::hours::Window;
use super::rules::year::PublishedYear;
use super::store;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::orgs;
use crate::platform::error::{AppError, Rule};
use chrono::{NaiveDate, TimeDelta};
use entity::id::{ClosureId, HoursId, PolicyId, UnitId};
use entity::kind::{CalendarStatus, ClockKind};
use entity::{closure, deadline_policy, unit_hours};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;

/// A year of the calendar with its version and the windows of a working day.
#[derive(Clone, Debug)]
pub struct YearView {
    /// Days that differ from the week.
    pub published: PublishedYear,
    /// Raised by each import; 0 when the year was never imported.
    pub version: i32,
    /// The windows of a working day.
    pub windows: Vec<Window>,
}

/// A year of the calendar; one never imported is provisional and knows only weekends.
///
/// # Errors
/// When the database does not answer.
pub async fn year(conn: &impl ConnectionTrait, year: i32) -> Result<YearView, AppError> {
    let windows = store::windows(conn).await?;
    let (published, version) = if let Some((row, published)) = store::year(conn, year).await? {
        (published, row.version)
    } else {
        let nothing = PublishedYear {
            year,
            status: CalendarStatus::Provisional,
            source: String::new(),
            days: BTreeMap::new(),
        };
        (nothing, 0)
    };
    Ok(YearView {
        published,
        version,
        windows,
    })
}

/// Lines of the policy after `after` that hold where the caller has a say, one more than `limit`. There are some
/// dozens of lines: one statement, then a look at each.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    clock: Option<ClockKind>,
    on: Option<NaiveDate>,
    after: Option<PolicyId>,
    limit: u64,
) -> Result<Vec<deadline_policy::Model>, AppError> {
    let valid = |row: &deadline_policy::Model| {
        on.is_none_or(|day| row.valid_from <= day && row.valid_to.is_none_or(|last| day <= last))
    };
    let rows = store::lines(conn, clock, after).await?;
    Ok(rows
        .into_iter()
        .filter(|row| valid(row) && concerns(caller, row.unit_path.as_deref()))
        .take(one_more(limit))
        .collect())
}

/// Working hours of units after `after`, one more than `limit`: those of a unit and of the units above it, those valid
/// on a day. There are some dozens: one statement, then a look at each.
///
/// # Errors
/// `InvalidInput` for a unit that does not exist.
pub async fn hours(
    conn: &impl ConnectionTrait,
    unit: Option<UnitId>,
    on: Option<NaiveDate>,
    after: Option<HoursId>,
    limit: u64,
) -> Result<Vec<unit_hours::Model>, AppError> {
    let path = path(conn, unit).await?;
    let rows = store::hours::all(conn, after).await?;
    let fitting = rows.into_iter().filter(|row| {
        path.as_ref().is_none_or(|path| path.starts_with(&row.unit_path))
            && on.is_none_or(|day| store::hours::period(row).contains(day))
    });
    Ok(fitting.take(one_more(limit)).collect())
}

/// Closures after `after`, one more than `limit`: those that hold for a unit, those that touch a day.
///
/// # Errors
/// `InvalidInput` for a unit that does not exist.
pub async fn closures(
    conn: &impl ConnectionTrait,
    unit: Option<UnitId>,
    on: Option<NaiveDate>,
    after: Option<ClosureId>,
    limit: u64,
) -> Result<Vec<closure::Model>, AppError> {
    let path = path(conn, unit).await?;
    let rows = store::closures::all(conn, after).await?;
    let touches = |row: &closure::Model, day: NaiveDate| {
        // The end does not belong to it.
        let last = local_day(row.ends_at - TimeDelta::nanoseconds(1));
        (local_day(row.begins_at)..=last).contains(&day)
    };
    let fitting = rows.into_iter().filter(|row| {
        path.as_ref().is_none_or(|path| path.starts_with(&row.unit_path))
            && on.is_none_or(|day| touches(row, day))
    });
    Ok(fitting.take(one_more(limit)).collect())
}

async fn path(conn: &impl ConnectionTrait, unit: Option<UnitId>) -> Result<Option<String>, AppError> {
    let Some(id) = unit else { return Ok(None) };
    let unit = orgs::store::find(conn, id).await;
    let unknown = |_| AppError::field("?unit_id", Rule::Unknown);
    unit.map(|unit| Some(unit.path)).map_err(unknown)
}

fn one_more(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1)
}

/// Whether what holds below `path` holds anywhere that the caller reaches. What holds everywhere does.
fn concerns(caller: &Caller, path: Option<&str>) -> bool {
    let Some(path) = path else { return true };
    let reach = caller.reach();
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    let mut own = reach.units.iter().chain(&reach.subtrees);
    reach.contains(&caller.actor, &facts) || own.any(|own| own.starts_with(path))
}
