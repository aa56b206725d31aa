//! Rows of `callbell_fixture`, `callbell_patrol_read` and `callbell_camera_view`.

use crate::access::Reach;
use crate::orgs::store::{tree, within};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, Utc};
use entity::id::FixtureId;
use entity::kind::FixtureKind;
use entity::{callbell_fixture, callbell_patrol_read};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

/// Days for which it is kept where people on patrol were: it is sensitive.
pub const KEPT_DAYS: i64 = 90;

/// A fixture.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: FixtureId) -> Result<callbell_fixture::Model, AppError> {
    callbell_fixture::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A fixture, locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: FixtureId) -> Result<callbell_fixture::Model, AppError> {
    callbell_fixture::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A fixture by its code.
///
/// # Errors
/// When the database does not answer.
pub async fn by_code(
    conn: &impl ConnectionTrait,
    kind: FixtureKind,
    code: &str,
) -> Result<Option<callbell_fixture::Model>, AppError> {
    let row = callbell_fixture::Entity::find()
        .filter(callbell_fixture::Column::Kind.eq(kind))
        .filter(callbell_fixture::Column::Code.eq(code))
        .one(conn)
        .await?;
    Ok(row)
}

/// Writes a new fixture.
///
/// # Errors
/// `Conflict` when the code is taken meanwhile.
pub async fn insert(tx: &Tx, row: &callbell_fixture::Model) -> Result<(), AppError> {
    let row = row.clone().into_active_model().reset_all();
    callbell_fixture::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Writes a changed fixture.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &Tx, row: &callbell_fixture::Model) -> Result<(), AppError> {
    let next = row.clone().into_active_model().reset_all();
    callbell_fixture::Entity::update(next).exec(tx).await?;
    Ok(())
}

/// Takes a fixture away.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: FixtureId) -> Result<(), AppError> {
    callbell_fixture::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Which fixtures to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only of this kind.
    pub kind: Option<FixtureKind>,
    /// Only of this unit and those below it, by its path.
    pub below: Option<String>,
}

/// Fixtures that somebody reaches, behind one, in the order of their making.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    after: Option<FixtureId>,
    limit: u64,
) -> Result<Vec<callbell_fixture::Model>, AppError> {
    use callbell_fixture::Column as C;
    let mut select = callbell_fixture::Entity::find().filter(within(C::UnitPath, reach));
    if let Some(kind) = filter.kind {
        select = select.filter(C::Kind.eq(kind));
    }
    if let Some(path) = &filter.below {
        select = select.filter(tree(C::UnitPath, path));
    }
    if let Some(after) = after {
        select = select.filter(C::Id.gt(after));
    }
    Ok(select.order_by_asc(C::Id).limit(limit).all(conn).await?)
}

/// Cameras of a community.
///
/// # Errors
/// When the database does not answer.
pub async fn cameras(
    conn: &impl ConnectionTrait,
    unit_path: &str,
) -> Result<Vec<callbell_fixture::Model>, AppError> {
    let rows = callbell_fixture::Entity::find()
        .filter(callbell_fixture::Column::Kind.eq(FixtureKind::Camera))
        .filter(callbell_fixture::Column::UnitPath.eq(unit_path))
        .order_by_asc(callbell_fixture::Column::Code)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Where people were since an instant, in a unit and those below it, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn reads_since(
    conn: &impl ConnectionTrait,
    path: &str,
    since: DateTime<Utc>,
) -> Result<Vec<callbell_patrol_read::Model>, AppError> {
    use callbell_patrol_read::Column as C;
    let rows = callbell_patrol_read::Entity::find()
        .filter(C::At.gte(since))
        .filter(tree(C::UnitPath, path))
        .order_by_desc(C::At)
        .limit(1_000)
        .all(conn)
        .await?;
    Ok(rows)
}

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
