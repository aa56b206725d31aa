//! Rows of `api_client`.

use crate::access::Reach;
use crate::orgs::store::within;
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, Utc};
use entity::id::{ClientId, ClientSecretId};
use entity::{api_client, client_secret};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

/// Clients of the districts that the caller reaches, after `after`, in the order of ids.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    after: Option<ClientId>,
    limit: u64,
) -> Result<Vec<api_client::Model>, AppError> {
    let mut select = api_client::Entity::find().filter(within(api_client::Column::UnitPath, reach));
    if let Some(after) = after {
        select = select.filter(api_client::Column::Id.gt(after));
    }
    let rows = select
        .order_by_asc(api_client::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A client, locked until the end of the transaction.
pub(super) async fn lock(tx: &Tx, id: ClientId) -> Result<api_client::Model, AppError> {
    api_client::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Secrets of clients, revoked ones too, oldest first.
pub(super) async fn secrets(
    conn: &impl ConnectionTrait,
    clients: &[ClientId],
) -> Result<Vec<client_secret::Model>, AppError> {
    let rows = client_secret::Entity::find()
        .filter(client_secret::Column::ClientId.is_in(padded(clients)))
        .order_by_asc(client_secret::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Writes a new secret.
pub(super) async fn insert_secret(
    tx: &Tx,
    client: ClientId,
    hash: &str,
) -> Result<client_secret::Model, AppError> {
    let row = client_secret::ActiveModel {
        id: Set(tx.ids().id()),
        client_id: Set(client),
        hash: Set(hash.to_owned()),
        created_at: Set(tx.now()),
        last_used_at: Set(None),
        revoked_at: Set(None),
    };
    Ok(row.insert(tx).await?)
}

/// Marks a secret as not good any more.
pub(super) async fn revoke_secret(tx: &Tx, id: ClientSecretId) -> Result<(), AppError> {
    client_secret::Entity::update_many()
        .col_expr(client_secret::Column::RevokedAt, Expr::value(Some(tx.now())))
        .filter(client_secret::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes that a secret was shown.
///
/// # Errors
/// When the database does not answer.
pub async fn used(tx: &Tx, id: ClientSecretId) -> Result<(), AppError> {
    client_secret::Entity::update_many()
        .col_expr(client_secret::Column::LastUsedAt, Expr::value(Some(tx.now())))
        .filter(client_secret::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// A client that is neither revoked nor at its end.
///
/// # Errors
/// When the database does not answer.
pub async fn good(
    conn: &impl ConnectionTrait,
    id: ClientId,
    now: DateTime<Utc>,
) -> Result<Option<api_client::Model>, AppError> {
    let row = api_client::Entity::find_by_id(id).one(conn).await?;
    Ok(row.filter(|row| row.revoked_at.is_none() && row.expires_at.is_none_or(|end| now < end)))
}

/// A client that may still ask for a token, and its good secrets.
///
/// # Errors
/// When the database does not answer.
pub async fn entitled(
    conn: &impl ConnectionTrait,
    id: ClientId,
    now: DateTime<Utc>,
) -> Result<Option<(api_client::Model, Vec<client_secret::Model>)>, AppError> {
    let Some(row) = good(conn, id, now).await? else {
        return Ok(None);
    };
    let mut secrets = secrets(conn, &[row.id]).await?;
    secrets.retain(|secret| secret.revoked_at.is_none());
    Ok(Some((row, secrets)))
}

/// Writes a changed client, as a new version.
pub(super) async fn update(tx: &Tx, row: api_client::Model) -> Result<api_client::Model, AppError> {
    let version = row.version;
    let mut next = row.into_active_model().reset_all();
    next.version = Set(version + 1);
    Ok(next.update(tx).await?)
}

/// Writes a new client.
pub(super) async fn insert(tx: &Tx, row: api_client::ActiveModel) -> Result<api_client::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Marks a client as not good any more.
pub(super) async fn revoke(tx: &Tx, row: api_client::Model) -> Result<api_client::Model, AppError> {
    let version = row.version;
    let mut next = row.into_active_model();
    next.revoked_at = Set(Some(tx.now()));
    next.version = Set(version + 1);
    Ok(next.update(tx).await?)
}
