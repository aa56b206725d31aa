//! Removes what was begun and never finished, or uploaded and never used: the file first, then the row.

use super::store;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use chrono::TimeDelta;
use entity::attachment;
use entity::id::AttachmentId;
use entity::kind::AttachmentState;
use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::time::Duration;

/// Hours after which an upload counts as broken off, and one that was never used as forgotten.
const PENDING_HOURS: i64 = 1;
const STORED_HOURS: i64 = 24;

/// The jobs of this slice.
#[must_use]
pub fn jobs(kit: &Kit) -> Vec<Job> {
    let kit = kit.clone();
    vec![
        Job::new("attachments", Duration::from_mins(10), move || {
            let kit = kit.clone();
            async move { sweep(&kit).await }.boxed()
        })
        .on_beat_only(),
    ]
}

async fn sweep(kit: &Kit) -> Result<Pass, AppError> {
    let now = kit.now();
    let hours = |n: i64| now - TimeDelta::hours(n);
    let stray = store::stray(kit.db.read(), hours(PENDING_HOURS), hours(STORED_HOURS)).await?;
    for row in &stray {
        // Taken out of reach first, so that nobody binds a file while it is removed.
        if kit
            .db
            .write("attachment.claim", row.id, |tx, id| Box::pin(claim(tx, *id)))
            .await?
        {
            kit.blobs.remove(&store::blob_key(row)).await?;
            kit.db
                .write("attachment.sweep", row.id, |tx, id| Box::pin(delete(tx, *id)))
                .await?;
        }
    }
    Ok(if stray.is_empty() {
        Pass::Idle
    } else {
        Pass::Worked
    })
}

async fn claim(tx: &Tx, id: AttachmentId) -> Result<bool, AppError> {
    let claimed = attachment::Entity::update_many()
        .col_expr(
            attachment::Column::State,
            Expr::value(AttachmentState::Pending.word()),
        )
        .filter(attachment::Column::Id.eq(id))
        .filter(attachment::Column::State.ne(AttachmentState::Bound))
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

async fn delete(tx: &Tx, id: AttachmentId) -> Result<(), AppError> {
    attachment::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}
