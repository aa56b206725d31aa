//! Changing what is known of somebody.

use super::register::refuse_taken;
use super::{Place, household, place};
use crate::access::permit::Caller;
use crate::access::{Acting, Op};
use crate::ledger::audit;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::http::etag::IfMatch;
use crate::platform::personal::Personal;
use crate::residents::preference::Preference;
use crate::residents::rules::{IdNumber, Phone};
use crate::residents::{queries, seal, store};
use entity::id::{HouseholdId, ResidentId, UnitId};
use entity::kind::Role;
use entity::resident;
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel;
use serde_json::json;
use std::sync::Arc;

/// What to do with a value that may be absent.
#[derive(Clone, Debug, Default)]
pub enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is removed.
    Clear,
    /// It is replaced.
    Set(T),
}

impl<T> Edit<T> {
    /// Whether the value changes.
    fn changes(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// The new value.
    fn value(&self) -> Option<&T> {
        match self {
            Self::Keep | Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// What of a resident changes.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<Personal>,
    pub phone: Edit<Phone>,
    pub id_number: Edit<IdNumber>,
    pub email: Edit<Personal>,
    pub address: Edit<Personal>,
    pub unit_id: Option<UnitId>,
    pub labels: Option<Vec<String>>,
    pub preference: Option<Preference>,
}

impl Change {
    /// The names of what changes.
    fn fields(&self) -> Vec<&'static str> {
        [
            ("name", self.name.is_some()),
            ("phone", self.phone.changes()),
            ("id_number", self.id_number.changes()),
            ("email", self.email.changes()),
            ("address", self.address.changes()),
            ("unit_id", self.unit_id.is_some()),
            ("labels", self.labels.is_some()),
            ("preference", self.preference.is_some()),
        ]
        .into_iter()
        .filter(|(_, changes)| *changes)
        .map(|(name, _)| name)
        .collect()
    }
}

/// Changes a resident. Residents themselves change name, e-mail, address and how they want to be reached: by number and
/// identity number they are known, and labels are what staff found.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`, `InvalidInput`.
pub async fn update(
    tx: &Tx,
    (vault, caller, id, version, change): &(Arc<Vault>, Caller, ResidentId, IfMatch, Change),
) -> Result<(resident::Model, Acting), AppError> {
    let row = store::lock(tx, *id).await?;
    let acting = queries::allow(caller, &row)?;
    let fields = change.fields();
    if acting.role == Role::Resident {
        only_own(&fields)?;
    }
    if change.preference.is_some() && matches!(acting.role, Role::Handler | Role::UnitLead) {
        // Whoever is rated does not say when one may ask.
        return Err(AppError::new(Code::Forbidden).say(
            "联系偏好由本人或热线设置",
            "When and how somebody is reached is theirs, or the hotline's, to say",
        ));
    }
    version.check(row.version)?;
    if fields.is_empty() {
        return Ok((row, acting));
    }
    let mut next = row.clone().into_active_model();
    fill(tx, vault, &mut next, &row, change).await?;
    let place = moved(tx, caller, &row, change).await?;
    if let Some(place) = &place {
        next.unit_id = Set(Some(place.id));
        next.unit_path = Set(Some(place.path.clone()));
    }
    if place.is_some() || change.address.changes() {
        let unit = place.map(|place| place.id).or(row.unit_id);
        next.household_id = Set(joined(tx, vault, &row, change, unit, acting.role).await?);
    }
    next.version = Set(row.version + 1);
    next.updated_at = Set(tx.now());
    let row = store::update(tx, next).await?;
    let detail = json!({ "version": row.version, "fields": fields });
    audit::record(tx, caller, "resident", row.id, detail);
    Ok((row, acting))
}

fn only_own(fields: &[&'static str]) -> Result<(), AppError> {
    let refused: Vec<&str> = fields
        .iter()
        .filter(|field| !["name", "email", "address", "preference"].contains(field))
        .copied()
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let names = refused.join(", ");
    Err(AppError::new(Code::Forbidden).say(
        format!("本人不能自行修改：{names}，请联系社区或热线"),
        format!("Residents can't change this themselves: {names}"),
    ))
}

/// Seals the new values.
async fn fill(
    tx: &Tx,
    vault: &Vault,
    next: &mut resident::ActiveModel,
    row: &resident::Model,
    change: &Change,
) -> Result<(), AppError> {
    if let Some(name) = &change.name {
        next.name_sealed = Set(seal::name(vault, Some(name))?);
    }
    if change.phone.changes() {
        let phone = change.phone.value();
        let (sealed, index) = seal::phone(vault, phone)?;
        if index != row.phone_index {
            next.phone_verified_at = Set(None);
        }
        next.phone_sealed = Set(sealed);
        next.phone_index = Set(index);
    }
    if change.id_number.changes() {
        let number = change.id_number.value();
        if let Some(number) = number {
            refuse_taken(tx, vault, number, Some(row.id)).await?;
        }
        let (sealed, index) = seal::id_number(vault, number)?;
        next.id_number_sealed = Set(sealed);
        next.id_number_index = Set(index);
    }
    if change.email.changes() {
        let email = change.email.value();
        let (sealed, index) = seal::email(vault, email)?;
        next.email_sealed = Set(sealed);
        next.email_index = Set(index);
    }
    if change.address.changes() {
        let address = change.address.value();
        let (sealed, index) = seal::address(vault, address)?;
        next.address_sealed = Set(sealed);
        next.address_index = Set(index);
    }
    if let Some(labels) = &change.labels {
        next.labels = Set(json!(labels));
    }
    if let Some(preference) = &change.preference {
        next.preference = Set(Some(json!(preference)));
    }
    Ok(())
}

/// The unit to which somebody moves; the caller must reach it too.
async fn moved(
    tx: &Tx,
    caller: &Caller,
    row: &resident::Model,
    change: &Change,
) -> Result<Option<Place>, AppError> {
    let Some(id) = change.unit_id.filter(|id| Some(*id) != row.unit_id) else {
        return Ok(None);
    };
    let place = place(tx, id).await?;
    caller.decide(Op::ListUnits, &queries::facts_at(caller, Some(&place.path)))?;
    Ok(Some(place))
}

/// The household after a move. On a resident's own word nobody joins the household of others: its members are shown
/// to whoever answers the telephone.
async fn joined(
    tx: &Tx,
    vault: &Vault,
    row: &resident::Model,
    change: &Change,
    unit: Option<UnitId>,
    role: Role,
) -> Result<Option<HouseholdId>, AppError> {
    let sealed = row.address_sealed.as_ref();
    let address = if change.address.changes() {
        change.address.value().cloned()
    } else {
        vault.open_optional(seal::ADDRESS, sealed)?.map(Personal::new)
    };
    let same = address
        .as_ref()
        .is_some_and(|address| row.address_index.as_ref() == Some(&seal::address_index(vault, address)));
    match role {
        Role::Resident if same => Ok(row.household_id),
        Role::Resident => Ok(None),
        _ => household(tx, vault, address.as_ref(), unit).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residents_change_what_is_theirs_to_tell() {
        assert!(only_own(&["name", "email", "address"]).is_ok());
        assert!(only_own(&[]).is_ok());
        for field in ["phone", "id_number", "labels", "unit_id"] {
            let refused = only_own(&["name", field]).unwrap_err();
            assert_eq!(refused.code(), Code::Forbidden, "{field}");
        }
    }

    #[test]
    fn a_change_names_its_fields() {
        let change = Change {
            email: Edit::Clear,
            labels: Some(Vec::new()),
            ..Change::default()
        };
        assert_eq!(change.fields(), vec!["email", "labels"]);
        assert!(Change::default().fields().is_empty());
    }
}
