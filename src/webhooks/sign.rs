//! Secrets of webhooks, and signing with them (Standard Webhooks: `v1` by HMAC-SHA256, `v1a` by Ed25519).

use crate::platform::crypto::signed::{SECRET_PREFIX, Signed};
use crate::platform::crypto::signer::ed25519;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::AppError;
use crate::platform::id::fill;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use entity::kind::Signing;
use entity::webhook;

const SECRET: &str = "webhook.secret";
const PUBLIC_PREFIX: &str = "whpk_";

/// A new secret: as it is kept, and as it is told. Of a key pair the other system is told the public part alone.
pub struct NewSecret {
    /// Sealed.
    pub sealed: Vec<u8>,
    /// `whsec_…` to be kept secret, or `whpk_…`.
    pub told: String,
}

impl NewSecret {
    /// Makes one.
    ///
    /// # Errors
    /// When it can't be made or sealed.
    pub fn make(vault: &Vault, signing: Signing) -> Result<Self, AppError> {
        let (bytes, told) = match signing {
            Signing::Hmac => {
                let mut bytes = vec![0; 32];
                fill(&mut bytes);
                let told = format!("{SECRET_PREFIX}{}", STANDARD.encode(&bytes));
                (bytes, told)
            }
            Signing::Ed25519 => {
                let (private, public) = ed25519::generate()?;
                (private, format!("{PUBLIC_PREFIX}{}", STANDARD.encode(public)))
            }
        };
        Ok(Self {
            sealed: vault.seal(SECRET, &bytes)?,
            told,
        })
    }
}

/// The public part of a webhook's key; none where it has a secret.
///
/// # Errors
/// When the key can't be opened.
pub fn public_key(vault: &Vault, row: &webhook::Model) -> Result<Option<String>, AppError> {
    match row.signing {
        Signing::Hmac => Ok(None),
        Signing::Ed25519 => {
            let public = ed25519::public(&vault.open(SECRET, &row.secret_sealed)?)?;
            Ok(Some(format!("{PUBLIC_PREFIX}{}", STANDARD.encode(public))))
        }
    }
}

/// The signatures of a message: by the secret, and by the one before it as long as that is good.
///
/// # Errors
/// When a secret can't be opened.
pub fn signatures(
    vault: &Vault,
    row: &webhook::Model,
    signed: &Signed<'_>,
    now: DateTime<Utc>,
) -> Result<String, AppError> {
    let former = row
        .former_sealed
        .as_ref()
        .filter(|_| row.former_until.is_some_and(|until| now < until));
    let mut all = Vec::new();
    for sealed in [Some(&row.secret_sealed), former].into_iter().flatten() {
        let bytes = vault.open(SECRET, sealed)?;
        all.push(match row.signing {
            Signing::Hmac => signed.sign(&bytes),
            Signing::Ed25519 => format!("v1a,{}", STANDARD.encode(ed25519::sign(&bytes, &signed.bytes())?)),
        });
    }
    Ok(all.join(" "))
}
