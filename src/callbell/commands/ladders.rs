//! Ladders of units: set and taken away. Calls that are open keep the ladder with which they opened.

use super::homes::allow;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::callbell::rules::ladder::Ladder;
use crate::callbell::store::ladders;
use crate::ledger::audit;
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::http::etag::IfMatch;
use entity::id::UnitId;
use entity::{callbell_ladder, unit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, IntoActiveModel};
use serde_json::json;

/// The unit whose ladder is asked for, where the caller may do so.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub(in crate::callbell) async fn unit(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    id: UnitId,
) -> Result<(unit::Model, Caller), AppError> {
    let unit = orgs::store::find(conn, id).await?;
    let caller = allow(caller, Op::GetLadder, &unit.path)?;
    Ok((unit, caller))
}

/// Gives a unit a ladder of its own, or another one. The version is 0 as long as it has none.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`.
pub async fn put(
    tx: &Tx,
    (caller, id, version, ladder): &(Caller, UnitId, IfMatch, Ladder),
) -> Result<callbell_ladder::Model, AppError> {
    let (unit, caller) = unit(tx, caller, *id).await?;
    let own = ladders::lock(tx, &unit.path).await?;
    version.check(own.as_ref().map_or(0, |row| row.version))?;
    let ladder = json!(ladder);
    let row = match own {
        None => {
            let row = callbell_ladder::ActiveModel {
                unit_path: Set(unit.path),
                unit_id: Set(unit.id),
                ladder: Set(ladder.clone()),
                version: Set(1),
                updated_at: Set(tx.now()),
            };
            ladders::insert(tx, row).await?
        }
        Some(own) => {
            let version = own.version + 1;
            let mut next = own.into_active_model();
            next.unit_id = Set(unit.id);
            next.ladder = Set(ladder.clone());
            next.version = Set(version);
            next.updated_at = Set(tx.now());
            ladders::update(tx, next).await?
        }
    };
    let detail = json!({ "unit": row.unit_path, "ladder": ladder, "version": row.version });
    audit::record(tx, &caller, "callbell_ladder", row.unit_id, detail);
    Ok(row)
}

/// Takes a unit's own ladder away: that of the unit above holds again. Where there is none, nothing happens.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`.
pub async fn delete(tx: &Tx, (caller, id, version): &(Caller, UnitId, IfMatch)) -> Result<(), AppError> {
    let (unit, caller) = unit(tx, caller, *id).await?;
    let own = ladders::lock(tx, &unit.path).await?;
    version.check(own.as_ref().map_or(0, |row| row.version))?;
    let Some(own) = own else { return Ok(()) };
    ladders::delete(tx, &own.unit_path).await?;
    let detail = json!({ "unit": own.unit_path, "ladder": own.ladder });
    audit::record(tx, &caller, "callbell_ladder", own.unit_id, detail);
    Ok(())
}
