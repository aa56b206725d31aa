//! Rows of `callbell_device`. The version counts what people change; what a device tells of itself leaves it alone.

use crate::access::Reach;
use crate::orgs::store::{tree, within};
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, Utc};
use entity::callbell_device;
use entity::id::{DeviceId, HomeId, UnitId};
use entity::kind::DeviceState;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

/// A device by its serial, retired ones too; none where nobody registered it.
///
/// # Errors
/// When the database does not answer.
pub async fn by_serial(
    conn: &impl ConnectionTrait,
    serial: &str,
) -> Result<Option<callbell_device::Model>, AppError> {
    let row = callbell_device::Entity::find()
        .filter(callbell_device::Column::Serial.eq(serial))
        .one(conn)
        .await?;
    Ok(row)
}

/// A device.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: DeviceId) -> Result<callbell_device::Model, AppError> {
    callbell_device::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A device, locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: DeviceId) -> Result<callbell_device::Model, AppError> {
    callbell_device::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Where a device stands at an instant: a silence ends by itself, whatever the row still says.
#[must_use]
pub fn state_at(row: &callbell_device::Model, now: DateTime<Utc>) -> DeviceState {
    match row.state {
        DeviceState::Silenced if row.silenced_until.is_none_or(|until| until <= now) => DeviceState::Active,
        state => state,
    }
}

/// Which devices to list.
#[derive(Clone, Debug, Default)]
pub(in crate::callbell) struct Filter {
    /// Only those of this unit and below, by its path.
    pub below: Option<String>,
    /// Only those of this home.
    pub home_id: Option<HomeId>,
    /// Only those that stand so.
    pub state: Option<DeviceState>,
    /// Only those of which nothing is heard, or only the others.
    pub silent: Option<bool>,
    /// Only those whose serial begins so, in capitals or not.
    pub serial: Option<String>,
}

/// Devices that the caller reaches, behind `after`, in the order of ids.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    now: DateTime<Utc>,
    (after, limit): (Option<DeviceId>, u64),
) -> Result<Vec<callbell_device::Model>, AppError> {
    use callbell_device::Column;
    let mut all = Condition::all().add(within(Column::UnitPath, reach));
    if let Some(below) = &filter.below {
        all = all.add(tree(Column::UnitPath, below));
    }
    if let Some(home_id) = filter.home_id {
        all = all.add(Column::HomeId.eq(home_id));
    }
    if let Some(state) = filter.state {
        all = all.add(standing(state, now));
    }
    match filter.silent {
        Some(true) => all = all.add(Column::SilentSince.is_not_null()),
        Some(false) => all = all.add(Column::SilentSince.is_null()),
        None => {}
    }
    if let Some(serial) = &filter.serial {
        // `_` is a sign of serials and a wildcard of LIKE; `!` is neither.
        let pattern = format!("{}%", serial.to_ascii_lowercase().replace('_', "!_"));
        let serial = Expr::expr(Func::lower(Expr::col(Column::Serial)));
        all = all.add(serial.like(LikeExpr::new(pattern).escape('!')));
    }
    if let Some(after) = after {
        all = all.add(Column::Id.gt(after));
    }
    let rows = callbell_device::Entity::find()
        .filter(all)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// [`state_at`], as a condition.
fn standing(state: DeviceState, now: DateTime<Utc>) -> Condition {
    use callbell_device::Column;
    let silenced = Condition::all()
        .add(Column::State.eq(DeviceState::Silenced))
        .add(Column::SilencedUntil.gt(now));
    match state {
        DeviceState::Silenced => silenced,
        DeviceState::Retired => Condition::all().add(Column::State.eq(state)),
        DeviceState::Active => Condition::any().add(Column::State.eq(state)).add(
            Condition::all()
                .add(Column::State.eq(DeviceState::Silenced))
                .add(Column::SilencedUntil.lte(now)),
        ),
    }
}

/// Devices with these serials.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn by_serials(
    conn: &impl ConnectionTrait,
    serials: &[&str],
) -> Result<Vec<callbell_device::Model>, AppError> {
    if serials.is_empty() {
        return Ok(Vec::new());
    }
    let rows = callbell_device::Entity::find()
        .filter(callbell_device::Column::Serial.is_in(padded(serials)))
        .all(conn)
        .await?;
    Ok(rows)
}

/// Takes the devices of a home along to another unit.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn follow(
    tx: &Tx,
    home_id: HomeId,
    (unit_id, unit_path): (UnitId, &str),
) -> Result<(), AppError> {
    use callbell_device::Column;
    callbell_device::Entity::update_many()
        .col_expr(Column::UnitId, Expr::value(unit_id))
        .col_expr(Column::UnitPath, Expr::value(unit_path))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::HomeId.eq(home_id))
        .filter(Column::State.ne(DeviceState::Retired))
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes a new device.
///
/// # Errors
/// `Conflict` when the serial was taken meanwhile.
pub(in crate::callbell) async fn insert(
    tx: &Tx,
    row: callbell_device::ActiveModel,
) -> Result<callbell_device::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Puts a device of a file aside, to be written with all others.
pub(in crate::callbell) fn stage(tx: &Tx, row: callbell_device::ActiveModel) {
    tx.stage(row);
}

/// Writes a changed device.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn update(
    tx: &Tx,
    row: callbell_device::ActiveModel,
) -> Result<callbell_device::Model, AppError> {
    Ok(row.update(tx).await?)
}
