//! The one append-only log. An event gets its position in commit order: on SQLite by the one writer, on
//! PostgreSQL by a sequencer after the commit, so that a reader who has seen position n never finds a smaller
//! one later, however long another transaction stays open.

use crate::platform::db::{Db, Tx};
use crate::platform::error::AppError;
use crate::platform::jobs::Pass;
use chrono::{DateTime, Utc};
use entity::id::EventId;
use entity::{consumer_cursor, event};
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use serde_json::Value;
use uuid::Uuid;

/// Events that a consumer takes at a time.
const BATCH: u64 = 200;
/// Events that get their positions at a time; stands in the statement, too.
const PLACED_AT_A_TIME: u64 = 1000;
/// An arbitrary number that all sequencers share.
const SEQUENCER_LOCK: i64 = 0x1234_5001;

/// What happened, as ids and kinds: never personal data.
#[derive(Clone, Debug)]
pub struct News {
    /// What: `ticket.signed`.
    pub kind: String,
    /// The kind of thing it happened to.
    pub subject_kind: &'static str,
    /// The thing.
    pub subject_id: Uuid,
    /// The unit that has it in hands, else the place that it is about: who works there hears of it.
    pub unit_path: Option<String>,
    /// Ids and kinds.
    pub data: Value,
}

/// Writes an event in this transaction.
pub fn publish(tx: &Tx, news: News) {
    tx.stage(event::ActiveModel {
        id: Set(tx.ids().id::<EventId>()),
        kind: Set(news.kind),
        subject_kind: Set(news.subject_kind.to_owned()),
        subject_id: Set(news.subject_id),
        unit_path: Set(news.unit_path),
        data: Set(news.data),
        at: Set(tx.now()),
        ..Default::default()
    });
}

/// Gives positions to events that have none. One sequencer works at a time; the others find nothing to do.
/// Nothing to do on SQLite, where the position is the sequence.
///
/// # Errors
/// When the database does not answer.
pub async fn sequence(db: &Db) -> Result<Pass, AppError> {
    const PLACE: &str = "\
UPDATE event SET position = placed.position
  FROM (SELECT seq, (SELECT COALESCE(MAX(position), 0) FROM event) + row_number() OVER (ORDER BY seq) AS position
          FROM (SELECT seq FROM event WHERE position IS NULL ORDER BY seq LIMIT 1000) waiting) placed
 WHERE event.seq = placed.seq";
    if db.is_sqlite() {
        return Ok(Pass::Idle);
    }
    let placed = db
        .write("events.sequence", (), |tx, ()| {
            Box::pin(async move {
                let backend = tx.get_database_backend();
                let lock = format!("SELECT pg_try_advisory_xact_lock({SEQUENCER_LOCK}) AS mine");
                let row = tx.query_one_raw(Statement::from_string(backend, lock)).await?;
                let mine = row
                    .map(|row| row.try_get::<bool>("", "mine"))
                    .transpose()?
                    .unwrap_or(false);
                if !mine {
                    return Ok(0);
                }
                Ok(tx
                    .execute_raw(Statement::from_string(backend, PLACE))
                    .await?
                    .rows_affected())
            })
        })
        .await?;
    Ok(Pass::of(placed, PLACED_AT_A_TIME))
}

/// Events after a position, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn after(
    conn: &impl ConnectionTrait,
    position: i64,
    limit: u64,
) -> Result<Vec<event::Model>, AppError> {
    let rows = event::Entity::find()
        .filter(event::Column::Position.gt(position))
        .order_by_asc(event::Column::Position)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A consumer's work on a batch of events. It writes in the transaction that moves the cursor, so that its
/// effect is there exactly once.
pub type Consume<C> = for<'t> fn(&'t Tx, &'t C, Vec<event::Model>) -> BoxFuture<'t, Result<(), AppError>>;

/// Runs a consumer on what is new to it.
///
/// # Errors
/// The consumer's own; nothing has happened then, and the next beat tries again.
pub async fn consume<C>(db: &Db, name: &'static str, context: C, work: Consume<C>) -> Result<Pass, AppError>
where
    C: Send + Sync + 'static,
{
    // A cheap look without a transaction: most beats find nothing.
    let seen = consumer_cursor::Entity::find_by_id(name)
        .one(db.read())
        .await?
        .map_or(0, |row| row.position);
    if after(db.read(), seen, 1).await?.is_empty() {
        return Ok(Pass::Idle);
    }
    let taken = db
        .write(
            "events.consume",
            (name, context, work),
            |tx, (name, context, work)| {
                Box::pin(async move {
                    let Some(cursor) = lock_cursor(tx, name).await? else {
                        return Ok(0);
                    };
                    let batch = after(tx, cursor, BATCH).await?;
                    let Some(last) = batch.last().and_then(|event| event.position) else {
                        return Ok(0);
                    };
                    let taken = batch.len();
                    work(tx, context, batch).await?;
                    consumer_cursor::Entity::update_many()
                        .col_expr(consumer_cursor::Column::Position, Expr::value(last))
                        .col_expr(consumer_cursor::Column::UpdatedAt, Expr::value(tx.now()))
                        .filter(consumer_cursor::Column::Id.eq(*name))
                        .exec(tx)
                        .await?;
                    Ok(taken)
                })
            },
        )
        .await?;
    Ok(Pass::of(u64::try_from(taken).unwrap_or(BATCH), BATCH))
}

/// Says that a consumer has seen everything up to a position: of what was made up nobody is told.
///
/// # Errors
/// When the database does not answer.
pub async fn skip(tx: &Tx, name: &str, position: i64) -> Result<(), AppError> {
    lock_cursor(tx, name).await?;
    consumer_cursor::Entity::update_many()
        .col_expr(consumer_cursor::Column::Position, Expr::value(position))
        .filter(consumer_cursor::Column::Id.eq(name))
        .exec(tx)
        .await?;
    Ok(())
}

/// The position of the last event; 0 where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn last_position(conn: &impl ConnectionTrait) -> Result<i64, AppError> {
    let last = event::Entity::find()
        .filter(event::Column::Position.is_not_null())
        .order_by_desc(event::Column::Position)
        .one(conn)
        .await?;
    Ok(last.and_then(|row| row.position).unwrap_or(0))
}

/// When the last event was written; none where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn last_at(conn: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, AppError> {
    let last = event::Entity::find()
        .order_by_desc(event::Column::Seq)
        .one(conn)
        .await?;
    Ok(last.map(|row| row.at))
}

/// The cursor, locked until the end of the transaction; made where it is missing.
async fn lock_cursor(tx: &Tx, name: &str) -> Result<Option<i64>, AppError> {
    if let Some(position) = locked(tx, name).await? {
        return Ok(Some(position));
    }
    let row = consumer_cursor::ActiveModel {
        id: Set(name.to_owned()),
        position: Set(0),
        updated_at: Set(tx.now()),
    };
    consumer_cursor::Entity::insert(row)
        .on_conflict(
            OnConflict::column(consumer_cursor::Column::Id)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    // Another instance may have made it at the same moment, and be past the first events by now.
    locked(tx, name).await
}

async fn locked(tx: &Tx, name: &str) -> Result<Option<i64>, AppError> {
    let row = consumer_cursor::Entity::find_by_id(name)
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map(|row| row.position))
}
