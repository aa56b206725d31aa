//! Revealing what is masked: an event of the audit log.

use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::residents::dto::RevealField;
use crate::residents::{queries, store};
use entity::id::ResidentId;
use entity::resident;
use serde_json::json;

/// What to reveal, and why.
#[derive(Clone, Debug)]
pub struct Revelation {
    /// Which fields.
    pub fields: Vec<RevealField>,
    /// Why, without numbers.
    pub reason: String,
}

/// Records who looks at what and why, never the values. The row may be shown once this is committed.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn reveal(
    tx: &Tx,
    caller: &Caller,
    id: ResidentId,
    asked: &Revelation,
) -> Result<resident::Model, AppError> {
    let row = store::find(tx, id).await?;
    let acting = queries::allow(caller, &row)?;
    // The role that allowed it, not the widest one.
    let caller = Caller {
        acting,
        ..caller.clone()
    };
    let detail = json!({ "fields": asked.fields, "reason": asked.reason });
    audit::record(tx, &caller, "resident", row.id, detail);
    Ok(row)
}
