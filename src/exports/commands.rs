//! Asking for a list, and giving it up.

use super::dto::NewExport;
use super::store;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, Owner};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use chrono::TimeDelta;
use entity::export::Model;
use entity::id::{ClientId, ExportId, StaffId};
use entity::kind::{ActorKind, WorkState};
use serde_json::json;

/// Exports of somebody that are not over, at most.
const UNFINISHED: u64 = 3;

/// What a command of somebody works with.
pub type Asked<T> = (Kit, Caller, T);

/// Asks for a list.
///
/// # Errors
/// `Conflict` when the caller has enough of them on their way.
pub async fn create(tx: &Tx, (kit, caller, new): &Asked<NewExport>) -> Result<Model, AppError> {
    if store::unfinished(tx, &caller.actor).await? >= UNFINISHED {
        return Err(AppError::new(Code::Conflict).say(
            format!("最多同时进行 {UNFINISHED} 项导出"),
            format!("At most {UNFINISHED} exports at a time"),
        ));
    }
    let (actor_kind, actor_id) = caller.actor.identity();
    let filters =
        serde_json::to_vec(&new.filters).map_err(|error| AppError::new(Code::Internal).because(error))?;
    let row = Model {
        id: tx.ids().id(),
        actor_kind,
        actor_id: actor_id.ok_or_else(|| AppError::new(Code::Unauthenticated))?,
        second_factor: caller.actor.shows_second_factor(),
        filters_sealed: kit.vault.seal(store::FILTERS, &filters)?,
        format: new.format,
        reason: new.reason.clone(),
        state: WorkState::Waiting,
        written: 0,
        expected: None,
        size_bytes: None,
        sha256: None,
        reach_digest: None,
        failure: None,
        attempts: 0,
        leased_by: None,
        leased_until: None,
        created_at: tx.now(),
        finished_at: None,
        expires_at: tx.now() + TimeDelta::days(kit.config.bulk.keep_days),
    };
    store::insert(tx, &row).await?;
    let detail = json!({ "format": row.format, "reason": row.reason });
    audit::record(tx, caller, "export", row.id, detail);
    Ok(row)
}

/// Checks that an export is the caller's.
///
/// # Errors
/// `NotFound`.
pub fn allow(caller: &Caller, row: &Model) -> Result<(), AppError> {
    let owner = match row.actor_kind {
        ActorKind::Staff => Some(Owner::Staff(StaffId(row.actor_id))),
        ActorKind::Client => Some(Owner::Client(ClientId(row.actor_id))),
        _ => None,
    };
    let facts = Facts {
        owners: owner.into_iter().collect(),
        ..Facts::default()
    };
    caller.decide(Op::GetExport, &facts).map(|_| ())
}

/// Cancels an export, or gives its file up.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &Tx, (caller, id): &(Caller, ExportId)) -> Result<(), AppError> {
    let row = store::find(tx, *id).await?;
    allow(caller, &row)?;
    store::cancel(tx, *id).await
}
