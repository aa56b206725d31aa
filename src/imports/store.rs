//! Rows of `import` and `import_line`.

use super::kinds::Verdict;
use crate::platform::blob::sealed::Written;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ImportId, StaffId};
use entity::import::{Column, Entity, Model};
use entity::import_line;
use entity::kind::{LineOutcome, WorkState};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Seconds that a process may be silent about an import before another one goes on with it.
const LEASE_S: i64 = 120;
/// How often it is begun without a line being dealt with.
const ATTEMPTS: i32 = 3;

/// An import.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: ImportId) -> Result<Model, AppError> {
    let row = Entity::find_by_id(id).one(conn).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// Imports of somebody, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    staff: StaffId,
    before: Option<ImportId>,
    limit: u64,
) -> Result<Vec<Model>, AppError> {
    let mut select = Entity::find()
        .filter(Column::StaffId.eq(staff))
        .filter(Column::SizeBytes.is_not_null());
    if let Some(before) = before {
        select = select.filter(Column::Id.lt(before));
    }
    Ok(select.order_by_desc(Column::Id).limit(limit).all(conn).await?)
}

/// How many of somebody's imports are not over.
///
/// # Errors
/// When the database does not answer.
pub async fn unfinished(conn: &impl ConnectionTrait, staff: StaffId) -> Result<u64, AppError> {
    let select = Entity::find()
        .filter(Column::StaffId.eq(staff))
        .filter(Column::SizeBytes.is_not_null())
        .filter(to_do());
    Ok(select.count(conn).await?)
}

/// Written out, so that the partial index of what is to be done is used.
fn to_do() -> Expr {
    Expr::cust("state IN ('waiting', 'running')")
}

/// Writes a new import, whose file is to come.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, row: &Model) -> Result<(), AppError> {
    let new = row.clone().into_active_model().reset_all();
    Entity::insert(new).exec_without_returning(tx).await?;
    Ok(())
}

/// Notes that the file is there.
///
/// # Errors
/// `Unavailable` when it took so long that the row is gone.
pub async fn arrived(
    tx: &Tx,
    id: ImportId,
    (file, expires_at): (&Written, DateTime<Utc>),
) -> Result<Model, AppError> {
    let done = Entity::update_many()
        .col_expr(Column::SizeBytes, Expr::value(i64::try_from(file.size).ok()))
        .col_expr(Column::Sha256, Expr::value(Some(file.sha256.clone())))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 {
        find(tx, id).await
    } else {
        Err(AppError::new(Code::Unavailable))
    }
}

/// Takes the oldest import that nobody works on, under a lease. One that does not get on fails for good.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(tx: &Tx, worker: &Uuid) -> Result<Option<Model>, AppError> {
    let free = Condition::any()
        .add(Column::LeasedUntil.is_null())
        .add(Column::LeasedUntil.lt(tx.now()));
    let row = Entity::find()
        .filter(to_do())
        .filter(Column::SizeBytes.is_not_null())
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
        .col_expr(Column::LeasedBy, Expr::value(Some(*worker)))
        .col_expr(
            Column::LeasedUntil,
            Expr::value(Some(tx.now() + TimeDelta::seconds(LEASE_S))),
        )
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(Some(row))
}

/// The import, locked, if the worker still has it.
///
/// # Errors
/// When the database does not answer.
pub async fn held(tx: &Tx, id: ImportId, worker: Uuid) -> Result<Option<Model>, AppError> {
    let row = Entity::find_by_id(id)
        .filter(Column::State.eq(WorkState::Running))
        .filter(Column::LeasedBy.eq(worker))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row)
}

/// Lines that were about these, by their indexes.
///
/// # Errors
/// When the database does not answer.
pub async fn seen(tx: &Tx, id: ImportId, keys: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, i64>, AppError> {
    let rows: Vec<(Option<Vec<u8>>, i64)> = import_line::Entity::find()
        .select_only()
        .column(import_line::Column::KeyIndex)
        .column(import_line::Column::Line)
        .filter(import_line::Column::ImportId.eq(id))
        .filter(import_line::Column::KeyIndex.is_in(keys.iter().cloned()))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(key, line)| Some((key?, line)))
        .collect())
}

/// A line and what came of it.
pub struct Told {
    /// In the file.
    pub line: i64,
    /// Of what it is about, unless it is refused.
    pub key: Option<Vec<u8>>,
    /// What came of it.
    pub verdict: Verdict,
}

