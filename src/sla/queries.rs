//! Reading the policy and the calendar.

use super::rules::year::PublishedYear;
use super::store;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::platform::error::AppError;
use chrono::{NaiveDate, NaiveTime};
use entity::deadline_policy;
use entity::id::PolicyId;
use entity::kind::{CalendarStatus, ClockKind};
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
    pub windows: Vec<(NaiveTime, NaiveTime)>,
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
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let valid = |row: &deadline_policy::Model| {
        on.is_none_or(|day| row.valid_from <= day && row.valid_to.is_none_or(|last| day <= last))
    };
    let rows = store::lines(conn, clock, after).await?;
    Ok(rows
        .into_iter()
        .filter(|row| valid(row) && concerns(caller, row.unit_path.as_deref()))
        .take(most)
        .collect())
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
