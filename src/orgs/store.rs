//! Rows of `unit`.

use super::rules::{Directory, Unit};
use crate::access::Reach;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::unit;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

/// All units.
///
/// # Errors
/// When the database does not answer or holds a boundary that can't be read.
pub async fn directory(conn: &impl ConnectionTrait) -> Result<Directory, AppError> {
    let rows = unit::Entity::find()
        .order_by_asc(unit::Column::Path)
        .all(conn)
        .await?;
    let units = rows.into_iter().map(to_unit).collect::<Result<_, _>>()?;
    Ok(Directory::new(units))
}

/// Units whose path begins so, parents first.
///
/// # Errors
/// When the database does not answer.
pub async fn below(conn: &impl ConnectionTrait, path: &str) -> Result<Vec<unit::Model>, AppError> {
    let rows = unit::Entity::find()
        .filter(tree(unit::Column::Path, path))
        .order_by_asc(unit::Column::Path)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A unit.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: UnitId) -> Result<unit::Model, AppError> {
    unit::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A unit and all above it, lowest first. One that does not exist any more on `day` is followed to whoever took over.
///
/// # Errors
/// When the database does not answer.
pub async fn chain(
    conn: &impl ConnectionTrait,
    unit: unit::Model,
    day: NaiveDate,
) -> Result<Vec<unit::Model>, AppError> {
    let mut unit = unit;
    for _ in 0..8 {
        match unit.successor_id {
            Some(next) if unit.valid_to.is_some_and(|last| last < day) => unit = find(conn, next).await?,
            _ => break,
        }
    }
    // `/a/b/` has `/a/` above it.
    let ends = unit.path.match_indices('/').skip(1);
    let paths: Vec<&str> = ends.filter_map(|(at, _)| unit.path.get(..=at)).collect();
    let above = unit::Entity::find()
        .filter(unit::Column::Path.is_in(paths))
        .all(conn)
        .await?;
    let mut next = unit.parent_id;
    let mut chain = vec![unit];
    while let Some(found) = above.iter().find(|row| Some(row.id) == next) {
        next = found.parent_id;
        chain.push(found.clone());
        // A ring can't be: a path grows with depth. The bound keeps a broken table from hanging us.
        if chain.len() > above.len() {
            break;
        }
    }
    Ok(chain)
}

/// A unit, locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub(super) async fn lock(tx: &Tx, id: UnitId) -> Result<unit::Model, AppError> {
    let row = unit::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// A unit that was valid last under this code.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_code(conn: &impl ConnectionTrait, code: &str) -> Result<Option<unit::Model>, AppError> {
    let row = unit::Entity::find()
        .filter(unit::Column::Code.eq(code))
        .order_by_desc(unit::Column::ValidFrom)
        .one(conn)
        .await?;
    Ok(row)
}

/// Writes a new unit.
///
/// # Errors
/// `Conflict` when code and first day are taken.
pub async fn insert(tx: &Tx, row: unit::ActiveModel) -> Result<unit::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes a changed unit.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &Tx, row: unit::ActiveModel) -> Result<unit::Model, AppError> {
    Ok(row.update(tx).await?)
}

/// The first text behind all that begin with `prefix`: `/a/` → `/a0`, since a path's separator is its last sign.
#[must_use]
pub fn after_prefix(prefix: &str) -> String {
    let mut end = prefix.trim_end_matches('/').to_owned();
    end.push('0');
    end
}

/// What lies in a unit or below it, by the column that holds the path of a unit.
pub fn tree<C: ColumnTrait>(path: C, prefix: &str) -> Condition {
    Condition::all()
        .add(path.gte(prefix))
        .add(path.lt(after_prefix(prefix)))
}

/// What somebody reaches, by the column that holds the path of a unit.
pub fn within<C: ColumnTrait>(path: C, reach: &Reach) -> Condition {
    // An empty condition would let everything pass.
    let mut within = Condition::any().add(Expr::value(false));
    for prefix in reach.districts.iter().chain(&reach.subtrees) {
        within = within.add(tree(path, prefix));
    }
    if !reach.units.is_empty() {
        within = within.add(path.is_in(&reach.units));
    }
    within
}

fn to_unit(row: unit::Model) -> Result<Unit, AppError> {
    let area = row.area.map(|area| super::rules::parse_area(&area)).transpose();
    Ok(Unit {
        id: row.id,
        code: row.code,
        kind: row.kind,
        name: row.name,
        parent: row.parent_id,
        path: row.path,
        aliases: serde_json::from_value(row.aliases).unwrap_or_default(),
        area: area.map_err(|why| AppError::new(Code::Internal).because(anyhow::anyhow!("{why}")))?,
        powers: serde_json::from_value(row.powers).unwrap_or_default(),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        successor: row.successor_id,
    })
}
