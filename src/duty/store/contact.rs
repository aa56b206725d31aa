//! Rows of `duty_contact`: addresses are sealed here, and opened by who sends to them.

use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded};
use crate::platform::error::AppError;
use crate::platform::personal::Personal;
use crate::residents::rules::Phone;
use chrono::{DateTime, TimeDelta, Utc};
use entity::duty_contact;
use entity::id::StaffId;
use entity::kind::NoticeChannel;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use serde_json::json;
use std::collections::HashMap;

const PHONE: &str = "duty_contact.phone";
const EMAIL: &str = "duty_contact.email";

/// How somebody is reached on duty, addresses sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Ways in the order in which they are tried.
    pub channels: Vec<NoticeChannel>,
    /// Rises with each change; 0 as long as nobody has said anything.
    pub version: i64,
    phone_sealed: Option<Vec<u8>>,
    email_sealed: Option<Vec<u8>>,
}

impl Default for Contact {
    /// Who has said nothing is reached in the application alone.
    fn default() -> Self {
        Self {
            channels: vec![NoticeChannel::InApp],
            version: 0,
            phone_sealed: None,
            email_sealed: None,
        }
    }
}

impl Contact {
    /// The telephone number in E.164, with `;ext=` where there is an extension.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn phone(&self, vault: &Vault) -> Result<Option<Personal>, AppError> {
        let phone = vault.open_optional(PHONE, self.phone_sealed.as_ref())?;
        Ok(phone.map(Personal::new))
    }

    /// The e-mail address.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn email(&self, vault: &Vault) -> Result<Option<Personal>, AppError> {
        let email = vault.open_optional(EMAIL, self.email_sealed.as_ref())?;
        Ok(email.map(Personal::new))
    }
}

impl From<duty_contact::Model> for Contact {
    fn from(row: duty_contact::Model) -> Self {
        let version = version(row.updated_at);
        let channels: Vec<NoticeChannel> = serde_json::from_value(row.channels).unwrap_or_default();
        Self {
            // Nobody is without any way to be reached.
            channels: if channels.is_empty() {
                vec![NoticeChannel::InApp]
            } else {
                channels
            },
            version,
            phone_sealed: row.phone_sealed,
            email_sealed: row.email_sealed,
        }
    }
}

/// Addresses to be kept.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// The number.
    pub phone: Option<Phone>,
    /// The address, normalised.
    pub email: Option<Personal>,
    /// Ways in order.
    pub channels: Vec<NoticeChannel>,
}

/// How somebody is reached.
///
/// # Errors
/// When the database does not answer.
pub async fn find(conn: &impl ConnectionTrait, id: StaffId) -> Result<Contact, AppError> {
    let row = duty_contact::Entity::find_by_id(id).one(conn).await?;
    Ok(row.map(Contact::from).unwrap_or_default())
}

/// How these people are reached; who has said nothing is not among them.
///
/// # Errors
/// When the database does not answer.
pub async fn of(conn: &impl ConnectionTrait, ids: &[StaffId]) -> Result<HashMap<StaffId, Contact>, AppError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = duty_contact::Entity::find()
        .filter(duty_contact::Column::StaffId.is_in(padded(ids)))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.staff_id, row.into())).collect())
}

/// Writes how somebody is reached, in place of what was known; the caller holds the lock of the person.
///
/// # Errors
/// When the database does not answer.
pub async fn put(tx: &Tx, vault: &Vault, id: StaffId, new: &NewContact) -> Result<Contact, AppError> {
    let there = duty_contact::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?;
    let phone = new
        .phone
        .as_ref()
        .map(|phone| vault.seal_text(PHONE, &phone.canonical()));
    let email = new
        .email
        .as_ref()
        .map(|email| vault.seal_text(EMAIL, email.plain()));
    let (phone, email) = (phone.transpose()?, email.transpose()?);
    let row = match there {
        None => {
            let row = duty_contact::ActiveModel {
                staff_id: Set(id),
                phone_sealed: Set(phone),
                email_sealed: Set(email),
                channels: Set(json!(new.channels)),
                updated_at: Set(tx.now()),
            };
            row.insert(tx).await?
        }
        Some(there) => {
            // The time of the change is the version: two of one moment must differ.
            let at = tx.now().max(there.updated_at + TimeDelta::microseconds(1));
            let mut next = there.into_active_model();
            next.phone_sealed = Set(phone);
            next.email_sealed = Set(email);
            next.channels = Set(json!(new.channels));
            next.updated_at = Set(at);
            next.update(tx).await?
        }
    };
    Ok(row.into())
}

fn version(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}
