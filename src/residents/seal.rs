//! What is sealed under which label, and what is found by which index: the one place that names them.

use super::rules::{IdNumber, Phone, normal_address};
use crate::platform::crypto::vault::Vault;
use crate::platform::error::AppError;
use crate::platform::personal::Personal;

pub(super) const NAME: &str = "resident.name";
pub(super) const PHONE: &str = "resident.phone";
pub(super) const ID_NUMBER: &str = "resident.id_number";
pub(super) const EMAIL: &str = "resident.email";
pub(super) const ADDRESS: &str = "resident.address";
pub(super) const HOUSEHOLD_ADDRESS: &str = "household.address";
pub(super) const CONTACT_NAME: &str = "resident_contact.name";
pub(super) const CONTACT_PHONE: &str = "resident_contact.phone";

/// A sealed value and its blind index, or neither.
pub(super) type Sealed = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Seals a name.
pub(super) fn name(vault: &Vault, name: Option<&Personal>) -> Result<Option<Vec<u8>>, AppError> {
    name.map(|name| vault.seal_text(NAME, name.plain())).transpose()
}

/// Seals a telephone number.
pub(super) fn phone(vault: &Vault, phone: Option<&Phone>) -> Result<Sealed, AppError> {
    let Some(phone) = phone else {
        return Ok((None, None));
    };
    let sealed = vault.seal_text(PHONE, &phone.canonical())?;
    Ok((Some(sealed), Some(phone_index(vault, phone))))
}

/// Seals an identity number.
pub(super) fn id_number(vault: &Vault, number: Option<&IdNumber>) -> Result<Sealed, AppError> {
    let Some(number) = number else {
        return Ok((None, None));
    };
    let sealed = vault.seal_text(ID_NUMBER, number.plain())?;
    Ok((Some(sealed), Some(id_number_index(vault, number))))
}

/// Seals a normalised e-mail address.
pub(super) fn email(vault: &Vault, email: Option<&Personal>) -> Result<Sealed, AppError> {
    let Some(email) = email else {
        return Ok((None, None));
    };
    let sealed = vault.seal_text(EMAIL, email.plain())?;
    Ok((Some(sealed), Some(vault.index("email", email.plain()))))
}

/// Seals an address as it was told; its index is that of the normal form.
pub(super) fn address(vault: &Vault, address: Option<&Personal>) -> Result<Sealed, AppError> {
    let Some(address) = address else {
        return Ok((None, None));
    };
    let sealed = vault.seal_text(ADDRESS, address.plain())?;
    Ok((Some(sealed), Some(address_index(vault, address))))
}

/// The index of a telephone number, of residents and contacts alike.
pub(super) fn phone_index(vault: &Vault, phone: &Phone) -> Vec<u8> {
    vault.index("phone", &phone.canonical())
}

/// The index of an identity number.
pub(super) fn id_number_index(vault: &Vault, number: &IdNumber) -> Vec<u8> {
    vault.index("id_number", number.plain())
}

/// The index of an address, of residents and households alike.
pub(super) fn address_index(vault: &Vault, address: &Personal) -> Vec<u8> {
    vault.index("address", &normal_address(address.plain()))
}
