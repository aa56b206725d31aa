//! Who can be on duty: read from `staff` and `role_grant`.

use super::PIECE;
use crate::duty::rules::station::{Held, ON_DUTY};
use crate::platform::db::padded;
use crate::platform::error::AppError;
use crate::platform::period::Period;
use entity::id::StaffId;
use entity::{role_grant, staff};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::{HashMap, HashSet};

/// Who of these there is and is not disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn enabled(conn: &impl ConnectionTrait, ids: &[StaffId]) -> Result<HashSet<StaffId>, AppError> {
    let mut found = HashSet::new();
    for piece in ids.chunks(PIECE) {
        let some: Vec<StaffId> = staff::Entity::find()
            .select_only()
            .column(staff::Column::Id)
            .filter(staff::Column::Id.is_in(padded(piece)))
            .filter(staff::Column::DisabledAt.is_null())
            .into_tuple()
            .all(conn)
            .await?;
        found.extend(some);
    }
    Ok(found)
}

/// The ids of people by their user names; of nobody who is disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn by_user_name(
    conn: &impl ConnectionTrait,
    names: &[&str],
) -> Result<HashMap<String, StaffId>, AppError> {
    let mut found = HashMap::new();
    for piece in names.chunks(PIECE) {
        let some: Vec<(String, StaffId)> = staff::Entity::find()
            .select_only()
            .column(staff::Column::UserName)
            .column(staff::Column::Id)
            .filter(staff::Column::UserName.is_in(padded(piece)))
            .filter(staff::Column::DisabledAt.is_null())
            .into_tuple()
            .all(conn)
            .await?;
        found.extend(some);
    }
    Ok(found)
}

/// The roles of whatever day by which these people take duty.
///
/// # Errors
/// When the database does not answer.
pub async fn held(conn: &impl ConnectionTrait, ids: &[StaffId]) -> Result<Vec<Held>, AppError> {
    let mut held = Vec::new();
    for piece in ids.chunks(PIECE) {
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::StaffId.is_in(padded(piece)))
            .filter(role_grant::Column::Role.is_in(ON_DUTY))
            .all(conn)
            .await?;
        held.extend(grants.into_iter().map(|grant| Held {
            staff: grant.staff_id,
            path: grant.unit_path,
            term: Period {
                from: grant.valid_from,
                to: grant.valid_to,
            },
        }));
    }
    Ok(held)
}

/// Names as colleagues see them, of the disabled too.
///
/// # Errors
/// When the database does not answer.
pub async fn names(
    conn: &impl ConnectionTrait,
    ids: &[StaffId],
) -> Result<HashMap<StaffId, String>, AppError> {
    let mut names = HashMap::new();
    for piece in ids.chunks(PIECE) {
        let some: Vec<(StaffId, String)> = staff::Entity::find()
            .select_only()
            .column(staff::Column::Id)
            .column(staff::Column::DisplayName)
            .filter(staff::Column::Id.is_in(padded(piece)))
            .into_tuple()
            .all(conn)
            .await?;
        names.extend(some);
    }
    Ok(names)
}
