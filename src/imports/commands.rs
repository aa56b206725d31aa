//! Sending a file, and giving its import up.

use super::store;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, Owner};
use crate::ledger::audit;
use crate::platform::blob::sealed::Written;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use chrono::TimeDelta;
use entity::id::ImportId;
use entity::import::Model;
use entity::kind::{FileFormat, ImportKind, WorkState};
use serde_json::json;

/// Imports of somebody that are not over, at most.
const UNFINISHED: u64 = 3;
/// Minutes after which a file that is still on its way counts as broken off.
const ON_ITS_WAY: i64 = 60;

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub struct NewImport {
    /// What its lines are about.
    pub kind: ImportKind,
    /// The kind of file.
    pub format: FileFormat,
    /// Nothing is to be written but the report.
    pub dry_run: bool,
}

/// Begins an import, whose file is to come.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(tx: &Tx, (caller, id, new): &(Caller, ImportId, NewImport)) -> Result<(), AppError> {
    let (staff_id, _) = caller.staff()?;
    let row = Model {
        id: *id,
        staff_id,
        second_factor: caller.actor.shows_second_factor(),
        kind: new.kind,
        format: new.format,
        dry_run: new.dry_run,
        state: WorkState::Waiting,
        size_bytes: None,
        sha256: None,
        lines: 0,
        created: 0,
        unchanged: 0,
        refused: 0,
        failure: None,
        attempts: 0,
        leased_by: None,
        leased_until: None,
        created_at: tx.now(),
        finished_at: None,
        expires_at: tx.now() + TimeDelta::minutes(ON_ITS_WAY),
    };
    store::insert(tx, &row).await
}

/// Takes a file that is there: from now on it is worked on.
///
/// # Errors
/// `Conflict` when the caller has enough of them on their way; `Unavailable` when it was on its way for too long.
pub async fn arrived(
    tx: &Tx,
    (kit, caller, id, file): &(Kit, Caller, ImportId, Written),
) -> Result<Model, AppError> {
    let (staff_id, _) = caller.staff()?;
    if store::unfinished(tx, staff_id).await? >= UNFINISHED {
        return Err(AppError::new(Code::Conflict).say(
            format!("最多同时进行 {UNFINISHED} 项导入"),
            format!("At most {UNFINISHED} imports at a time"),
        ));
    }
    let expires_at = tx.now() + TimeDelta::days(kit.config.bulk.keep_days);
    let row = store::arrived(tx, *id, (file, expires_at)).await?;
    let detail = json!({ "kind": row.kind, "format": row.format, "dry_run": row.dry_run, "size_bytes": row.size_bytes });
    audit::record(tx, caller, "import", row.id, detail);
    Ok(row)
}

/// Checks that an import is the caller's.
///
/// # Errors
/// `NotFound`.
pub fn allow(caller: &Caller, row: &Model) -> Result<(), AppError> {
    let facts = Facts {
        owners: vec![Owner::Staff(row.staff_id)],
        ..Facts::default()
    };
    caller.decide(Op::GetImport, &facts).map(|_| ())
}

/// Ends an import: what is written stays, and the report goes.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &Tx, (caller, id): &(Caller, ImportId)) -> Result<(), AppError> {
    let row = store::find(tx, *id).await?;
    allow(caller, &row)?;
    store::cancel(tx, *id).await
}
