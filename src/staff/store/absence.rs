//! Rows of `staff_absence`, and capacities.

use super::raised;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use chrono::NaiveDate;
use entity::id::{AbsenceId, StaffId};
use entity::{staff, staff_absence};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

/// Who is on leave on `day`, and until when.
///
/// # Errors
/// When the database does not answer.
pub async fn away(
    conn: &impl ConnectionTrait,
    day: NaiveDate,
) -> Result<Vec<(StaffId, NaiveDate)>, AppError> {
    let rows = staff_absence::Entity::find()
        .filter(staff_absence::Column::LastDay.gte(day))
        .filter(staff_absence::Column::FirstDay.lte(day))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.staff_id, row.last_day)).collect())
}

/// Who takes a number of open tickets at most.
///
/// # Errors
/// When the database does not answer.
pub async fn capacities(conn: &impl ConnectionTrait) -> Result<Vec<(StaffId, u64)>, AppError> {
    let rows: Vec<(StaffId, Option<i32>)> = staff::Entity::find()
        .select_only()
        .column(staff::Column::Id)
        .column(staff::Column::Capacity)
        .filter(staff::Column::Capacity.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, most)| Some((id, u64::try_from(most?).ok()?)))
        .collect())
}

/// The leave of a person behind a key, in the order of its making.
///
/// # Errors
/// When the database does not answer.
pub async fn of(
    conn: &impl ConnectionTrait,
    id: StaffId,
    after: Option<AbsenceId>,
    limit: u64,
) -> Result<Vec<staff_absence::Model>, AppError> {
    let mut query = staff_absence::Entity::find().filter(staff_absence::Column::StaffId.eq(id));
    if let Some(after) = after {
        query = query.filter(staff_absence::Column::Id.gt(after));
    }
    let rows = query
        .order_by_asc(staff_absence::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Whether a person has leave on any of these days.
///
/// # Errors
/// When the database does not answer.
pub async fn meets(
    conn: &impl ConnectionTrait,
    id: StaffId,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<bool, AppError> {
    let row = staff_absence::Entity::find()
        .filter(staff_absence::Column::StaffId.eq(id))
        .filter(staff_absence::Column::FirstDay.lte(last))
        .filter(staff_absence::Column::LastDay.gte(first))
        .one(conn)
        .await?;
    Ok(row.is_some())
}

/// A leave of a person.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    id: StaffId,
    absence: AbsenceId,
) -> Result<Option<staff_absence::Model>, AppError> {
    let row = staff_absence::Entity::find_by_id(absence)
        .filter(staff_absence::Column::StaffId.eq(id))
        .one(conn)
        .await?;
    Ok(row)
}

/// Writes a new leave.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, row: staff_absence::ActiveModel) -> Result<staff_absence::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Ends a leave with a day.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &Tx, row: staff_absence::Model, last_day: NaiveDate) -> Result<(), AppError> {
    let mut next = row.into_active_model();
    next.last_day = Set(last_day);
    next.update(tx).await?;
    Ok(())
}

/// Takes away a leave that has not begun.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: AbsenceId) -> Result<(), AppError> {
    staff_absence::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Sets how many open tickets a person takes at most.
///
/// # Errors
/// When the database does not answer.
pub async fn set_capacity(
    tx: &Tx,
    row: staff::Model,
    capacity: Option<i32>,
) -> Result<staff::Model, AppError> {
    let mut next = raised(tx, row);
    next.capacity = Set(capacity);
    Ok(next.update(tx).await?)
}
