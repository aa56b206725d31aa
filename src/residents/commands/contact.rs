//! Naming somebody to turn to.

use crate::access::Acting;
use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::personal::Personal;
use crate::residents::rules::Phone;
use crate::residents::{queries, seal, store};
use entity::id::ResidentId;
use entity::resident_contact;
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel;
use serde_json::json;
use std::sync::Arc;

/// Contacts that one resident has at most.
const CONTACTS_MAX: u64 = 20;

/// Somebody to turn to.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// Name.
    pub name: Personal,
    /// Telephone number.
    pub phone: Phone,
    /// What the contact is to the resident.
    pub relation: String,
    /// Whether the contact may act for the resident, who has agreed.
    pub may_act: bool,
}

/// Adds a contact. The resident's version rises, since contacts are part of what is read.
///
/// # Errors
/// `NotFound`, `Forbidden`; `Conflict` when there are too many already.
pub async fn add_contact(
    tx: &Tx,
    (vault, caller, id, new): &(Arc<Vault>, Caller, ResidentId, NewContact),
) -> Result<(resident_contact::Model, Acting), AppError> {
    let resident = store::lock(tx, *id).await?;
    let acting = queries::allow(caller, &resident)?;
    if store::count_contacts(tx, resident.id).await? >= CONTACTS_MAX {
        return Err(AppError::new(Code::Conflict).say(
            format!("联系人最多 {CONTACTS_MAX} 位"),
            format!("At most {CONTACTS_MAX} contacts"),
        ));
    }
    let row = resident_contact::ActiveModel {
        id: Set(tx.ids().id()),
        resident_id: Set(resident.id),
        name_sealed: Set(vault.seal_text(seal::CONTACT_NAME, new.name.plain())?),
        phone_sealed: Set(vault.seal_text(seal::CONTACT_PHONE, &new.phone.canonical())?),
        phone_index: Set(seal::phone_index(vault, &new.phone)),
        relation: Set(new.relation.clone()),
        may_act: Set(new.may_act),
        // Read only of those who may act; the column wants a time of everybody.
        consent_at: Set(tx.now()),
        created_at: Set(tx.now()),
    };
    let row = store::insert_contact(tx, row).await?;
    let mut next = resident.clone().into_active_model();
    next.version = Set(resident.version + 1);
    next.updated_at = Set(tx.now());
    store::update(tx, next).await?;
    audit::record(
        tx,
        caller,
        "resident",
        resident.id,
        json!({ "contact": row.id, "may_act": row.may_act }),
    );
    Ok((row, acting))
}
