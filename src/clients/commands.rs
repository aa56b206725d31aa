//! Making and revoking clients.

use super::store;
use crate::access::Op;
use crate::access::authenticate::{CLIENT_TOKEN_PREFIX, local_day};
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::audit;
use crate::orgs;
use crate::platform::crypto::sha256;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use chrono::{DateTime, Utc};
use entity::api_client;
use entity::id::{ClientId, UnitId};
use entity::kind::Channel;
use sea_orm::ActiveValue::Set;
use serde_json::json;

/// A client to be made.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Name.
    pub name: String,
    /// The channel that its tickets come by.
    pub channel: Channel,
    /// Where it may register tickets.
    pub unit_id: UnitId,
    /// When its token ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a client; its token is nowhere but in the answer.
///
/// # Errors
/// `InvalidInput` when the unit or the end won't do; `NotFound` for a unit out of reach.
pub async fn create(
    tx: &Tx,
    (caller, new): &(Caller, NewClient),
) -> Result<(api_client::Model, String), AppError> {
    let unit = orgs::store::find(tx, new.unit_id)
        .await
        .map_err(|error| match error.code() {
            Code::NotFound => AppError::field("/unit_id", Rule::Unknown),
            _ => error,
        })?;
    decide_at(caller, &unit.path)?;
    if unit.valid_to.is_some_and(|last| last < local_day(tx.now())) {
        return Err(AppError::field(
            "/unit_id",
            Rule::Form("a unit that still exists"),
        ));
    }
    if new.expires_at.is_some_and(|end| end <= tx.now()) {
        return Err(AppError::field("/expires_at", Rule::Form("an instant to come")));
    }
    let token = format!("{CLIENT_TOKEN_PREFIX}{}", tx.ids().secret());
    let row = api_client::ActiveModel {
        id: Set(tx.ids().id()),
        name: Set(new.name.clone()),
        token_hash: Set(sha256(&[token.as_bytes()])),
        channel: Set(new.channel),
        unit_id: Set(unit.id),
        unit_path: Set(unit.path),
        created_at: Set(tx.now()),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
        version: Set(1),
    };
    let row = store::insert(tx, row).await?;
    audit::record(
        tx,
        caller,
        "api_client",
        row.id,
        json!({
            "name": row.name,
            "channel": row.channel,
            "unit": row.unit_id,
            "expires_at": row.expires_at,
        }),
    );
    Ok((row, token))
}

/// Revokes a client: its token is refused from now on. Done already, nothing happens.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(tx: &Tx, (caller, id): &(Caller, ClientId)) -> Result<(), AppError> {
    let row = store::lock(tx, *id).await?;
    decide_at(caller, &row.unit_path)?;
    if row.revoked_at.is_some() {
        return Ok(());
    }
    let row = store::revoke(tx, row).await?;
    audit::record(tx, caller, "api_client", row.id, json!({ "name": row.name }));
    Ok(())
}

fn decide_at(caller: &Caller, path: &str) -> Result<(), AppError> {
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    caller.decide(Op::ListClients, &facts).map(|_| ())
}
