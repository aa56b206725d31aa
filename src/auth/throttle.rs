//! Guessing is slowed: from the fifth failure in a row on, each doubles the wait; after a hundred it ends for a day.
//! An attempt counts before it is checked, so that many at once gain nothing (NIST SP 800-63B §5.2.2).

use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::TimeDelta;
use entity::throttle;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QuerySelect};

const FREE: i32 = 5;
const HARD_STOP: i32 = 100;
const LONGEST_S: i64 = 900;
const DAY_S: i64 = 86_400;

/// How long to wait after so many attempts in a row, in seconds.
fn wait_s(attempts: i32) -> i64 {
    match attempts {
        n if n < FREE => 0,
        n if n >= HARD_STOP => DAY_S,
        n => 2_i64
            .pow(u32::try_from((n - FREE).min(20)).unwrap_or(20))
            .min(LONGEST_S),
    }
}

/// The row of a key, made if it is not there, and locked: of those who come at once one goes on, the others wait.
///
/// # Errors
/// When the database does not answer.
pub async fn hold(tx: &Tx, key: &[u8]) -> Result<throttle::Model, AppError> {
    let locked = || throttle::Entity::find_by_id(key.to_vec()).lock_exclusive();
    if let Some(row) = locked().one(tx).await? {
        return Ok(row);
    }
    let blank = throttle::Model {
        id: key.to_vec(),
        failures: 0,
        blocked_until: tx.now(),
        updated_at: tx.now(),
    };
    throttle::Entity::insert(blank.into_active_model().reset_all())
        .on_conflict(OnConflict::column(throttle::Column::Id).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    // Gone again when the right one came meanwhile: then all of it is done once more.
    let row = locked().one(tx).await?;
    row.ok_or_else(|| AppError::new(Code::Conflict).repeatable())
}

/// Counts an attempt.
///
/// # Errors
/// `Throttled`, with the seconds to wait.
pub async fn count(tx: &Tx, key: &[u8]) -> Result<(), AppError> {
    let now = tx.now();
    let row = hold(tx, key).await?;
    let known = now - row.updated_at < TimeDelta::seconds(DAY_S);
    if known && row.blocked_until > now {
        return Err(throttled(row.blocked_until - now));
    }
    let failures = if known { row.failures } else { 0 } + 1;
    let mut changed = row.into_active_model();
    changed.failures = Set(failures);
    changed.blocked_until = Set(now + TimeDelta::seconds(wait_s(failures)));
    changed.updated_at = Set(now);
    changed.update(tx).await?;
    Ok(())
}

/// Says how long to wait, in whole seconds.
pub fn throttled(left: TimeDelta) -> AppError {
    let whole = (left + TimeDelta::milliseconds(999)).num_seconds().max(1);
    AppError::new(Code::Throttled).retry_after(u64::try_from(whole).unwrap_or(1))
}

/// Forgets the attempts: the right one came.
///
/// # Errors
/// When the database does not answer.
pub async fn clear(tx: &Tx, key: &[u8]) -> Result<(), AppError> {
    throttle::Entity::delete_by_id(key.to_vec()).exec(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_guesses_come_to_a_hundred() {
        let mut clock_s = 0_i64;
        let mut evaluated = 0;
        let mut blocked_until = 0;
        for _ in 0..1_000_000 {
            if clock_s >= blocked_until {
                evaluated += 1;
                blocked_until = clock_s + wait_s(evaluated);
            }
            // A guesser who tries ten times a second, all day.
            if evaluated % 10 == 0 {
                clock_s += 1;
            }
            if clock_s > DAY_S {
                break;
            }
        }
        assert!(evaluated <= HARD_STOP, "{evaluated}");
    }
}
