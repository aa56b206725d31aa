//! Settings with their defaults, and pages of the audit log.

use super::rules::Known;
use crate::platform::error::AppError;
use crate::settings;
use chrono::{DateTime, Utc};
use entity::id::AuditId;
use entity::{audit, setting};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// Every setting that can be changed, with its row if it ever was.
pub async fn settings(conn: &impl ConnectionTrait) -> Result<Vec<(Known, Option<setting::Model>)>, AppError> {
    let mut all = Vec::with_capacity(Known::ALL.len());
    for known in Known::ALL {
        all.push((*known, settings::store::get(conn, known.id()).await?));
    }
    Ok(all)
}

/// Which entries of the audit log to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this actor.
    pub actor_id: Option<Uuid>,
    /// This operation.
    pub action: Option<String>,
    /// About this kind of thing.
    pub subject_kind: Option<String>,
    /// About this thing.
    pub subject_id: Option<String>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// Entries before `before`, newest first.
pub async fn audit(
    conn: &impl ConnectionTrait,
    filter: AuditFilter,
    before: Option<AuditId>,
    limit: u64,
) -> Result<Vec<audit::Model>, AppError> {
    use audit::Column;
    let conditions = [
        filter.actor_id.map(|id| Column::ActorId.eq(id)),
        filter.action.map(|action| Column::Action.eq(action)),
        filter.subject_kind.map(|kind| Column::SubjectKind.eq(kind)),
        filter.subject_id.map(|id| Column::SubjectId.eq(id)),
        filter.from.map(|from| Column::At.gte(from)),
        filter.to.map(|to| Column::At.lt(to)),
        before.map(|before| Column::Id.lt(before)),
    ];
    let select = conditions
        .into_iter()
        .flatten()
        .fold(audit::Entity::find(), QueryFilter::filter);
    let rows = select.order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows)
}
