//! Working hours of units: made, ended, taken away. Running deadlines are counted again.

use super::allow;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::period::Period;
use crate::sla::rules::hours::Hours;
use crate::sla::store;
use crate::{orgs, settings};
use chrono::NaiveDate;
use entity::id::{HoursId, UnitId};
use entity::unit_hours;
use serde_json::json;

/// Hours to be made.
#[derive(Clone, Debug)]
pub struct NewHours {
    /// For this unit and those below it.
    pub unit_id: UnitId,
    /// The hours.
    pub hours: Hours,
}

/// Makes hours of a unit.
///
/// # Errors
/// `InvalidInput` when the unit does not exist, or has others in that time.
pub async fn create(tx: &Tx, (caller, new): &(Caller, NewHours)) -> Result<unit_hours::Model, AppError> {
    store::lock(tx).await?;
    let unknown = || AppError::field("/unit_id", Rule::Unknown);
    let unit = orgs::store::find(tx, new.unit_id).await.map_err(|_| unknown())?;
    allow(caller, Op::GetUnit, Some(&unit.path))?;
    let period = new.hours.period;
    if unit.valid_to.is_some_and(|last| last < period.from) {
        return Err(unknown());
    }
    refuse_overlap(tx, (unit.id, period), None, "/valid_from").await?;
    let row = store::hours::insert(tx, (unit.id, &unit.path), &new.hours).await?;
    changed(tx, caller, &row).await?;
    Ok(row)
}

/// Sets the last day of hours.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput` when they would end before they begin, or run into others.
pub async fn end(
    tx: &Tx,
    (caller, id, version, last): &(Caller, HoursId, IfMatch, NaiveDate),
) -> Result<unit_hours::Model, AppError> {
    store::lock(tx).await?;
    let row = store::hours::find(tx, *id).await?;
    allow(caller, Op::ListHours, Some(&row.unit_path))?;
    version.check(row.version)?;
    if *last < row.valid_from {
        let bounds = format!("{}..", row.valid_from);
        return Err(AppError::field("/valid_to", Rule::Range(bounds)));
    }
    let period = Period {
        to: Some(*last),
        ..store::hours::period(&row)
    };
    refuse_overlap(tx, (row.unit_id, period), Some(row.id), "/valid_to").await?;
    let row = store::hours::end(tx, row, *last).await?;
    changed(tx, caller, &row).await?;
    Ok(row)
}

/// Takes hours away, as if they had never been.
///
/// # Errors
/// `NotFound`, `StaleVersion`.
pub async fn delete(tx: &Tx, (caller, id, version): &(Caller, HoursId, IfMatch)) -> Result<(), AppError> {
    store::lock(tx).await?;
    let row = store::hours::find(tx, *id).await?;
    allow(caller, Op::ListHours, Some(&row.unit_path))?;
    version.check(row.version)?;
    store::hours::delete(tx, row.id).await?;
    changed(tx, caller, &row).await
}

async fn refuse_overlap(
    tx: &Tx,
    (unit, period): (UnitId, Period),
    own: Option<HoursId>,
    pointer: &str,
) -> Result<(), AppError> {
    let rows = store::hours::of_unit(tx, unit).await?;
    let other = rows
        .iter()
        .filter(|row| own != Some(row.id))
        .find(|row| store::hours::period(row).overlaps(period));
    match other {
        None => Ok(()),
        Some(row) => Err(AppError::field(pointer, Rule::Taken)
            .say(
                "该单位在此期间已有工作时间",
                "The unit has other hours in that time",
            )
            .with("hours_id", row.id.to_string())),
    }
}

async fn changed(tx: &Tx, caller: &Caller, row: &unit_hours::Model) -> Result<(), AppError> {
    let detail = json!({
        "unit": row.unit_id, "windows": row.windows, "weekends": row.weekends, "valid_from": row.valid_from,
        "valid_to": row.valid_to, "version": row.version,
    });
    audit::record(tx, caller, "unit_hours", row.id, detail);
    store::recount(tx).await?;
    settings::store::touch_reference(tx).await
}
