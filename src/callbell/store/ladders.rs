//! Rows of `callbell_ladder`.

use crate::callbell::rules::ladder::Ladder;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::residents::rules::paths_down_to;
use entity::callbell_ladder;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// The ladder that holds for a unit: its own, else that of the nearest unit above, else the default.
///
/// # Errors
/// When the database does not answer.
pub async fn of(conn: &impl ConnectionTrait, unit_path: &str) -> Result<Ladder, AppError> {
    Ok(holding(conn, unit_path)
        .await?
        .map_or_else(Ladder::default, |row| read(&row)))
}

/// The row whose ladder holds for a unit; none where the default does.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn holding(
    conn: &impl ConnectionTrait,
    unit_path: &str,
) -> Result<Option<callbell_ladder::Model>, AppError> {
    // Of paths of which each begins with the one before, the greatest is the longest.
    let row = callbell_ladder::Entity::find()
        .filter(callbell_ladder::Column::UnitPath.is_in(paths_down_to(unit_path)))
        .order_by_desc(callbell_ladder::Column::UnitPath)
        .one(conn)
        .await?;
    Ok(row)
}

/// A unit's own ladder, locked until the end of the transaction.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn lock(
    tx: &Tx,
    unit_path: &str,
) -> Result<Option<callbell_ladder::Model>, AppError> {
    let row = callbell_ladder::Entity::find_by_id(unit_path)
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row)
}

/// The ladder of a row. What can't be read rings as the default does: a press must not fail on it.
#[must_use]
pub(in crate::callbell) fn read(row: &callbell_ladder::Model) -> Ladder {
    serde_json::from_value(row.ladder.clone()).unwrap_or_else(|error| {
        tracing::error!(unit = row.unit_path, %error, "a ladder can't be read; the default holds");
        Ladder::default()
    })
}

/// Writes a unit's first ladder.
///
/// # Errors
/// `Conflict` when there is one meanwhile.
pub(in crate::callbell) async fn insert(
    tx: &Tx,
    row: callbell_ladder::ActiveModel,
) -> Result<callbell_ladder::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes a changed ladder.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn update(
    tx: &Tx,
    row: callbell_ladder::ActiveModel,
) -> Result<callbell_ladder::Model, AppError> {
    Ok(row.update(tx).await?)
}

/// Takes a unit's own ladder away.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn delete(tx: &Tx, unit_path: &str) -> Result<(), AppError> {
    callbell_ladder::Entity::delete_by_id(unit_path).exec(tx).await?;
    Ok(())
}
