//! Rows as they are shown: plain, masked or not at all.

use super::dto::{ContactOut, RegisteredPersonOut, ResidentOut, RevealField, RevealedResidentOut};
use super::preference::Preference;
use super::rules::{mask_canonical, mask_email, sees_labels};
use super::seal;
use crate::access::policy::{Sight, identity_sight};
use crate::platform::crypto::vault::Vault;
use crate::platform::error::AppError;
use crate::platform::personal::{mask_middle, mask_name};
use entity::kind::Role;
use entity::{resident, resident_contact};

/// Who somebody is, as far as it may be shown. Labels are left out: see [`RegisteredPersonOut::labelled`].
///
/// # Errors
/// When a value can't be opened.
pub fn masked(vault: &Vault, row: &resident::Model, sight: Sight) -> Result<RegisteredPersonOut, AppError> {
    let seen = sight != Sight::Hidden;
    let name = opened(vault, sight, seal::NAME, row.name_sealed.as_ref())?;
    let phone = opened(vault, sight, seal::PHONE, row.phone_sealed.as_ref())?;
    Ok(RegisteredPersonOut {
        id: seen.then_some(row.id),
        kind: seen.then_some(row.kind),
        name: name.map(|name| shown(sight, name, mask_name)),
        phone: phone.map(|phone| shown(sight, phone, mask_canonical)),
        labels: None,
    })
}

/// Name and number as they are: to write them where they belong, never to show them.
///
/// # Errors
/// When a value can't be opened.
pub fn plain(vault: &Vault, row: &resident::Model) -> Result<(Option<String>, Option<String>), AppError> {
    let person = masked(vault, row, Sight::Full)?;
    Ok((person.name, person.phone))
}

/// The e-mail address as it is: to send a message there.
///
/// # Errors
/// When it can't be opened.
pub fn plain_email(vault: &Vault, row: &resident::Model) -> Result<Option<String>, AppError> {
    vault.open_optional(seal::EMAIL, row.email_sealed.as_ref())
}

/// A resident as a role sees it. `place` is the community's name, all that is shown of a masked address.
pub(super) fn whole(
    vault: &Vault,
    row: &resident::Model,
    contacts: &[resident_contact::Model],
    place: Option<String>,
    role: Role,
) -> Result<ResidentOut, AppError> {
    let sight = identity_sight(role, false);
    let person = masked(vault, row, sight)?;
    let id_number = opened(vault, sight, seal::ID_NUMBER, row.id_number_sealed.as_ref())?;
    let email = opened(vault, sight, seal::EMAIL, row.email_sealed.as_ref())?;
    let address = match sight {
        Sight::Full => vault.open_optional(seal::ADDRESS, row.address_sealed.as_ref())?,
        Sight::Masked => place,
        Sight::Hidden => None,
    };
    let contacts = match sight {
        Sight::Hidden => Vec::new(),
        _ => contacts
            .iter()
            .map(|row| contact(vault, row, sight))
            .collect::<Result<_, _>>()?,
    };
    Ok(ResidentOut {
        id: row.id,
        kind: row.kind,
        name: person.name,
        phone: person.phone,
        phone_verified: row.phone_verified_at.is_some(),
        id_number: id_number.map(|number| shown(sight, number, |number| mask_middle(number, 4, 2))),
        email: email.map(|email| shown(sight, email, mask_email)),
        address,
        unit_id: row.unit_id,
        household_id: row.household_id,
        preference: Preference::of(row),
        labels: sees_labels(role).then(|| labels(row)),
        contacts,
        synthetic: row.synthetic,
        version: row.version,
    })
}

/// A contact.
pub(super) fn contact(
    vault: &Vault,
    row: &resident_contact::Model,
    sight: Sight,
) -> Result<ContactOut, AppError> {
    let name = vault.open_text(seal::CONTACT_NAME, &row.name_sealed)?;
    let phone = vault.open_text(seal::CONTACT_PHONE, &row.phone_sealed)?;
    Ok(ContactOut {
        id: row.id,
        name: shown(sight, name, mask_name),
        phone: shown(sight, phone, mask_canonical),
        relation: row.relation.clone(),
        may_act: row.may_act,
        consent_at: row.may_act.then_some(row.consent_at),
    })
}

/// The plain values that were asked for.
pub(super) fn revealed(
    vault: &Vault,
    row: &resident::Model,
    fields: &[RevealField],
) -> Result<RevealedResidentOut, AppError> {
    let open = |field, label, sealed: &Option<Vec<u8>>| {
        let asked = fields.contains(&field).then_some(sealed.as_ref()).flatten();
        vault.open_optional(label, asked)
    };
    Ok(RevealedResidentOut {
        name: open(RevealField::Name, seal::NAME, &row.name_sealed)?,
        phone: open(RevealField::Phone, seal::PHONE, &row.phone_sealed)?,
        id_number: open(RevealField::IdNumber, seal::ID_NUMBER, &row.id_number_sealed)?,
        email: open(RevealField::Email, seal::EMAIL, &row.email_sealed)?,
        address: open(RevealField::Address, seal::ADDRESS, &row.address_sealed)?,
    })
}

/// The labels of a row.
pub(super) fn labels(row: &resident::Model) -> Vec<String> {
    serde_json::from_value(row.labels.clone()).unwrap_or_default()
}

/// What is hidden is not even opened.
fn opened(
    vault: &Vault,
    sight: Sight,
    label: &str,
    sealed: Option<&Vec<u8>>,
) -> Result<Option<String>, AppError> {
    match sight {
        Sight::Hidden => Ok(None),
        Sight::Full | Sight::Masked => vault.open_optional(label, sealed),
    }
}

fn shown(sight: Sight, plain: String, mask: impl FnOnce(&str) -> String) -> String {
    match sight {
        Sight::Full => plain,
        Sight::Masked => mask(&plain),
        Sight::Hidden => String::new(),
    }
}
