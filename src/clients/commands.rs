//! Making and revoking clients.

use super::store;
use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::audit;
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use chrono::{DateTime, Utc};
use entity::id::{ClientId, ClientSecretId, UnitId};
use entity::kind::{Channel, ClientScope};
use entity::{api_client, client_secret};
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
    /// What it has leave for.
    pub scopes: Vec<ClientScope>,
    /// Where residents may be sent back to once they let it in.
    pub redirect_uris: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Secrets of a client that may be good at a time: one follows the other without a gap.
const SECRETS: usize = 2;

/// Makes a client, known by a secret of this hash.
///
/// # Errors
/// `InvalidInput` when the unit or the end won't do; `NotFound` for a unit out of reach.
pub async fn create(
    tx: &Tx,
    (caller, new, hash): (&Caller, &NewClient, &str),
) -> Result<api_client::Model, AppError> {
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
    let row = api_client::ActiveModel {
        id: Set(tx.ids().id()),
        name: Set(new.name.clone()),
        channel: Set(new.channel),
        unit_id: Set(unit.id),
        unit_path: Set(unit.path),
        created_at: Set(tx.now()),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
        version: Set(1),
        scopes: Set(json!(new.scopes)),
        redirect_uris: Set(json!(new.redirect_uris)),
    };
    let row = store::insert(tx, row).await?;
    store::insert_secret(tx, row.id, hash).await?;
    audit::record(
        tx,
        caller,
        "api_client",
        row.id,
        json!({
            "name": row.name,
            "channel": row.channel,
            "unit": row.unit_id,
            "scopes": row.scopes,
            "redirect_uris": row.redirect_uris,
            "expires_at": row.expires_at,
        }),
    );
    Ok(row)
}

/// Changes of a client: what is absent stays.
#[derive(Clone, Debug)]
pub struct Change {
    /// Name.
    pub name: Option<String>,
    /// What it has leave for, from the next request on.
    pub scopes: Option<Vec<ClientScope>>,
    /// Where residents may be sent back to.
    pub redirect_uris: Option<Vec<String>>,
}

/// Changes a client.
///
/// # Errors
/// `NotFound`, `StaleVersion`.
pub async fn update(
    tx: &Tx,
    (caller, id, version, change): &(Caller, ClientId, IfMatch, Change),
) -> Result<api_client::Model, AppError> {
    let mut row = lock(tx, caller, *id).await?;
    version.check(row.version)?;
    if let Some(name) = &change.name {
        row.name.clone_from(name);
    }
    if let Some(scopes) = &change.scopes {
        row.scopes = json!(scopes);
    }
    if let Some(uris) = &change.redirect_uris {
        row.redirect_uris = json!(uris);
    }
    let row = store::update(tx, row).await?;
    audit::record(
        tx,
        caller,
        "api_client",
        row.id,
        json!({ "name": row.name, "scopes": row.scopes, "redirect_uris": row.redirect_uris }),
    );
    Ok(row)
}

/// Adds a secret of this hash.
///
/// # Errors
/// `NotFound`, `AlreadyOpen` when two are good already.
pub async fn add_secret(
    tx: &Tx,
    (caller, id, hash): (&Caller, ClientId, &str),
) -> Result<client_secret::Model, AppError> {
    let row = lock(tx, caller, id).await?;
    let good = store::secrets(tx, &[row.id]).await?;
    if good.iter().filter(|secret| secret.revoked_at.is_none()).count() >= SECRETS {
        return Err(AppError::new(Code::AlreadyOpen).say(
            "已有两个有效密钥，请先停用一个",
            "Two secrets are good already: revoke one first",
        ));
    }
    let secret = store::insert_secret(tx, row.id, hash).await?;
    audit::record(tx, caller, "api_client", row.id, json!({ "secret": secret.id }));
    Ok(secret)
}

/// Revokes a secret: tokens that were had by it are refused from now on. Done already, nothing happens.
///
/// # Errors
/// `NotFound`.
pub async fn revoke_secret(
    tx: &Tx,
    (caller, id, secret): &(Caller, ClientId, ClientSecretId),
) -> Result<(), AppError> {
    let row = lock(tx, caller, *id).await?;
    let all = store::secrets(tx, &[row.id]).await?;
    let found = all.iter().find(|known| known.id == *secret);
    let found = found.ok_or_else(|| AppError::new(Code::NotFound))?;
    if found.revoked_at.is_none() {
        store::revoke_secret(tx, found.id).await?;
        audit::record(tx, caller, "api_client", row.id, json!({ "secret": found.id }));
    }
    Ok(())
}

async fn lock(tx: &Tx, caller: &Caller, id: ClientId) -> Result<api_client::Model, AppError> {
    let row = store::lock(tx, id).await?;
    decide_at(caller, &row.unit_path)?;
    Ok(row)
}

/// Revokes a client: its token is refused from now on. Done already, nothing happens.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(tx: &Tx, (caller, id): &(Caller, ClientId)) -> Result<(), AppError> {
    let row = lock(tx, caller, *id).await?;
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
