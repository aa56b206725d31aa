//! Rows of `routing_rule`.

use super::rules::Rule;
use crate::platform::error::AppError;
use entity::routing_rule;
use sea_orm::{ConnectionTrait, EntityTrait};

/// All rules.
///
/// # Errors
/// When the database does not answer.
pub async fn rules(conn: &impl ConnectionTrait) -> Result<Vec<Rule>, AppError> {
    let rows = routing_rule::Entity::find().all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| Rule {
            id: row.id,
            rank: row.rank,
            name: row.name,
            category: row.category,
            request_type: row.request_type,
            channel: row.channel,
            place_path: row.place_path,
            target: row.target_unit_id,
            post: row.target_post,
            reason: row.reason,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        })
        .collect())
}
