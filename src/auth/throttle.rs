//! Guessing is slowed: from the fifth failure in a row on, each doubles the wait; after a hundred it ends for a day.
//! An attempt counts before it is checked, so that many at once gain nothing (NIST SP 800-63B §5.2.2).

use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::TimeDelta;
use entity::throttle;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect};

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

/// Counts an attempt.
///
/// # Errors
/// `Throttled`, with the seconds to wait.
pub async fn count(tx: &Tx, key: &[u8]) -> Result<(), AppError> {
    let now = tx.now();
    let known = throttle::Entity::find_by_id(key.to_vec())
        .lock_exclusive()
        .one(tx)
        .await?;
    let known = known.filter(|row| now - row.updated_at < TimeDelta::seconds(DAY_S));
    if let Some(row) = &known
        && row.blocked_until > now
    {
        let left = (row.blocked_until - now).num_seconds().max(1);
        return Err(AppError::new(Code::Throttled).retry_after(u64::try_from(left).unwrap_or(1)));
    }
    let failures = known.map_or(0, |row| row.failures) + 1;
    let row = throttle::ActiveModel {
        id: Set(key.to_vec()),
        failures: Set(failures),
        blocked_until: Set(now + TimeDelta::seconds(wait_s(failures))),
        updated_at: Set(now),
    };
    throttle::Entity::insert(row)
        .on_conflict(
            OnConflict::column(throttle::Column::Id)
                .update_columns([
                    throttle::Column::Failures,
                    throttle::Column::BlockedUntil,
                    throttle::Column::UpdatedAt,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
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
