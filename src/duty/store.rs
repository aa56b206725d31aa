//! Rows of `shift` and `shift_member`; of people and their addresses in files of their own.

pub mod contact;
pub mod people;

use super::rules::{Span, Turn};
use crate::access::Reach;
use crate::access::authenticate::local_day;
use crate::orgs::store::{tree, within};
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, NaiveDate, Utc};
use entity::id::{ShiftId, ShiftMemberId, StaffId, UnitId};
use entity::kind::DutyPost;
use entity::{role_grant, shift, shift_member, staff};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

/// Rows of one statement.
const PIECE: usize = 1_000;

/// A shift.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: ShiftId) -> Result<shift::Model, AppError> {
    shift::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A shift, locked until the end of the transaction: its people change under this lock alone.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: ShiftId) -> Result<shift::Model, AppError> {
    shift::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Which shifts to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The path of a unit: its shifts and those of the units below it.
    pub below: Option<String>,
    /// Not over at this instant.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// Shifts that somebody reaches, after a key, in the order of their beginning.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    after: Option<(DateTime<Utc>, ShiftId)>,
    limit: u64,
) -> Result<Vec<shift::Model>, AppError> {
    use shift::Column as C;
    let mut query = shift::Entity::find().filter(within(C::UnitPath, reach));
    if let Some(path) = &filter.below {
        query = query.filter(tree(C::UnitPath, path));
    }
    if let Some(from) = filter.from {
        query = query.filter(C::EndsAt.gt(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(C::StartsAt.lt(to));
    }
    if let Some((at, id)) = after {
        let same = Condition::all().add(C::StartsAt.eq(at)).add(C::Id.gt(id));
        query = query.filter(Condition::any().add(C::StartsAt.gt(at)).add(same));
    }
    let query = query.order_by_asc(C::StartsAt).order_by_asc(C::Id);
    Ok(query.limit(limit).all(conn).await?)
}

/// Shifts of these units that meet a span, with nobody in them yet; any order.
///
/// # Errors
/// When the database does not answer.
pub async fn meeting(
    conn: &impl ConnectionTrait,
    units: &[UnitId],
    (from, until): Span,
) -> Result<Vec<shift::Model>, AppError> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let rows = shift::Entity::find()
        .filter(shift::Column::UnitId.is_in(padded(units)))
        .filter(shift::Column::EndsAt.gt(from))
        .filter(shift::Column::StartsAt.lt(until))
        .all(conn)
        .await?;
    Ok(rows)
}

/// Everybody of these shifts, stand-ins too, in the order in which they are called.
///
/// # Errors
/// When the database does not answer.
pub async fn members(
    conn: &impl ConnectionTrait,
    shifts: &[ShiftId],
) -> Result<Vec<shift_member::Model>, AppError> {
    use shift_member::Column as C;
    let mut rows = Vec::new();
    for piece in shifts.chunks(PIECE) {
        let some = shift_member::Entity::find()
            .filter(C::ShiftId.is_in(padded(piece)))
            .order_by_asc(C::Ord)
            .order_by_asc(C::StartsAt)
            .order_by_asc(C::Id)
            .all(conn)
            .await?;
        rows.extend(some);
    }
    Ok(rows)
}

/// A shift to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewShift {
    pub unit_id: UnitId,
    pub unit_path: String,
    pub post: DutyPost,
    pub span: Span,
    pub members: Vec<StaffId>,
    pub note: Option<String>,
}

/// Writes new shifts with their people, in few statements, so that whoever comes later in the same transaction sees
/// them.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, shifts: &[NewShift]) -> Result<Vec<shift::Model>, AppError> {
    let rows: Vec<shift::Model> = shifts.iter().map(|new| row(tx, new)).collect();
    let people: Vec<shift_member::ActiveModel> = rows
        .iter()
        .zip(shifts)
        .flat_map(|(row, new)| places(tx, row, &new.members))
        .collect();
    for piece in rows.chunks(PIECE) {
        let piece = piece
            .iter()
            .map(|row| row.clone().into_active_model().reset_all());
        shift::Entity::insert_many(piece).exec(tx).await?;
    }
    insert_people(tx, people).await?;
    Ok(rows)
}

fn row(tx: &Tx, new: &NewShift) -> shift::Model {
    shift::Model {
        id: tx.ids().id(),
        unit_id: new.unit_id,
        unit_path: new.unit_path.clone(),
        post: new.post,
        starts_at: new.span.0,
        ends_at: new.span.1,
        note: new.note.clone(),
        version: 1,
        created_at: tx.now(),
    }
}

fn places(tx: &Tx, shift: &shift::Model, members: &[StaffId]) -> Vec<shift_member::ActiveModel> {
    let place = |(staff, ord): (&StaffId, i32)| shift_member::ActiveModel {
        id: Set(tx.ids().id()),
        shift_id: Set(shift.id),
        staff_id: Set(*staff),
        ord: Set(ord),
        starts_at: Set(shift.starts_at),
        ends_at: Set(shift.ends_at),
        stands_in_for: Set(None),
        reason: Set(None),
        created_at: Set(tx.now()),
    };
    members.iter().zip(0..).map(place).collect()
}

async fn insert_people(tx: &Tx, people: Vec<shift_member::ActiveModel>) -> Result<(), AppError> {
    for piece in people.chunks(PIECE) {
        shift_member::Entity::insert_many(piece.to_vec()).exec(tx).await?;
    }
    Ok(())
}

