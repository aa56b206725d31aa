//! Rows of `export`.

use crate::access::actor::Actor;
use crate::platform::blob::sealed::Written;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, TimeDelta, Utc};
use entity::export::{Column, Entity, Model};
use entity::id::ExportId;
use entity::kind::WorkState;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// Seconds that a process may be silent about an export before another one begins it anew.
const LEASE_S: i64 = 120;
/// How often an export is begun at most.
const ATTEMPTS: i32 = 3;

/// Seals what is listed.
pub const FILTERS: &str = "export.filters";

/// An export.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: ExportId) -> Result<Model, AppError> {
    let row = Entity::find_by_id(id).one(conn).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

fn of(actor: &Actor) -> Condition {
    let (kind, id) = actor.identity();
    Condition::all()
        .add(Column::ActorKind.eq(kind))
        .add(Column::ActorId.eq(id.unwrap_or_default()))
}

/// Exports of somebody, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    before: Option<ExportId>,
    limit: u64,
) -> Result<Vec<Model>, AppError> {
    let mut select = Entity::find().filter(of(actor));
    if let Some(before) = before {
        select = select.filter(Column::Id.lt(before));
    }
    Ok(select.order_by_desc(Column::Id).limit(limit).all(conn).await?)
}

/// How many of somebody's exports are not over.
///
/// # Errors
/// When the database does not answer.
pub async fn unfinished(conn: &impl ConnectionTrait, actor: &Actor) -> Result<u64, AppError> {
    let select = Entity::find().filter(of(actor)).filter(to_do());
    Ok(select.count(conn).await?)
}

/// Written out, so that the partial index of what is to be done is used.
fn to_do() -> Expr {
    Expr::cust("state IN ('waiting', 'running')")
}

/// Writes a new export.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, row: &Model) -> Result<(), AppError> {
    let new = row.clone().into_active_model().reset_all();
    Entity::insert(new).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes the oldest export that nobody works on, under a lease. One that failed too often fails for good.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(tx: &Tx, worker: &Uuid) -> Result<Option<Model>, AppError> {
    let free = Condition::any()
        .add(Column::LeasedUntil.is_null())
        .add(Column::LeasedUntil.lt(tx.now()));
    let row = Entity::find()
        .filter(to_do())
        .filter(free)
        .order_by_asc(Column::Id)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    if row.attempts >= ATTEMPTS {
        end(tx, row.id, (WorkState::Failed, Some(Code::Internal))).await?;
        return Ok(None);
    }
    Entity::update_many()
        .col_expr(Column::State, Expr::value(WorkState::Running))
        .col_expr(Column::Attempts, Expr::value(row.attempts + 1))
        .col_expr(Column::Written, Expr::value(0_i64))
        .col_expr(Column::LeasedBy, Expr::value(Some(*worker)))
        .col_expr(Column::LeasedUntil, Expr::value(Some(leased_until(tx))))
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(Some(Model {
        attempts: row.attempts + 1,
        ..row
    }))
}

fn leased_until(tx: &Tx) -> DateTime<Utc> {
    tx.now() + TimeDelta::seconds(LEASE_S)
}

/// What somebody who works on an export says of it.
pub type Held<T> = (ExportId, Uuid, T);

fn held(id: ExportId, worker: Uuid) -> Condition {
    Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::State.eq(WorkState::Running))
        .add(Column::LeasedBy.eq(worker))
}

/// Notes how many lines are written, of how many; whether the worker still has it.
///
/// # Errors
/// When the database does not answer.
pub async fn progress(
    tx: &Tx,
    (id, worker, (written, expected)): &Held<(i64, Option<i64>)>,
) -> Result<bool, AppError> {
    let mut update = Entity::update_many()
        .col_expr(Column::Written, Expr::value(*written))
        .col_expr(Column::LeasedUntil, Expr::value(Some(leased_until(tx))));
    if let Some(expected) = expected {
        update = update.col_expr(Column::Expected, Expr::value(Some(*expected)));
    }
    let done = update.filter(held(*id, *worker)).exec(tx).await?;
    Ok(done.rows_affected == 1)
}

/// Notes that the file is there; whether the worker still had it.
///
/// # Errors
/// When the database does not answer.
pub async fn done(
    tx: &Tx,
    (id, worker, (written, file, reach)): &Held<(i64, Written, Vec<u8>)>,
) -> Result<bool, AppError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(WorkState::Done))
        .col_expr(Column::Written, Expr::value(*written))
        .col_expr(Column::Expected, Expr::value(Some(*written)))
        .col_expr(Column::SizeBytes, Expr::value(i64::try_from(file.size).ok()))
        .col_expr(Column::Sha256, Expr::value(Some(file.sha256.clone())))
        .col_expr(Column::ReachDigest, Expr::value(Some(reach.clone())))
        .col_expr(Column::FinishedAt, Expr::value(Some(tx.now())))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(held(*id, *worker))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Hands an export back: it is begun anew later.
///
/// # Errors
/// When the database does not answer.
pub async fn hand_back(tx: &Tx, (id, worker, counts): &Held<bool>) -> Result<(), AppError> {
    let tried = Expr::col(Column::Attempts).sub(i32::from(!counts));
    Entity::update_many()
        .col_expr(Column::Attempts, tried)
        // Longer than a passing trouble lasts.
        .col_expr(
            Column::LeasedUntil,
            Expr::value(Some(tx.now() + TimeDelta::seconds(10))),
        )
        .filter(held(*id, *worker))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends an export that can't be, if the worker still has it.
///
/// # Errors
/// When the database does not answer.
pub async fn fail(tx: &Tx, (id, worker, why): &Held<Code>) -> Result<(), AppError> {
    let mine = Entity::find()
        .filter(held(*id, *worker))
        .lock_exclusive()
        .one(tx)
        .await?;
    match mine {
        Some(_) => end(tx, *id, (WorkState::Failed, Some(*why))).await,
        None => Ok(()),
    }
}

/// Ends an export without a file.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &Tx, id: ExportId, (state, failure): (WorkState, Option<Code>)) -> Result<(), AppError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(
            Column::Failure,
            Expr::value(failure.map(|code| code.word().to_owned())),
        )
        .col_expr(Column::FinishedAt, Expr::value(Some(tx.now())))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Cancels an export, or gives its file up: nobody has it any more, and it is soon removed.
///
/// # Errors
/// When the database does not answer.
pub async fn cancel(tx: &Tx, id: ExportId) -> Result<(), AppError> {
    end(tx, id, (WorkState::Cancelled, None)).await?;
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(tx.now()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Exports that are to be removed by now, and how often each was begun.
///
/// # Errors
/// When the database does not answer.
pub async fn expired(
    conn: &impl ConnectionTrait,
    now: DateTime<Utc>,
    most: u64,
) -> Result<Vec<(ExportId, i32)>, AppError> {
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::Attempts)
        .filter(Column::ExpiresAt.lte(now))
        .limit(most)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Removes the row of an export, whose file is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: ExportId) -> Result<(), AppError> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Where the file of an attempt lies in the store. Each has a place of its own: one that was given up for lost, and ends after
/// all, must not write over the file of its successor.
pub fn blob_key(id: ExportId, attempt: i32) -> String {
    format!("exports/{id}-{attempt}")
}

/// What its seal is bound to.
pub fn blob_label(id: ExportId) -> String {
    format!("export.file {id}")
}
