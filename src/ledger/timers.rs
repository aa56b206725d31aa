//! Durable timers: what is due later, kept in the database, fired once. A timer and its effect share one
//! transaction, so that two instances can't both fire it and a crash can't lose it.

use crate::platform::db::{Db, Tx};
use crate::platform::error::AppError;
use crate::platform::jobs::Pass;
use chrono::{DateTime, TimeDelta, Utc};
use entity::durable_timer;
use entity::id::TimerId;
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::Arc;
use uuid::Uuid;

/// Timers of emergency calls: they have a worker of their own, so that no other work stands before them.
pub const CALLS: &str = "callbell.call";
/// Timers of technical alarms: theirs is another one.
pub const ALARMS: &str = "callbell.alarm";
/// After a failure a timer waits so long, times its attempts.
const RETRY_S: i64 = 30;
/// And no longer than this.
const RETRY_MOST_S: i64 = 3_600;
/// One of an emergency call waits so long, however often it fails.
const RETRY_CALL_S: i64 = 2;

/// Sets a timer in this transaction.
pub fn set(tx: &Tx, kind: &str, subject: Uuid, due_at: DateTime<Utc>) {
    tx.stage(durable_timer::ActiveModel {
        id: Set(tx.ids().id::<TimerId>()),
        kind: Set(kind.to_owned()),
        subject_id: Set(subject),
        due_at: Set(due_at),
        attempts: Set(0),
        created_at: Set(tx.now()),
    });
}

/// Sets a timer, or puts the one off that waits already: what was asked for several times is done once.
///
/// # Errors
/// When the database does not answer.
pub async fn set_once(tx: &Tx, kind: &str, subject: Uuid, due_at: DateTime<Utc>) -> Result<(), AppError> {
    let waiting = durable_timer::Entity::update_many()
        .col_expr(durable_timer::Column::DueAt, Expr::value(due_at))
        .filter(durable_timer::Column::Kind.eq(kind))
        .filter(durable_timer::Column::SubjectId.eq(subject))
        .filter(durable_timer::Column::DueAt.gt(tx.now()))
        .exec(tx)
        .await?;
    if waiting.rows_affected == 0 {
        set(tx, kind, subject, due_at);
    }
    Ok(())
}

/// Sets the one timer of a thing anew, or takes it away where nothing is due any more.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(
    tx: &Tx,
    kind: &str,
    subject: Uuid,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), AppError> {
    durable_timer::Entity::delete_many()
        .filter(durable_timer::Column::Kind.eq(kind))
        .filter(durable_timer::Column::SubjectId.eq(subject))
        .exec(tx)
        .await?;
    if let Some(due_at) = due_at {
        set(tx, kind, subject, due_at);
    }
    Ok(())
}

/// Which timers a worker fires.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// Those of one kind.
    Only(&'static str),
    /// All that have no worker of their own.
    Others,
}

/// What a timer does when it fires. It must look at the state: what it was set for may be over.
pub type Fire<C> = for<'t> fn(&'t Tx, &'t C, &'t durable_timer::Model) -> BoxFuture<'t, Result<(), AppError>>;

/// Fires one timer that is due.
///
/// # Errors
/// When the database does not answer. A timer that fails is put off, so that it can't hold up the others.
pub async fn fire_next<C>(
    db: &Db,
    which: Which,
    now: DateTime<Utc>,
    context: Arc<C>,
    fire: Fire<C>,
) -> Result<Pass, AppError>
where
    C: Send + Sync + 'static,
{
    let kind = durable_timer::Column::Kind;
    let Some(next) = durable_timer::Entity::find()
        .filter(match which {
            // In these words, so that the embedded database finds the index of calls.
            Which::Only(kind) => Expr::cust(format!("kind = '{kind}'")),
            Which::Others => kind.is_not_in([CALLS, ALARMS]),
        })
        .filter(durable_timer::Column::DueAt.lte(now))
        .order_by_asc(durable_timer::Column::DueAt)
        .one(db.read())
        .await?
    else {
        return Ok(Pass::Idle);
    };
    let outcome = db
        .write(
            "timers.fire",
            (next.id, context, fire, which),
            |tx, (id, context, fire, which)| {
                Box::pin(async move {
                    // That of a call is claimed by who locks the call: whoever acts on one does it in this order, too.
                    let claimed = match which {
                        Which::Only(_) => durable_timer::Entity::find_by_id(*id).one(tx).await?,
                        Which::Others => claim(tx, *id).await?,
                    };
                    let Some(timer) = claimed.filter(|timer| timer.due_at <= tx.now()) else {
                        return Ok(false);
                    };
                    fire(tx, context, &timer).await?;
                    durable_timer::Entity::delete_by_id(*id).exec(tx).await?;
                    Ok(true)
                })
            },
        )
        .await;
    match outcome {
        // One at a time: the next may be due as well.
        Ok(true) => Ok(Pass::Full),
        // Another instance has it in hands.
        Ok(false) => Ok(Pass::Worked),
        Err(error) => {
            tracing::warn!(timer = next.kind, subject = %next.subject_id, ?error, "a timer failed");
            db.write("timers.put_off", next, |tx, timer| Box::pin(put_off(tx, timer)))
                .await?;
            Ok(Pass::Full)
        }
    }
}

/// A timer, locked until the end of the transaction; none where it is gone, or another one has it in hands.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(tx: &Tx, id: TimerId) -> Result<Option<durable_timer::Model>, AppError> {
    let row = durable_timer::Entity::find_by_id(id)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx)
        .await?;
    Ok(row)
}

async fn put_off(tx: &Tx, timer: &durable_timer::Model) -> Result<(), AppError> {
    let wait = TimeDelta::seconds(match timer.kind.as_str() {
        CALLS => RETRY_CALL_S,
        _ => (RETRY_S * i64::from(timer.attempts + 1)).min(RETRY_MOST_S),
    });
    durable_timer::Entity::update_many()
        .col_expr(durable_timer::Column::DueAt, Expr::value(tx.now() + wait))
        .col_expr(durable_timer::Column::Attempts, Expr::value(timer.attempts + 1))
        .filter(durable_timer::Column::Id.eq(timer.id))
        .exec(tx)
        .await?;
    Ok(())
}
