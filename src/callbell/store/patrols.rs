//! Rows of `callbell_patrol_point` and `callbell_patrol_read`.

use crate::platform::db::Tx;
use crate::platform::error::AppError;
use chrono::{DateTime, Utc};
use entity::callbell_patrol_read;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// Days for which it is kept where people on patrol were: it is sensitive.
pub const KEPT_DAYS: i64 = 90;

/// Forgets where people were before an instant.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_before(tx: &Tx, at: DateTime<Utc>) -> Result<(), AppError> {
    callbell_patrol_read::Entity::delete_many()
        .filter(callbell_patrol_read::Column::At.lt(at))
        .exec(tx)
        .await?;
    Ok(())
}
