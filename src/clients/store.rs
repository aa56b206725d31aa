//! Rows of `api_client`.

use crate::access::Reach;
use crate::orgs::store::within;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use entity::api_client;
use entity::id::ClientId;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

/// Clients of the districts that the caller reaches, after `after`, in the order of ids.
pub async fn list(
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
pub async fn lock(tx: &Tx, id: ClientId) -> Result<api_client::Model, AppError> {
    api_client::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Writes a new client.
pub async fn insert(tx: &Tx, row: api_client::ActiveModel) -> Result<api_client::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Marks a client's token as not valid any more.
pub async fn revoke(tx: &Tx, row: api_client::Model) -> Result<api_client::Model, AppError> {
    let version = row.version;
    let mut next = row.into_active_model();
    next.revoked_at = Set(Some(tx.now()));
    next.version = Set(version + 1);
    Ok(next.update(tx).await?)
}
