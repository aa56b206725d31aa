//! Forgets what has served its time: codes, counted guesses, log-ins that ended long ago, kept answers.

use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::http::idempotency;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use chrono::TimeDelta;
use entity::{authorization_code, otp, session, throttle};
use futures_util::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::time::Duration;

/// Days that an ended log-in can still be looked up, for who examines it.
const SESSION_DAYS: i64 = 30;

/// The jobs of this slice.
#[must_use]
pub fn jobs(kit: &Kit) -> Vec<Job> {
    let db = kit.db.clone();
    vec![
        Job::new("forget", Duration::from_hours(1), move || {
            let db = db.clone();
            async move {
                db.write("auth.forget", (), |tx, ()| Box::pin(forget(tx))).await?;
                Ok(Pass::Idle)
            }
            .boxed()
        })
        .on_beat_only(),
    ]
}

async fn forget(tx: &Tx) -> Result<(), AppError> {
    let day = tx.now() - TimeDelta::days(1);
    idempotency::forget(tx, day).await?;
    otp::Entity::delete_many()
        .filter(otp::Column::ExpiresAt.lt(day))
        .exec(tx)
        .await?;
    authorization_code::Entity::delete_many()
        .filter(authorization_code::Column::ExpiresAt.lt(day))
        .exec(tx)
        .await?;
    throttle::Entity::delete_many()
        .filter(throttle::Column::UpdatedAt.lt(day))
        .exec(tx)
        .await?;
    let long_ago = tx.now() - TimeDelta::days(SESSION_DAYS);
    session::Entity::delete_many()
        .filter(session::Column::ExpiresAt.lt(long_ago))
        .exec(tx)
        .await?;
    Ok(())
}
