//! Rows of `callbell_alarm`.

use crate::access::Reach;
use crate::orgs::store::{tree, within};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use entity::callbell_alarm;
use entity::id::{AlarmId, DeviceId, UnitId};
use entity::kind::{AlarmKind, AlarmState};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

/// An alarm.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: AlarmId) -> Result<callbell_alarm::Model, AppError> {
    callbell_alarm::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// An alarm, locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: AlarmId) -> Result<callbell_alarm::Model, AppError> {
    callbell_alarm::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// The alarm of a kind about a thing that is not settled, locked until the end of the transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn about(
    tx: &Tx,
    kind: AlarmKind,
    subject: &str,
) -> Result<Option<callbell_alarm::Model>, AppError> {
    let row = callbell_alarm::Entity::find()
        .filter(callbell_alarm::Column::Kind.eq(kind))
        .filter(callbell_alarm::Column::Subject.eq(subject))
        .filter(callbell_alarm::Column::State.ne(AlarmState::Settled))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row)
}

/// Whether there is an alarm of a kind that is not settled.
///
/// # Errors
/// When the database does not answer.
pub async fn open_about(conn: &impl ConnectionTrait, kind: AlarmKind) -> Result<bool, AppError> {
    Ok(!open_of_kind(conn, kind).await?.is_empty())
}

/// All alarms of a kind that are not settled.
///
/// # Errors
/// When the database does not answer.
pub async fn open_of_kind(
    conn: &impl ConnectionTrait,
    kind: AlarmKind,
) -> Result<Vec<callbell_alarm::Model>, AppError> {
    let rows = callbell_alarm::Entity::find()
        .filter(callbell_alarm::Column::Kind.eq(kind))
        .filter(callbell_alarm::Column::State.ne(AlarmState::Settled))
        .all(conn)
        .await?;
    Ok(rows)
}

/// All alarms about a device that are not settled, locked until the end of the transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn open_of_device(tx: &Tx, device: DeviceId) -> Result<Vec<callbell_alarm::Model>, AppError> {
    let rows = callbell_alarm::Entity::find()
        .filter(callbell_alarm::Column::DeviceId.eq(device))
        .filter(callbell_alarm::Column::State.ne(AlarmState::Settled))
        .order_by_asc(callbell_alarm::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(rows)
}

/// Takes the open alarms of a device along to another community.
///
/// # Errors
/// When the database does not answer.
pub async fn move_to(tx: &Tx, device: DeviceId, (unit, path): (UnitId, &str)) -> Result<(), AppError> {
    use callbell_alarm::Column as C;
    callbell_alarm::Entity::update_many()
        .col_expr(C::UnitId, Expr::value(unit))
        .col_expr(C::UnitPath, Expr::value(path))
        .filter(C::DeviceId.eq(device))
        .filter(C::State.ne(AlarmState::Settled))
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes a new alarm.
///
/// # Errors
/// `Conflict` when there is one of that kind about that thing meanwhile.
pub async fn insert(tx: &Tx, row: &callbell_alarm::Model) -> Result<(), AppError> {
    let row = row.clone().into_active_model().reset_all();
    callbell_alarm::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Writes a changed alarm as a new version.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &Tx, row: &mut callbell_alarm::Model) -> Result<(), AppError> {
    row.version += 1;
    let next = row.clone().into_active_model().reset_all();
    callbell_alarm::Entity::update(next).exec(tx).await?;
    Ok(())
}

/// How many alarms of an outage are not settled.
///
/// # Errors
/// When the database does not answer.
pub async fn left_of(tx: &Tx, outage: AlarmId) -> Result<u64, AppError> {
    let left = callbell_alarm::Entity::find()
        .filter(callbell_alarm::Column::OutageId.eq(outage))
        .filter(callbell_alarm::Column::State.ne(AlarmState::Settled))
        .count(tx)
        .await?;
    Ok(left)
}

/// Makes the alarms of silent devices of a community parts of an outage; those that are still open.
///
/// # Errors
/// When the database does not answer.
pub async fn fold(tx: &Tx, outage: AlarmId, unit: UnitId) -> Result<(), AppError> {
    use callbell_alarm::Column as C;
    callbell_alarm::Entity::update_many()
        .col_expr(C::OutageId, Expr::value(outage))
        .filter(C::Kind.eq(AlarmKind::Silent))
        .filter(C::UnitId.eq(unit))
        .filter(C::State.eq(AlarmState::Open))
        .filter(C::OutageId.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Which alarms to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Also those that are settled.
    pub all: bool,
    /// Only of this kind.
    pub kind: Option<AlarmKind>,
    /// Only of this unit and those below it, by its path.
    pub below: Option<String>,
}

/// Alarms that somebody reaches, older than one, newest first. Those that are parts of an outage stand behind it.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    before: Option<AlarmId>,
    limit: u64,
) -> Result<Vec<callbell_alarm::Model>, AppError> {
    use callbell_alarm::Column as C;
    let mut select = callbell_alarm::Entity::find().filter(within(C::UnitPath, reach));
    if !filter.all {
        select = select.filter(C::State.ne(AlarmState::Settled));
    }
    if let Some(kind) = filter.kind {
        select = select.filter(C::Kind.eq(kind));
    }
    if let Some(path) = &filter.below {
        select = select.filter(tree(C::UnitPath, path));
    }
    if let Some(before) = before {
        select = select.filter(C::Id.lt(before));
    }
    Ok(select.order_by_desc(C::Id).limit(limit).all(conn).await?)
}
