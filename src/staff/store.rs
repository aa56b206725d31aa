//! Rows of `staff` and `role_grant`.

use crate::platform::error::AppError;
use chrono::NaiveDate;
use entity::kind::Role;
use entity::{role_grant, staff};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use std::collections::HashMap;

/// Grants of handlers and leads valid on `day`, with the names of those who hold them; nobody disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn roster(
    conn: &impl ConnectionTrait,
    day: NaiveDate,
) -> Result<Vec<(role_grant::Model, String)>, AppError> {
    let names: HashMap<_, _> = staff::Entity::find()
        .filter(staff::Column::DisabledAt.is_null())
        .all(conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.display_name))
        .collect();
    let grants = role_grant::Entity::find()
        .filter(role_grant::Column::Role.is_in([Role::Handler, Role::UnitLead]))
        .filter(role_grant::Column::ValidFrom.lte(day))
        .filter(
            Condition::any()
                .add(role_grant::Column::ValidTo.is_null())
                .add(role_grant::Column::ValidTo.gte(day)),
        )
        .all(conn)
        .await?;
    Ok(grants
        .into_iter()
        .filter_map(|grant| {
            names
                .get(&grant.staff_id)
                .map(|name| (grant.clone(), name.clone()))
        })
        .collect())
}
