//! Rows of `assignment_policy` and `routing_turn`, and how much people have to do.

use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use crate::routing::rules::assign::Policy;
use entity::id::{AssignmentPolicyId, StaffId, UnitId};
use entity::{assignment, assignment_policy, routing_turn, staff};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::{HashMap, HashSet};

/// All policies.
///
/// # Errors
/// When the database does not answer.
pub async fn policies(conn: &impl ConnectionTrait) -> Result<Vec<Policy>, AppError> {
    let rows = rows(conn, None, None).await?;
    Ok(rows
        .into_iter()
        .map(|row| Policy {
            id: row.id,
            unit_path: row.unit_path,
            strategy: row.strategy,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        })
        .collect())
}

/// Rows in the order of their making, behind a key, of one unit if so wanted.
///
/// # Errors
/// When the database does not answer.
pub async fn rows(
    conn: &impl ConnectionTrait,
    unit: Option<UnitId>,
    after: Option<AssignmentPolicyId>,
) -> Result<Vec<assignment_policy::Model>, AppError> {
    let mut query = assignment_policy::Entity::find();
    if let Some(unit) = unit {
        query = query.filter(assignment_policy::Column::UnitId.eq(unit));
    }
    if let Some(after) = after {
        query = query.filter(assignment_policy::Column::Id.gt(after));
    }
    let rows = query
        .order_by_asc(assignment_policy::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A policy.
///
/// # Errors
/// `NotFound`.
pub async fn find(
    conn: &impl ConnectionTrait,
    id: AssignmentPolicyId,
) -> Result<assignment_policy::Model, AppError> {
    assignment_policy::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Writes a new policy.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    tx: &Tx,
    row: assignment_policy::ActiveModel,
) -> Result<assignment_policy::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Sets the last day of a policy.
///
/// # Errors
/// When the database does not answer.
pub async fn end(
    tx: &Tx,
    row: assignment_policy::Model,
    last: chrono::NaiveDate,
) -> Result<assignment_policy::Model, AppError> {
    let version = row.version;
    let mut next = row.into_active_model();
    next.valid_to = Set(Some(last));
    next.version = Set(version + 1);
    next.updated_at = Set(tx.now());
    Ok(next.update(tx).await?)
}

/// How somebody stands at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Open tickets.
    pub open: u64,
    /// May not log in any more.
    pub disabled: bool,
}

/// How people stand at this moment. Closed tickets are not looked at: the index holds open ones alone.
///
/// # Errors
/// When the database does not answer.
pub async fn standings(
    conn: &impl ConnectionTrait,
    people: &[StaffId],
) -> Result<HashMap<StaffId, Standing>, AppError> {
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let counted: Vec<(StaffId, i64)> = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::StaffId)
        .column_as(assignment::Column::StaffId.count(), "n")
        .filter(assignment::Column::StaffId.is_in(padded(people)))
        .filter(assignment::Column::EndedAt.is_null())
        .filter(assignment::Column::ClosedAt.is_null())
        .group_by(assignment::Column::StaffId)
        .into_tuple()
        .all(conn)
        .await?;
    let disabled: Vec<StaffId> = staff::Entity::find()
        .select_only()
        .column(staff::Column::Id)
        .filter(staff::Column::Id.is_in(padded(people)))
        .filter(staff::Column::DisabledAt.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    let disabled: HashSet<StaffId> = disabled.into_iter().collect();
    let counted: HashMap<StaffId, i64> = counted.into_iter().collect();
    let of = |id: StaffId| Standing {
        open: counted
            .get(&id)
            .map_or(0, |open| u64::try_from(*open).unwrap_or(0)),
        disabled: disabled.contains(&id),
    };
    Ok(people.iter().map(|id| (*id, of(*id))).collect())
}

/// Who was chosen last in a unit that takes turns.
///
/// # Errors
/// When the database does not answer.
pub async fn last_turn(conn: &impl ConnectionTrait, unit: UnitId) -> Result<Option<StaffId>, AppError> {
    let row = routing_turn::Entity::find_by_id(unit).one(conn).await?;
    Ok(row.map(|row| row.staff_id))
}

/// Keeps who was chosen.
///
/// # Errors
/// When the database does not answer.
pub async fn take_turn(tx: &Tx, unit: UnitId, person: StaffId) -> Result<(), AppError> {
    let row = routing_turn::ActiveModel {
        unit_id: Set(unit),
        staff_id: Set(person),
        updated_at: Set(tx.now()),
    };
    routing_turn::Entity::insert(row)
        .on_conflict(
            OnConflict::column(routing_turn::Column::UnitId)
                .update_columns([routing_turn::Column::StaffId, routing_turn::Column::UpdatedAt])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
