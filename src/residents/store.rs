//! Rows of `resident`, `household` and `resident_contact`.

use super::preference::Preference;
use super::rules::{IdNumber, Phone};
use super::seal;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::db::padded;
use crate::platform::error::{AppError, Code};
use crate::platform::personal::Personal;
use entity::id::{HouseholdId, ResidentId, UnitId};
use entity::{household, resident, resident_contact};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::HashMap;

/// Rows that a search finds at most.
const ROWS_MAX: u64 = 100;

/// A resident.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: ResidentId) -> Result<resident::Model, AppError> {
    resident::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A resident, locked until the end of the transaction: of two changes of one version the second is refused.
///
/// # Errors
/// `NotFound`.
pub(super) async fn lock(tx: &Tx, id: ResidentId) -> Result<resident::Model, AppError> {
    resident::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Residents with this number, oldest first, also those whose account is disabled: a number is not unique.
///
/// # Errors
/// When the database does not answer.
pub async fn by_phone(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    phone: &Phone,
) -> Result<Vec<resident::Model>, AppError> {
    let index = seal::phone_index(vault, phone);
    found_by(conn, resident::Column::PhoneIndex.eq(index)).await
}

/// Residents with this identity number.
///
/// # Errors
/// When the database does not answer.
pub async fn by_id_number(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    number: &IdNumber,
) -> Result<Vec<resident::Model>, AppError> {
    let index = seal::id_number_index(vault, number);
    found_by(conn, resident::Column::IdNumberIndex.eq(index)).await
}

/// Residents at this address.
///
/// # Errors
/// When the database does not answer.
pub async fn by_address(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    address: &Personal,
) -> Result<Vec<resident::Model>, AppError> {
    let index = seal::address_index(vault, address);
    found_by(conn, resident::Column::AddressIndex.eq(index)).await
}

/// Residents of these households.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn in_households(
    conn: &impl ConnectionTrait,
    households: Vec<HouseholdId>,
) -> Result<Vec<resident::Model>, AppError> {
    if households.is_empty() {
        return Ok(Vec::new());
    }
    found_by(conn, resident::Column::HouseholdId.is_in(households)).await
}

/// Residents by their keys.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn by_ids(
    conn: &impl ConnectionTrait,
    ids: Vec<ResidentId>,
) -> Result<Vec<resident::Model>, AppError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    found_by(conn, resident::Column::Id.is_in(ids)).await
}

async fn found_by(
    conn: &impl ConnectionTrait,
    what: sea_orm::sea_query::SimpleExpr,
) -> Result<Vec<resident::Model>, AppError> {
    let rows = resident::Entity::find()
        .filter(what)
        .order_by_asc(resident::Column::Id)
        .limit(ROWS_MAX)
        .all(conn)
        .await?;
    Ok(rows)
}

/// For whom somebody who calls from this number may act.
///
/// # Errors
/// When the database does not answer.
pub async fn may_act_for(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    phone: &Phone,
) -> Result<Vec<ResidentId>, AppError> {
    let mut ids: Vec<ResidentId> = actors_at(conn, vault, phone)
        .await?
        .into_iter()
        .map(|contact| contact.resident_id)
        .collect();
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Contacts with this number who may act.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn actors_at(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    phone: &Phone,
) -> Result<Vec<resident_contact::Model>, AppError> {
    let rows = resident_contact::Entity::find()
        .filter(resident_contact::Column::PhoneIndex.eq(seal::phone_index(vault, phone)))
        .filter(resident_contact::Column::MayAct.eq(true))
        .order_by_asc(resident_contact::Column::Id)
        .limit(ROWS_MAX)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A resident's contacts, oldest first.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn contacts_of(
    conn: &impl ConnectionTrait,
    id: ResidentId,
) -> Result<Vec<resident_contact::Model>, AppError> {
    let rows = resident_contact::Entity::find()
        .filter(resident_contact::Column::ResidentId.eq(id))
        .order_by_asc(resident_contact::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// How many contacts a resident has.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn count_contacts(conn: &impl ConnectionTrait, id: ResidentId) -> Result<u64, AppError> {
    let count = resident_contact::Entity::find()
        .filter(resident_contact::Column::ResidentId.eq(id))
        .count(conn)
        .await?;
    Ok(count)
}

/// The household at an address of a unit. The unit counts: a house number alone is found in many.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn household_at(
    conn: &impl ConnectionTrait,
    address_index: &[u8],
    unit: Option<UnitId>,
) -> Result<Option<household::Model>, AppError> {
    let here = match unit {
        Some(unit) => household::Column::UnitId.eq(unit),
        None => household::Column::UnitId.is_null(),
    };
    let row = household::Entity::find()
        .filter(household::Column::AddressIndex.eq(address_index.to_vec()))
        .filter(here)
        .order_by_asc(household::Column::Id)
        .one(conn)
        .await?;
    Ok(row)
}

/// Writes a new resident.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn insert(tx: &Tx, row: resident::ActiveModel) -> Result<resident::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes a changed resident.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn update(tx: &Tx, row: resident::ActiveModel) -> Result<resident::Model, AppError> {
    Ok(row.update(tx).await?)
}

/// Writes a new household.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn insert_household(
    tx: &Tx,
    row: household::ActiveModel,
) -> Result<household::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes a new contact.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn insert_contact(
    tx: &Tx,
    row: resident_contact::ActiveModel,
) -> Result<resident_contact::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// How several people want to be reached; those who said nothing are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn preferences(
    conn: &impl ConnectionTrait,
    ids: &[ResidentId],
) -> Result<HashMap<ResidentId, Preference>, AppError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(ResidentId, Option<serde_json::Value>)> = resident::Entity::find()
        .select_only()
        .columns([resident::Column::Id, resident::Column::Preference])
        .filter(resident::Column::Id.is_in(padded(ids)))
        .filter(resident::Column::Preference.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    let read = |(id, kept): (ResidentId, Option<serde_json::Value>)| {
        let preference = serde_json::from_value(kept?).ok()?;
        Some((id, preference))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
