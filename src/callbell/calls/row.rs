//! Rows of calls: reading them, and what the rules know of a row.

use crate::access::Reach;
use crate::callbell::rules::call::Call;
use crate::callbell::rules::ladder::Ladder;
use crate::orgs::store::{tree, within};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, DeviceId};
use entity::kind::{CallOutcome, CallState};
use entity::{callbell_call, callbell_entry};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// States in which nobody has dealt with it yet.
pub const OPEN: [CallState; 4] = [
    CallState::Ringing,
    CallState::Acked,
    CallState::EnRoute,
    CallState::OnScene,
];

/// States in which somebody has it.
pub const OWNED: [CallState; 3] = [CallState::Acked, CallState::EnRoute, CallState::OnScene];

/// Not closed. Written out, as is the next, so that both databases find the index that holds no closed ones: there may be
/// millions of them.
#[must_use]
pub fn unfinished() -> Condition {
    Condition::all().add(Expr::cust("\"callbell_call\".\"state\" <> 'closed'"))
}

/// Not dealt with yet.
#[must_use]
pub fn not_dealt_with() -> Condition {
    let ended = Expr::cust("\"callbell_call\".\"state\" NOT IN ('resolved', 'closed')");
    unfinished().add(ended)
}

/// What the rules know of a row.
#[must_use]
pub fn call(row: &callbell_call::Model) -> Call {
    Call {
        state: row.state,
        rung: usize::try_from(row.rung).unwrap_or(0),
        rung_at: row.rung_at,
        level: u8::try_from(row.level).unwrap_or(0),
        owner: row.owner_id,
        opened_at: row.opened_at,
        first_acked_at: row.first_acked_at,
        acked_at: row.acked_at,
        going_at: row.going_at,
        arrived_at: row.arrived_at,
        overdue: row.overdue,
        heard_at: row.heard_at,
        resolved_at: row.resolved_at,
        outcome: row.outcome,
        presses: row.presses,
        pressed_at: row.pressed_at,
        cancelled: row.cancelled,
        test: row.test,
        kin_at: row.kin_at,
        reported: row.reported,
    }
}

/// Writes into a row what the rules made of it.
pub fn reflect(row: &mut callbell_call::Model, call: &Call) {
    row.state = call.state;
    row.rung = i32::try_from(call.rung).unwrap_or(i32::MAX);
    row.rung_at = call.rung_at;
    row.level = i32::from(call.level);
    row.owner_id = call.owner;
    row.first_acked_at = call.first_acked_at;
    row.acked_at = call.acked_at;
    row.going_at = call.going_at;
    row.arrived_at = call.arrived_at;
    row.overdue = call.overdue;
    row.heard_at = call.heard_at;
    row.resolved_at = call.resolved_at;
    row.outcome = call.outcome;
    row.presses = call.presses;
    row.pressed_at = call.pressed_at;
    row.cancelled = call.cancelled;
    row.test = call.test;
    row.kin_at = call.kin_at;
    row.reported = call.reported;
}

/// The ladder that was frozen into a call. One that can't be read any more is the default: it rings.
#[must_use]
pub fn ladder(row: &callbell_call::Model) -> Ladder {
    serde_json::from_value(row.ladder.clone()).unwrap_or_default()
}

/// Whether a call was taken on, or its helper there, later than may be without a report.
#[must_use]
pub fn is_late(row: &callbell_call::Model) -> bool {
    call(row).is_late(&ladder(row))
}

/// A call, locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: CallId) -> Result<callbell_call::Model, AppError> {
    tx.hold(id.0)?;
    let row = callbell_call::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// A call.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: CallId) -> Result<callbell_call::Model, AppError> {
    let row = callbell_call::Entity::find_by_id(id).one(conn).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// The call of a device that is not dealt with yet, locked.
///
/// # Errors
/// When the database does not answer.
pub async fn open_of(tx: &Tx, device: DeviceId) -> Result<Option<callbell_call::Model>, AppError> {
    let row = callbell_call::Entity::find()
        .filter(callbell_call::Column::DeviceId.eq(device))
        .filter(not_dealt_with())
        .lock_exclusive()
        .one(tx)
        .await?;
    // Who acts on it in the same batch would not see the timer that is put aside, and leave two.
    if let Some(row) = &row {
        tx.hold(row.id.0)?;
    }
    Ok(row)
}

/// The call of a device that opened last.
///
/// # Errors
/// When the database does not answer.
pub async fn last_of(
    conn: &impl ConnectionTrait,
    device: DeviceId,
) -> Result<Option<callbell_call::Model>, AppError> {
    let row = callbell_call::Entity::find()
        .filter(callbell_call::Column::DeviceId.eq(device))
        .order_by_desc(callbell_call::Column::Id)
        .limit(1)
        .one(conn)
        .await?;
    Ok(row)
}

/// Devices of which so many calls were false since an instant, and how many.
///
/// # Errors
/// When the database does not answer.
pub async fn often_false(
    conn: &impl ConnectionTrait,
    since: DateTime<Utc>,
    least: u64,
) -> Result<Vec<(DeviceId, i64)>, AppError> {
    use callbell_call::Column as C;
    let least = i64::try_from(least).unwrap_or(i64::MAX);
    // What was dealt with lately opened lately; the index knows when calls opened.
    let rows = callbell_call::Entity::find()
        .select_only()
        .column(C::DeviceId)
        .column_as(C::Id.count(), "n")
        .filter(C::OpenedAt.gte(since - TimeDelta::hours(6)))
        .filter(C::ResolvedAt.gte(since))
        .filter(C::Outcome.eq(CallOutcome::FalseAlarm))
        .filter(C::DeviceId.is_not_null())
        .group_by(C::DeviceId)
        .having(Expr::expr(C::Id.count()).gte(least))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Which calls are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Not dealt with yet.
    Open,
    /// Not closed.
    Unfinished,
    /// All.
    All,
}

impl Which {
    /// By its word.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(word: Option<&str>) -> Result<Self, AppError> {
        match word.unwrap_or("open") {
            "open" => Ok(Self::Open),
            "unfinished" => Ok(Self::Unfinished),
            "all" => Ok(Self::All),
            _ => {
                let words = ["open", "unfinished", "all"].map(str::to_owned);
                Err(AppError::field("?which", Rule::OneOf(words.to_vec())))
            }
        }
    }
}

/// Calls that somebody reaches, of a unit and those below it, older than one, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    (which, below): (Which, Option<&str>),
    before: Option<CallId>,
    limit: u64,
) -> Result<Vec<callbell_call::Model>, AppError> {
    use callbell_call::Column as C;
    let mut select = callbell_call::Entity::find().filter(within(C::UnitPath, reach));
    if let Some(prefix) = below {
        select = select.filter(tree(C::UnitPath, prefix));
    }
    select = match which {
        Which::Open => select.filter(not_dealt_with()),
        Which::Unfinished => select.filter(unfinished()),
        Which::All => select,
    };
    if let Some(before) = before {
        select = select.filter(C::Id.lt(before));
    }
    Ok(select.order_by_desc(C::Id).limit(limit).all(conn).await?)
}

/// The log of a call, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn log(conn: &impl ConnectionTrait, id: CallId) -> Result<Vec<callbell_entry::Model>, AppError> {
    let rows = callbell_entry::Entity::find()
        .filter(callbell_entry::Column::CallId.eq(id))
        .order_by_asc(callbell_entry::Column::Seq)
        .all(conn)
        .await?;
    Ok(rows)
}