/// Notes what came of some lines, and that they are dealt with.
///
/// # Errors
/// When the database does not answer.
pub async fn advance(tx: &Tx, row: &Model, told: Vec<Told>) -> Result<(), AppError> {
    let count = |outcome| {
        i64::try_from(told.iter().filter(|one| one.verdict.outcome == outcome).count()).unwrap_or(0)
    };
    let next = Model {
        lines: row.lines + i64::try_from(told.len()).unwrap_or(0),
        created: row.created + count(LineOutcome::Created),
        unchanged: row.unchanged + count(LineOutcome::Unchanged),
        refused: row.refused + count(LineOutcome::Refused),
        attempts: 0,
        leased_until: Some(tx.now() + TimeDelta::seconds(LEASE_S)),
        ..row.clone()
    };
    Entity::update(next.into_active_model().reset_all())
        .exec(tx)
        .await?;
    for one in told {
        tx.stage(import_line::ActiveModel {
            import_id: Set(row.id),
            line: Set(one.line),
            outcome: Set(one.verdict.outcome),
            key_index: Set(one.key),
            subject_id: Set(one.verdict.subject),
            message: Set(one.verdict.message),
        });
    }
    Ok(())
}

/// Hands an import back: somebody goes on with it later.
///
/// # Errors
/// When the database does not answer.
pub async fn hand_back(tx: &Tx, (id, worker, counts): &(ImportId, Uuid, bool)) -> Result<(), AppError> {
    let tried = Expr::col(Column::Attempts).sub(i32::from(!counts));
    Entity::update_many()
        .col_expr(Column::Attempts, tried)
        // Longer than a passing trouble lasts.
        .col_expr(
            Column::LeasedUntil,
            Expr::value(Some(tx.now() + TimeDelta::seconds(10))),
        )
        .filter(Column::Id.eq(*id))
        .filter(Column::LeasedBy.eq(*worker))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends an import, if the worker still has it; whether it had.
///
/// # Errors
/// When the database does not answer.
pub async fn end_held(
    tx: &Tx,
    (id, worker): (ImportId, Uuid),
    how: (WorkState, Option<Code>),
) -> Result<bool, AppError> {
    let had = held(tx, id, worker).await?.is_some();
    if had {
        end(tx, id, how).await?;
    }
    Ok(had)
}

/// Ends an import, if it is not over.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &Tx, id: ImportId, (state, failure): (WorkState, Option<Code>)) -> Result<(), AppError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(
            Column::Failure,
            Expr::value(failure.map(|code| code.word().to_owned())),
        )
        .col_expr(Column::FinishedAt, Expr::value(Some(tx.now())))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(id))
        .filter(to_do())
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends an import, and has its report removed soon.
///
/// # Errors
/// When the database does not answer.
pub async fn cancel(tx: &Tx, id: ImportId) -> Result<(), AppError> {
    end(tx, id, (WorkState::Cancelled, None)).await?;
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(tx.now()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Lines of a report, after one of them.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(
    conn: &impl ConnectionTrait,
    id: ImportId,
    outcome: Option<LineOutcome>,
    (after, limit): (i64, u64),
) -> Result<Vec<import_line::Model>, AppError> {
    let mut select = import_line::Entity::find()
        .filter(import_line::Column::ImportId.eq(id))
        .filter(import_line::Column::Line.gt(after));
    if let Some(outcome) = outcome {
        select = select.filter(import_line::Column::Outcome.eq(outcome));
    }
    let rows = select
        .order_by_asc(import_line::Column::Line)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Imports that are to be removed by now.
///
/// # Errors
/// When the database does not answer.
pub async fn expired(conn: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<ImportId>, AppError> {
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ExpiresAt.lte(now))
        .limit(20)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Removes an import whose file did not come; whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn drop_unarrived(tx: &Tx, id: ImportId) -> Result<bool, AppError> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::SizeBytes.is_null())
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// Removes some lines of a report, and with the last of them its import; whether that is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(tx: &Tx, id: ImportId) -> Result<bool, AppError> {
    const MOST: u64 = 5_000;
    let row = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    if row.is_none_or(|row| row.expires_at > tx.now()) {
        // Gone, or its file came after all.
        return Ok(true);
    }
    let some: Vec<i64> = import_line::Entity::find()
        .select_only()
        .column(import_line::Column::Line)
        .filter(import_line::Column::ImportId.eq(id))
        .order_by_asc(import_line::Column::Line)
        .limit(MOST)
        .into_tuple()
        .all(tx)
        .await?;
    if let (Some(first), Some(last)) = (some.first(), some.last()) {
        import_line::Entity::delete_many()
            .filter(import_line::Column::ImportId.eq(id))
            .filter(Expr::col(import_line::Column::Line).between(*first, *last))
            .exec(tx)
            .await?;
        return Ok(false);
    }
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(true)
}

/// Where the file of an import lies in the store.
pub fn blob_key(id: ImportId) -> String {
    format!("imports/{id}")
}

/// What its seal is bound to.
pub fn blob_label(id: ImportId) -> String {
    format!("import.file {id}")
}
