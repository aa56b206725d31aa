//! Changing settings, and the record of a new key.

use super::dto::KeyOut;
use super::rules::Known;
use crate::access::permit::Caller;
use crate::access::tokens::{self, NewKey};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::{settings, sla};
use entity::setting;
use serde_json::{Value, json};

/// Gives a setting another value.
///
/// # Errors
/// `StaleVersion`.
pub async fn put_setting(
    tx: &Tx,
    (caller, known, version, value): &(Caller, Known, IfMatch, Value),
) -> Result<setting::Model, AppError> {
    // First, as it locks a row that is always there: of two who put the same new setting, one must be told.
    settings::store::touch_reference(tx).await?;
    let row = settings::store::get(tx, known.id()).await?;
    version.check(row.map_or(0, |row| row.version))?;
    settings::store::put(tx, known.id(), value.clone()).await?;
    if known.id() == sla::store::WORKING_HOURS {
        sla::store::recount(tx).await?;
    }
    let row = settings::store::get(tx, known.id())
        .await?
        .ok_or_else(|| AppError::new(Code::Internal))?;
    audit::record(
        tx,
        caller,
        "setting",
        &row.id,
        json!({ "value": row.value, "version": row.version }),
    );
    Ok(row)
}

/// Stores a new key.
///
/// # Errors
/// When the database does not answer.
pub async fn rotate_key(tx: &Tx, (caller, key): &(Caller, NewKey)) -> Result<Answer<KeyOut>, AppError> {
    tokens::store_key(tx, key).await?;
    audit::record(tx, caller, "signing_key", key.id(), json!({}));
    Answer::ok(&KeyOut {
        kid: key.id().to_owned(),
    })
}
