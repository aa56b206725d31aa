//! How somebody is reached on duty.

use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::duty::store::contact::{self, Contact, NewContact};
use crate::ledger::audit;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::http::etag::IfMatch;
use crate::staff;
use entity::id::StaffId;
use serde_json::json;
use std::sync::Arc;

/// Notes how somebody is reached, in place of what was known. The audit log holds the ways, not the addresses.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`.
pub async fn put(
    tx: &Tx,
    (caller, id, version, new, vault): &(Caller, StaffId, IfMatch, NewContact, Arc<Vault>),
) -> Result<Contact, AppError> {
    staff::store::lock(tx, *id).await?;
    let grants = staff::store::grants_of(tx, *id).await?;
    staff::commands::absence::allow(caller, *id, &grants, local_day(tx.now()))?;
    version.check(contact::find(tx, *id).await?.version)?;
    let contact = contact::put(tx, vault, *id, new).await?;
    let detail = json!({
        "channels": contact.channels, "phone": new.phone.is_some(), "email": new.email.is_some(),
    });
    audit::record(tx, caller, "duty_contact", id, detail);
    Ok(contact)
}
