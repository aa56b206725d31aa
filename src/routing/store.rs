//! Rows of `routing_rule`; of assignment in a file of its own.

pub mod assignment;

use super::rules::Rule;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use entity::id::RuleId;
use entity::routing_rule;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

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

/// Rows behind a rank and key, in the order in which rules are tried.
///
/// # Errors
/// When the database does not answer.
pub async fn ranked(
    conn: &impl ConnectionTrait,
    after: Option<(i32, RuleId)>,
) -> Result<Vec<routing_rule::Model>, AppError> {
    let mut query = routing_rule::Entity::find();
    if let Some((rank, id)) = after {
        let same_rank = Condition::all()
            .add(routing_rule::Column::Rank.eq(rank))
            .add(routing_rule::Column::Id.gt(id));
        query = query.filter(
            Condition::any()
                .add(routing_rule::Column::Rank.gt(rank))
                .add(same_rank),
        );
    }
    let rows = query
        .order_by_asc(routing_rule::Column::Rank)
        .order_by_asc(routing_rule::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A rule.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: RuleId) -> Result<routing_rule::Model, AppError> {
    routing_rule::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Writes a new rule.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, row: routing_rule::ActiveModel) -> Result<routing_rule::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes a changed rule.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &Tx, row: routing_rule::ActiveModel) -> Result<routing_rule::Model, AppError> {
    Ok(row.update(tx).await?)
}
