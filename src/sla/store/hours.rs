//! Rows of `unit_hours`.

use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::period::Period;
use crate::sla::rules::hours::{Hours, parse, written};
use chrono::NaiveDate;
use entity::id::{HoursId, UnitId};
use entity::unit_hours;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};
use serde_json::json;

/// The hours of all units by their paths.
///
/// # Errors
/// When the database does not answer.
pub async fn of_units(conn: &impl ConnectionTrait) -> Result<Vec<(String, Hours)>, AppError> {
    let rows = all(conn, None).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.unit_path.clone(), hours(&row)))
        .collect())
}

/// Rows in the order of their making, behind one of them.
///
/// # Errors
/// When the database does not answer.
pub async fn all(
    conn: &impl ConnectionTrait,
    after: Option<HoursId>,
) -> Result<Vec<unit_hours::Model>, AppError> {
    let mut query = unit_hours::Entity::find();
    if let Some(id) = after {
        query = query.filter(unit_hours::Column::Id.gt(id));
    }
    Ok(query.order_by_asc(unit_hours::Column::Id).all(conn).await?)
}

/// All rows of one unit.
///
/// # Errors
/// When the database does not answer.
pub async fn of_unit(conn: &impl ConnectionTrait, unit: UnitId) -> Result<Vec<unit_hours::Model>, AppError> {
    Ok(unit_hours::Entity::find()
        .filter(unit_hours::Column::UnitId.eq(unit))
        .all(conn)
        .await?)
}

/// A row.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: HoursId) -> Result<unit_hours::Model, AppError> {
    unit_hours::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Writes new hours of a unit.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    tx: &Tx,
    (unit, path): (UnitId, &str),
    hours: &Hours,
) -> Result<unit_hours::Model, AppError> {
    let row = unit_hours::ActiveModel {
        id: Set(tx.ids().id()),
        unit_id: Set(unit),
        unit_path: Set(path.to_owned()),
        windows: Set(json!(written(&hours.windows))),
        weekends: Set(json!(hours.weekends)),
        valid_from: Set(hours.period.from),
        valid_to: Set(hours.period.to),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    Ok(row.insert(tx).await?)
}

/// Writes another last day.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &Tx, row: unit_hours::Model, last: NaiveDate) -> Result<unit_hours::Model, AppError> {
    let version = row.version + 1;
    let mut next = row.into_active_model();
    next.valid_to = Set(Some(last));
    next.version = Set(version);
    next.updated_at = Set(tx.now());
    Ok(next.update(tx).await?)
}

/// Takes hours away.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: HoursId) -> Result<(), AppError> {
    unit_hours::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// When a row holds.
#[must_use]
pub fn period(row: &unit_hours::Model) -> Period {
    Period {
        from: row.valid_from,
        to: row.valid_to,
    }
}

/// A row as rules see it.
#[must_use]
pub fn hours(row: &unit_hours::Model) -> Hours {
    let windows: Vec<(String, String)> = serde_json::from_value(row.windows.clone()).unwrap_or_default();
    Hours {
        windows: parse(&windows).unwrap_or_default(),
        weekends: serde_json::from_value(row.weekends.clone()).unwrap_or_default(),
        period: period(row),
    }
}
