//! Rows of `closure`.

use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::sla::rules::closure::Closure;
use chrono::{DateTime, Utc};
use entity::closure;
use entity::id::{ClosureId, UnitId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};

/// The path of a closure that is everybody's.
pub const EVERYWHERE: &str = "/";

/// All closures by the paths of the units at whose head they stand.
///
/// # Errors
/// When the database does not answer.
pub async fn of_units(conn: &impl ConnectionTrait) -> Result<Vec<(String, Closure)>, AppError> {
    let rows = all(conn, None).await?;
    let closures = rows.into_iter().map(|row| {
        let closure = Closure {
            from: row.begins_at,
            to: row.ends_at,
            reason: row.reason,
        };
        (row.unit_path, closure)
    });
    Ok(closures.collect())
}

/// Rows in the order of their making, behind one of them.
///
/// # Errors
/// When the database does not answer.
pub async fn all(
    conn: &impl ConnectionTrait,
    after: Option<ClosureId>,
) -> Result<Vec<closure::Model>, AppError> {
    let mut query = closure::Entity::find();
    if let Some(id) = after {
        query = query.filter(closure::Column::Id.gt(id));
    }
    Ok(query.order_by_asc(closure::Column::Id).all(conn).await?)
}

/// A row.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: ClosureId) -> Result<closure::Model, AppError> {
    closure::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Writes a closure of a unit, or of everybody.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    tx: &Tx,
    unit: Option<(UnitId, &str)>,
    closure: &Closure,
) -> Result<closure::Model, AppError> {
    let row = closure::ActiveModel {
        id: Set(tx.ids().id()),
        unit_id: Set(unit.map(|(id, _)| id)),
        unit_path: Set(unit.map_or(EVERYWHERE, |(_, path)| path).to_owned()),
        begins_at: Set(closure.from),
        ends_at: Set(closure.to),
        reason: Set(closure.reason.clone()),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    Ok(row.insert(tx).await?)
}

/// Writes another end.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &Tx, row: closure::Model, to: DateTime<Utc>) -> Result<closure::Model, AppError> {
    let version = row.version + 1;
    let mut next = row.into_active_model();
    next.ends_at = Set(to);
    next.version = Set(version);
    next.updated_at = Set(tx.now());
    Ok(next.update(tx).await?)
}

/// Takes a closure back.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: ClosureId) -> Result<(), AppError> {
    closure::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}
