//! Registering somebody.

use super::{household, place};
use crate::access::permit::Caller;
use crate::access::{Acting, Op};
use crate::ledger::audit;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Rule};
use crate::platform::personal::Personal;
use crate::residents::rules::{IdNumber, Phone};
use crate::residents::{queries, seal, store};
use chrono::{DateTime, Utc};
use entity::id::{ResidentId, UnitId};
use entity::kind::ResidentKind;
use entity::resident;
use sea_orm::ActiveValue::Set;
use serde_json::json;
use std::sync::Arc;

/// The unit in which somebody lives or trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Key.
    pub id: UnitId,
    /// The unit's path.
    pub path: String,
}

/// Somebody to be registered: values that were parsed.
#[derive(Clone, Debug)]
pub struct NewResident {
    /// Person or merchant.
    pub kind: ResidentKind,
    /// Name.
    pub name: Option<Personal>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// Identity number.
    pub id_number: Option<IdNumber>,
    /// E-mail address, as [`crate::residents::rules::parse_email`] gives it.
    pub email: Option<Personal>,
    /// Address; the household follows from it.
    pub address: Option<Personal>,
    /// The community.
    pub place: Option<Place>,
    /// Labels.
    pub labels: Vec<String>,
    /// Hash of a password, for those who log in with one.
    pub password_hash: Option<String>,
    /// When the person has shown to hold the number.
    pub phone_verified_at: Option<DateTime<Utc>>,
    /// Made for demonstration.
    pub synthetic: bool,
}

impl NewResident {
    /// Somebody of whom nothing is known yet.
    #[must_use]
    pub fn of(kind: ResidentKind) -> Self {
        Self {
            kind,
            name: None,
            phone: None,
            id_number: None,
            email: None,
            address: None,
            place: None,
            labels: Vec::new(),
            password_hash: None,
            phone_verified_at: None,
            synthetic: false,
        }
    }
}

/// Registers somebody for a member of staff.
///
/// # Errors
/// `Forbidden` outside the caller's reach; `InvalidInput` when the unit does not fit or the identity number is
/// known already.
pub async fn register(
    tx: &Tx,
    (vault, caller, unit_id, new): &(Arc<Vault>, Caller, Option<UnitId>, NewResident),
) -> Result<(resident::Model, Acting), AppError> {
    let place = match unit_id {
        Some(id) => Some(place(tx, *id).await?),
        None => None,
    };
    // Who works for one unit would lose sight of somebody who belongs to none.
    if place.is_none() && caller.reach().districts.is_empty() {
        return Err(AppError::field("/unit_id", Rule::Required));
    }
    let path = place.as_ref().map(|place| place.path.as_str());
    let acting = caller.decide(Op::ListUnits, &queries::facts_at(caller, path))?;
    if let Some(number) = &new.id_number {
        refuse_taken(tx, vault, number, None).await?;
    }
    let new = NewResident { place, ..new.clone() };
    let row = insert(tx, vault, &new).await?;
    audit::record(
        tx,
        caller,
        "resident",
        row.id,
        json!({ "kind": row.kind, "unit": row.unit_path }),
    );
    Ok((row, acting))
}

/// Refuses an identity number that somebody else has. Of two at once one takes it and the other is refused.
///
/// # Errors
/// `InvalidInput`.
pub(super) async fn refuse_taken(
    tx: &Tx,
    vault: &Vault,
    number: &IdNumber,
    own: Option<ResidentId>,
) -> Result<(), AppError> {
    tx.one_at_a_time(&seal::id_number_index(vault, number)).await?;
    let known = store::by_id_number(tx, vault, number).await?;
    if known.iter().any(|other| Some(other.id) != own) {
        return Err(AppError::field("/id_number", Rule::Taken));
    }
    Ok(())
}

/// The people of a number; who is new is registered with it. Of two at once one registers and the other finds.
///
/// # Errors
/// When the database does not answer.
pub async fn known_or_new(
    tx: &Tx,
    vault: &Vault,
    phone: &Phone,
    new: &NewResident,
) -> Result<Vec<resident::Model>, AppError> {
    let found = store::by_phone(tx, vault, phone).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    tx.one_at_a_time(&seal::phone_index(vault, phone)).await?;
    let found = store::by_phone(tx, vault, phone).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    Ok(vec![insert(tx, vault, new).await?])
}

/// Writes somebody new and joins the household of the address, or makes one. It asks neither the policy nor whether
/// the person is known: that is the caller's part.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, vault: &Vault, new: &NewResident) -> Result<resident::Model, AppError> {
    let unit = new.place.as_ref().map(|place| place.id);
    let household_id = household(tx, vault, new.address.as_ref(), unit).await?;
    let (phone_sealed, phone_index) = seal::phone(vault, new.phone.as_ref())?;
    let (id_number_sealed, id_number_index) = seal::id_number(vault, new.id_number.as_ref())?;
    let (email_sealed, email_index) = seal::email(vault, new.email.as_ref())?;
    let (address_sealed, address_index) = seal::address(vault, new.address.as_ref())?;
    let row = resident::ActiveModel {
        id: Set(tx.ids().id()),
        kind: Set(new.kind),
        name_sealed: Set(seal::name(vault, new.name.as_ref())?),
        phone_sealed: Set(phone_sealed),
        phone_index: Set(phone_index),
        id_number_sealed: Set(id_number_sealed),
        id_number_index: Set(id_number_index),
        email_sealed: Set(email_sealed),
        email_index: Set(email_index),
        address_sealed: Set(address_sealed),
        address_index: Set(address_index),
        unit_id: Set(unit),
        unit_path: Set(new.place.as_ref().map(|place| place.path.clone())),
        household_id: Set(household_id),
        labels: Set(json!(new.labels)),
        preference: Set(None),
        password_hash: Set(new.password_hash.clone()),
        phone_verified_at: Set(new.phone_verified_at),
        disabled_at: Set(None),
        synthetic: Set(new.synthetic),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    store::insert(tx, row).await
}
