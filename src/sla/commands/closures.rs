//! Closures (临时停工): declared, ended sooner or later, taken back. Running deadlines are counted again.

use super::allow;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Rule};
use crate::platform::http::etag::IfMatch;
use crate::sla::dto::check_end;
use crate::sla::rules::closure::Closure;
use crate::sla::store;
use crate::{orgs, settings};
use chrono::{DateTime, Utc};
use entity::closure;
use entity::id::{ClosureId, UnitId};
use serde_json::json;

/// A closure to be declared.
#[derive(Clone, Debug)]
pub struct NewClosure {
    /// For this unit and those below it; for everybody unless given.
    pub unit_id: Option<UnitId>,
    /// When, and why.
    pub closure: Closure,
}

/// Declares a closure.
///
/// # Errors
/// `InvalidInput` when the unit does not exist.
pub async fn create(tx: &Tx, (caller, new): &(Caller, NewClosure)) -> Result<closure::Model, AppError> {
    store::lock(tx).await?;
    let unit = match new.unit_id {
        None => None,
        Some(id) => {
            let unknown = |_| AppError::field("/unit_id", Rule::Unknown);
            let unit = orgs::store::find(tx, id).await.map_err(unknown)?;
            allow(caller, Op::GetUnit, Some(&unit.path))?;
            Some(unit)
        }
    };
    let whose = unit.as_ref().map(|unit| (unit.id, unit.path.as_str()));
    let row = store::closures::insert(tx, whose, &new.closure).await?;
    changed(tx, caller, &row).await?;
    Ok(row)
}

/// Ends a closure at another time.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput` when it would end before it begins, or last too long.
pub async fn end(
    tx: &Tx,
    (caller, id, version, (to, pointer)): &(Caller, ClosureId, IfMatch, (DateTime<Utc>, &'static str)),
) -> Result<closure::Model, AppError> {
    store::lock(tx).await?;
    let row = store::closures::find(tx, *id).await?;
    allow(caller, Op::ListClosures, path(&row))?;
    version.check(row.version)?;
    check_end(pointer, row.begins_at, *to)?;
    let row = store::closures::end(tx, row, *to).await?;
    changed(tx, caller, &row).await?;
    Ok(row)
}

/// Takes a closure back, as if it had never been declared. What it was stays in the audit log.
///
/// # Errors
/// `NotFound`, `StaleVersion`.
pub async fn delete(tx: &Tx, (caller, id, version): &(Caller, ClosureId, IfMatch)) -> Result<(), AppError> {
    store::lock(tx).await?;
    let row = store::closures::find(tx, *id).await?;
    allow(caller, Op::ListClosures, path(&row))?;
    version.check(row.version)?;
    store::closures::delete(tx, row.id).await?;
    changed(tx, caller, &row).await
}

/// The unit's path; none where it is everybody's.
fn path(row: &closure::Model) -> Option<&str> {
    row.unit_id.map(|_| row.unit_path.as_str())
}

async fn changed(tx: &Tx, caller: &Caller, row: &closure::Model) -> Result<(), AppError> {
    let detail = json!({
        "unit": row.unit_id, "from": row.begins_at, "to": row.ends_at, "reason": row.reason, "version": row.version,
    });
    audit::record(tx, caller, "closure", row.id, detail);
    store::recount(tx).await?;
    settings::store::touch_reference(tx).await
}
