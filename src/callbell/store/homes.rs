//! Rows of `callbell_home` and `callbell_kin`, and the labels under which their personal columns are sealed.

use crate::access::Reach;
use crate::orgs::store::{tree, within};
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use entity::id::{HomeId, UnitId};
use entity::{callbell_home, callbell_kin};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// Seals `callbell_home.resident_sealed`.
pub const NAME: &str = "callbell_home.resident";
/// Seals `callbell_home.phone_sealed`.
pub const PHONE: &str = "callbell_home.phone";
/// Seals `callbell_home.spoken_sealed`.
pub const SPOKEN: &str = "callbell_home.spoken";
/// Seals `callbell_home.access_sealed`.
pub const ACCESS: &str = "callbell_home.access";
/// Seals `callbell_home.medical_sealed`.
pub const MEDICAL: &str = "callbell_home.medical";
/// Seals `callbell_kin.name_sealed`.
pub const KIN_NAME: &str = "callbell_kin.name";
/// Seals `callbell_kin.phone_sealed`; the number is in the form of `Phone::canonical`.
pub const KIN_PHONE: &str = "callbell_kin.phone";

/// A home.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: HomeId) -> Result<callbell_home::Model, AppError> {
    callbell_home::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A home, locked until the end of the transaction: of two changes of one version the second is refused.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: HomeId) -> Result<callbell_home::Model, AppError> {
    callbell_home::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// The next of kin of a home, in the order in which they are told; those who are never told as well.
///
/// # Errors
/// When the database does not answer.
pub async fn kin(conn: &impl ConnectionTrait, home_id: HomeId) -> Result<Vec<callbell_kin::Model>, AppError> {
    kin_of(conn, &[home_id]).await
}

/// The next of kin of several homes, each home's in order.
///
/// # Errors
/// When the database does not answer.
pub async fn kin_of(
    conn: &impl ConnectionTrait,
    homes: &[HomeId],
) -> Result<Vec<callbell_kin::Model>, AppError> {
    if homes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = callbell_kin::Entity::find()
        .filter(callbell_kin::Column::HomeId.is_in(padded(homes)))
        .order_by_asc(callbell_kin::Column::HomeId)
        .order_by_asc(callbell_kin::Column::Ord)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Homes that the caller reaches, of a unit and below where one is named, behind `after`, in the order of ids.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    below: Option<&str>,
    after: Option<HomeId>,
    limit: u64,
) -> Result<Vec<callbell_home::Model>, AppError> {
    let path = callbell_home::Column::UnitPath;
    let mut select = callbell_home::Entity::find().filter(within(path, reach));
    if let Some(below) = below {
        select = select.filter(tree(path, below));
    }
    if let Some(after) = after {
        select = select.filter(callbell_home::Column::Id.gt(after));
    }
    let rows = select
        .order_by_asc(callbell_home::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// All homes of these units, oldest first.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn in_units(
    conn: &impl ConnectionTrait,
    units: &[UnitId],
) -> Result<Vec<callbell_home::Model>, AppError> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let rows = callbell_home::Entity::find()
        .filter(callbell_home::Column::UnitId.is_in(padded(units)))
        .order_by_asc(callbell_home::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Writes a new home.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn insert(
    tx: &Tx,
    row: callbell_home::ActiveModel,
) -> Result<callbell_home::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes a changed home.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn update(
    tx: &Tx,
    row: callbell_home::ActiveModel,
) -> Result<callbell_home::Model, AppError> {
    Ok(row.update(tx).await?)
}

/// Puts these next of kin into the place of those who were there.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn replace_kin(
    tx: &Tx,
    home_id: HomeId,
    rows: Vec<callbell_kin::ActiveModel>,
) -> Result<Vec<callbell_kin::Model>, AppError> {
    callbell_kin::Entity::delete_many()
        .filter(callbell_kin::Column::HomeId.eq(home_id))
        .exec(tx)
        .await?;
    insert_kin(tx, rows).await
}

/// Writes next of kin, in their order.
///
/// # Errors
/// When the database does not answer.
pub(in crate::callbell) async fn insert_kin(
    tx: &Tx,
    rows: Vec<callbell_kin::ActiveModel>,
) -> Result<Vec<callbell_kin::Model>, AppError> {
    let mut written = Vec::with_capacity(rows.len());
    for row in rows {
        written.push(row.insert(tx).await?);
    }
    Ok(written)
}

/// Puts a home of a file aside, to be written with all others.
pub(in crate::callbell) fn stage(tx: &Tx, row: callbell_home::ActiveModel) {
    tx.stage(row);
}

/// Puts next of kin of a file aside, to be written with all others.
pub(in crate::callbell) fn stage_kin(tx: &Tx, row: callbell_kin::ActiveModel) {
    tx.stage(row);
}
