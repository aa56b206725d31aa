//! Registering and changing residents, revealing what is masked, naming contacts.

mod contact;
mod register;
mod reveal;
mod update;

use super::store;
use crate::access::authenticate::local_day;
use crate::orgs;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::personal::Personal;
use crate::residents::rules::is_home;
use crate::residents::seal;
pub(super) use contact::{NewContact, add_contact};
use entity::household;
use entity::id::{HouseholdId, UnitId};
pub(super) use register::register;
pub use register::{NewResident, Place, insert, known_or_new};
pub(super) use reveal::{Revelation, reveal};
use sea_orm::ActiveValue::Set;
pub(super) use update::{Change, Edit, update};

/// The unit in which somebody lives or trades: the lowest of the tree, and one that exists today.
async fn place(tx: &Tx, id: UnitId) -> Result<Place, AppError> {
    let unit = match orgs::store::find(tx, id).await {
        Err(error) if error.code() == Code::NotFound => {
            return Err(AppError::field("/unit_id", Rule::Unknown));
        }
        found => found?,
    };
    let today = local_day(tx.now());
    if !is_home(unit.kind) || unit.valid_from > today || unit.valid_to.is_some_and(|last| last < today) {
        return Err(AppError::field(
            "/unit_id",
            Rule::Form("a community, village or grid of today"),
        ));
    }
    Ok(Place {
        id: unit.id,
        path: unit.path,
    })
}

/// The household of an address within a unit; made when nobody of it is known yet.
async fn household(
    tx: &Tx,
    vault: &Vault,
    address: Option<&Personal>,
    unit: Option<UnitId>,
) -> Result<Option<HouseholdId>, AppError> {
    let Some(address) = address else { return Ok(None) };
    let index = seal::address_index(vault, address);
    if let Some(known) = store::household_at(tx, &index, unit).await? {
        return Ok(Some(known.id));
    }
    let row = household::ActiveModel {
        id: Set(tx.ids().id()),
        address_sealed: Set(vault.seal_text(seal::HOUSEHOLD_ADDRESS, address.plain())?),
        address_index: Set(index),
        unit_id: Set(unit),
        created_at: Set(tx.now()),
    };
    Ok(Some(store::insert_household(tx, row).await?.id))
}