/// Gives a shift other times, people and another note; who stands in stays. The version rises.
///
/// # Errors
/// When the database does not answer.
pub async fn update(
    tx: &Tx,
    row: shift::Model,
    (from, until): Span,
    members: &[StaffId],
    note: Option<String>,
) -> Result<shift::Model, AppError> {
    let mut next = raised(row);
    next.starts_at = Set(from);
    next.ends_at = Set(until);
    next.note = Set(note);
    let row = next.update(tx).await?;
    shift_member::Entity::delete_many()
        .filter(shift_member::Column::ShiftId.eq(row.id))
        .filter(shift_member::Column::StandsInFor.is_null())
        .exec(tx)
        .await?;
    insert_people(tx, places(tx, &row, members)).await?;
    Ok(row)
}

/// Notes that somebody of a shift has changed: its version rises.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &Tx, row: shift::Model) -> Result<shift::Model, AppError> {
    Ok(raised(row).update(tx).await?)
}

/// Takes a shift away with everybody in it.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: ShiftId) -> Result<(), AppError> {
    shift_member::Entity::delete_many()
        .filter(shift_member::Column::ShiftId.eq(id))
        .exec(tx)
        .await?;
    shift::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Writes somebody who stands in.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_member(tx: &Tx, row: shift_member::ActiveModel) -> Result<shift_member::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Takes somebody who stands in away, as if they never had.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_member(tx: &Tx, id: ShiftMemberId) -> Result<(), AppError> {
    shift_member::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Ends somebody's time in a shift sooner.
///
/// # Errors
/// When the database does not answer.
pub async fn end_member(tx: &Tx, row: shift_member::Model, until: DateTime<Utc>) -> Result<(), AppError> {
    let mut next = row.into_active_model();
    next.ends_at = Set(until);
    next.update(tx).await?;
    Ok(())
}

fn raised(row: shift::Model) -> shift::ActiveModel {
    let version = row.version;
    let mut next = row.into_active_model();
    next.version = Set(version + 1);
    next
}

/// The turn of a row.
#[must_use]
pub fn turn(row: &shift_member::Model) -> Turn {
    Turn {
        shift: row.shift_id,
        staff: row.staff_id,
        ord: row.ord,
        from: row.starts_at,
        until: row.ends_at,
        stands_in_for: row.stands_in_for,
    }
}

/// Grants by which the member of a shift serves its unit on one of these days: held there, or above it.
fn serving((first, last): (NaiveDate, NaiveDate)) -> SelectStatement {
    use role_grant::Column as G;
    let grant = |column: G| Expr::col((role_grant::Entity, column));
    Query::select()
        .expr(Expr::value(1))
        .from(role_grant::Entity)
        .and_where(grant(G::StaffId).equals((shift_member::Entity, shift_member::Column::StaffId)))
        .and_where(grant(G::ValidFrom).lte(last))
        .cond_where(
            Condition::any()
                .add(grant(G::ValidTo).is_null())
                .add(grant(G::ValidTo).gte(first)),
        )
        .and_where(Expr::cust(
            "substr(\"shift\".\"unit_path\", 1, length(\"role_grant\".\"unit_path\")) = \"role_grant\".\"unit_path\"",
        ))
        .to_owned()
}

/// Everybody's turns in units of these paths that meet a span, each with the unit and the post, in any order; of nobody
/// who is disabled. One statement. What [`super::rules::on_duty`] and [`super::rules::gaps`] ask for.
///
/// # Errors
/// When the database does not answer.
pub async fn turns(
    conn: &impl ConnectionTrait,
    paths: &[&str],
    (from, until): Span,
) -> Result<Vec<(UnitId, DutyPost, Turn)>, AppError> {
    use shift_member::Column as M;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let of_shift = |column| (shift::Entity, column);
    let of_member = |column| (shift_member::Entity, column);
    let mut select = Query::select();
    for column in [
        M::ShiftId,
        M::StaffId,
        M::Ord,
        M::StartsAt,
        M::EndsAt,
        M::StandsInFor,
    ] {
        select.column(of_member(column));
    }
    select
        .column(of_shift(shift::Column::UnitId))
        .column(of_shift(shift::Column::Post))
        .from(shift::Entity)
        .inner_join(
            shift_member::Entity,
            Expr::col(of_member(M::ShiftId)).equals(of_shift(shift::Column::Id)),
        )
        .inner_join(
            staff::Entity,
            Expr::col((staff::Entity, staff::Column::Id)).equals(of_member(M::StaffId)),
        )
        .and_where(Expr::col(of_shift(shift::Column::UnitPath)).is_in(padded(paths)))
        // The shift's own times find the index; those of the turn lie within.
        .and_where(Expr::col(of_shift(shift::Column::EndsAt)).gt(from))
        .and_where(Expr::col(of_shift(shift::Column::StartsAt)).lt(until))
        .and_where(Expr::col(of_member(M::EndsAt)).gt(from))
        .and_where(Expr::col(of_member(M::StartsAt)).lt(until))
        // Who was there while they worked here was there; who has left, or holds no role that serves the unit, is not.
        .cond_where(
            Condition::any()
                .add(Expr::col((staff::Entity, staff::Column::DisabledAt)).is_null())
                .add(Expr::col((staff::Entity, staff::Column::DisabledAt)).gt(from)),
        )
        .and_where(Expr::exists(serving((local_day(from), local_day(until)))));
    let mut turns = Vec::new();
    for row in conn.query_all(&select).await? {
        let turn = Turn {
            shift: row.try_get("", "shift_id")?,
            staff: row.try_get("", "staff_id")?,
            ord: row.try_get("", "ord")?,
            from: row.try_get("", "starts_at")?,
            until: row.try_get("", "ends_at")?,
            stands_in_for: row.try_get("", "stands_in_for")?,
        };
        turns.push((row.try_get("", "unit_id")?, row.try_get("", "post")?, turn));
    }
    Ok(turns)
}
