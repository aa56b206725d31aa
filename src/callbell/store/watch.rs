//! Rows of `callbell_device` as they are watched: what devices tell of themselves, and what is not heard of them. None of
//! it counts as a change that somebody made: the version stays.

use crate::callbell::rules::hearing::{self, Standing, silent_at};
use crate::callbell::rules::message::Message;
use crate::platform::db::{Tx, padded};
use crate::platform::error::AppError;
use chrono::{DateTime, Utc};
use entity::id::{DeviceId, UnitId};
use entity::kind::{AlarmKind, AlarmState, DeviceState};
use entity::{callbell_alarm, callbell_device};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};
use std::collections::HashSet;

use callbell_device::Column as C;

/// What of a device its own words change, in the order of [`told`].
const TOLD: [&str; 13] = [
    "last_seen_at",
    "silent_at",
    "silent_since",
    "last_seq",
    "battery",
    "battery_seq",
    "mains_ok",
    "mains_seq",
    "firmware",
    "firmware_seq",
    "fault",
    "fault_seq",
    "tested_at",
];

fn told(row: &callbell_device::Model) -> [Value; 13] {
    [
        row.last_seen_at.into(),
        row.silent_at.into(),
        row.silent_since.into(),
        row.last_seq.into(),
        row.battery.into(),
        row.battery_seq.into(),
        row.mains_ok.into(),
        row.mains_seq.into(),
        row.firmware.clone().into(),
        row.firmware_seq.into(),
        row.fault.clone().into(),
        row.fault_seq.into(),
        row.tested_at.into(),
    ]
}

/// What is known of a device by its own words.
#[must_use]
pub fn standing(row: &callbell_device::Model) -> Standing {
    Standing {
        heartbeat_s: row.heartbeat_s,
        last_seen_at: row.last_seen_at,
        silent_at: row.silent_at,
        silent_since: row.silent_since,
        last_seq: row.last_seq,
        battery: row.battery,
        battery_seq: row.battery_seq,
        mains_ok: row.mains_ok,
        mains_seq: row.mains_seq,
        firmware: row.firmware.clone(),
        firmware_seq: row.firmware_seq,
        fault: row.fault.clone(),
        fault_seq: row.fault_seq,
        tested_at: row.tested_at,
    }
}

/// Takes in what a message tells of its device.
pub fn hear(row: &mut callbell_device::Model, message: &Message, now: DateTime<Utc>) {
    let mut standing = standing(row);
    hearing::hear(&mut standing, message, now);
    row.last_seen_at = standing.last_seen_at;
    row.silent_at = standing.silent_at;
    row.silent_since = standing.silent_since;
    row.last_seq = standing.last_seq;
    row.battery = standing.battery;
    row.battery_seq = standing.battery_seq;
    row.mains_ok = standing.mains_ok;
    row.mains_seq = standing.mains_seq;
    row.firmware = standing.firmware;
    row.firmware_seq = standing.firmware_seq;
    row.fault = standing.fault;
    row.fault_seq = standing.fault_seq;
    row.tested_at = standing.tested_at;
}

/// Writes what devices told of themselves: one statement for all of them.
///
/// # Errors
/// When the database does not answer.
pub async fn write_told(tx: &Tx, rows: &[callbell_device::Model]) -> Result<(), AppError> {
    for some in rows.chunks(200) {
        let mut values: Vec<Value> = Vec::with_capacity(some.len() * (TOLD.len() + 1));
        let mut lines: Vec<String> = Vec::with_capacity(some.len());
        for row in some {
            let first = values.len() + 1;
            values.push(row.id.0.into());
            values.extend(told(row));
            let marks: Vec<String> = (first..=values.len()).map(|n| format!("${n}")).collect();
            lines.push(format!("({})", marks.join(", ")));
        }
        let set: Vec<String> = TOLD
            .iter()
            .zip(2..)
            .map(|(name, n)| format!("{name} = v.column{n}"))
            .collect();
        let sql = format!(
            "UPDATE callbell_device SET {} FROM (VALUES {}) AS v WHERE callbell_device.id = v.column1",
            set.join(", "),
            lines.join(", ")
        );
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

/// Devices, locked until the end of the transaction, in the order of their ids.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_all(tx: &Tx, ids: &[DeviceId]) -> Result<Vec<callbell_device::Model>, AppError> {
    let rows = callbell_device::Entity::find()
        .filter(C::Id.is_in(padded(ids)))
        .order_by_asc(C::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(rows)
}

/// Puts devices whose silence is over back among those that are watched; how many.
///
/// # Errors
/// When the database does not answer.
pub async fn end_silences(tx: &Tx) -> Result<u64, AppError> {
    let done = callbell_device::Entity::update_many()
        .col_expr(C::State, Expr::value(DeviceState::Active.to_value()))
        .filter(C::State.eq(DeviceState::Silenced))
        .filter(C::SilencedUntil.lte(tx.now()))
        .exec(tx)
        .await?;
    Ok(done.rows_affected)
}

/// Devices of which nothing was heard in time. In these words, so that both databases find their index.
fn quiet(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Expr::cust("state = 'active' AND silent_since IS NULL"))
        .add(C::SilentAt.lte(now))
}

/// Whether there is a device of which nothing was heard in time.
///
/// # Errors
/// When the database does not answer.
pub async fn any_quiet(conn: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<bool, AppError> {
    let found = callbell_device::Entity::find()
        .filter(quiet(now))
        .one(conn)
        .await?;
    Ok(found.is_some())
}

/// Devices of which nothing was heard in time, locked: those that nobody else is looking at.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_quiet(tx: &Tx, most: u64) -> Result<Vec<callbell_device::Model>, AppError> {
    let rows = callbell_device::Entity::find()
        .filter(quiet(tx.now()))
        .order_by_asc(C::SilentAt)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Notes that devices are silent.
///
/// # Errors
/// When the database does not answer.
pub async fn fall_silent(tx: &Tx, rows: &[callbell_device::Model]) -> Result<(), AppError> {
    let ids: Vec<DeviceId> = rows.iter().map(|row| row.id).collect();
    callbell_device::Entity::update_many()
        .col_expr(C::SilentSince, Expr::value(tx.now()))
        .filter(C::Id.is_in(padded(&ids)))
        .exec(tx)
        .await?;
    Ok(())
}

/// How many devices of a community fell silent since an instant, and how many it has that were ever heard.
///
/// # Errors
/// When the database does not answer.
pub async fn silent_lately(tx: &Tx, unit_path: &str, since: DateTime<Utc>) -> Result<(u64, u64), AppError> {
    let there = || {
        callbell_device::Entity::find()
            .filter(C::UnitPath.eq(unit_path))
            .filter(C::State.eq(DeviceState::Active))
            .filter(C::LastSeenAt.is_not_null())
    };
    let lately = there().filter(C::SilentSince.gte(since)).count(tx).await?;
    Ok((lately, there().count(tx).await?))
}

/// Gives every device its intervals anew, counted from now: nobody listened for a while.
///
/// # Errors
/// When the database does not answer.
pub async fn wait_anew(tx: &Tx) -> Result<(), AppError> {
    let intervals: Vec<i32> = callbell_device::Entity::find()
        .select_only()
        .distinct()
        .column(C::HeartbeatS)
        .into_tuple()
        .all(tx)
        .await?;
    // In the order in which they are locked elsewhere, so that nobody waits for each other.
    let _locked: Vec<DeviceId> = callbell_device::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::SilentSince.is_null())
        .filter(C::SilentAt.is_not_null())
        .order_by_asc(C::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx)
        .await?;
    for heartbeat_s in intervals {
        let at = silent_at(heartbeat_s, tx.now());
        callbell_device::Entity::update_many()
            .col_expr(C::SilentAt, Expr::value(at))
            .filter(C::HeartbeatS.eq(heartbeat_s))
            .filter(C::SilentSince.is_null())
            .filter(C::SilentAt.lt(at))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Devices in use that were there before `there` and not tested since `since`.
fn not_tested(there: DateTime<Utc>, since: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(C::State.ne(DeviceState::Retired))
        .add(C::CreatedAt.lt(there))
        .add(
            Condition::any()
                .add(C::TestedAt.is_null())
                .add(C::TestedAt.lt(since)),
        )
}

/// Devices that were there before an instant and not tested since another one.
///
/// # Errors
/// When the database does not answer.
pub async fn untested(
    conn: &impl ConnectionTrait,
    there: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<Vec<callbell_device::Model>, AppError> {
    let rows = callbell_device::Entity::find()
        .filter(not_tested(there, since))
        .order_by_asc(C::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// How many there are of each community.
///
/// # Errors
/// When the database does not answer.
pub async fn untested_by_unit(
    conn: &impl ConnectionTrait,
    there: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<Vec<(UnitId, String, i64)>, AppError> {
    let rows = callbell_device::Entity::find()
        .select_only()
        .column(C::UnitId)
        .column(C::UnitPath)
        .column_as(Expr::col(C::Id).count(), "n")
        .filter(not_tested(there, since))
        .group_by(C::UnitId)
        .group_by(C::UnitPath)
        .order_by_asc(C::UnitPath)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Those of some devices about which there is no alarm of a kind.
///
/// # Errors
/// When the database does not answer.
pub async fn without_alarm(
    conn: &impl ConnectionTrait,
    rows: Vec<callbell_device::Model>,
    kind: AlarmKind,
) -> Result<Vec<callbell_device::Model>, AppError> {
    if rows.is_empty() {
        return Ok(rows);
    }
    let known: HashSet<Option<DeviceId>> = callbell_alarm::Entity::find()
        .select_only()
        .column(callbell_alarm::Column::DeviceId)
        .filter(callbell_alarm::Column::Kind.eq(kind))
        .filter(callbell_alarm::Column::State.ne(AlarmState::Settled))
        .into_tuple()
        .all(conn)
        .await?
        .into_iter()
        .collect();
    let new = rows.into_iter().filter(|row| !known.contains(&Some(row.id)));
    Ok(new.collect())
}

/// Forgets what was wrong with a device: somebody has seen to it.
///
/// # Errors
/// When the database does not answer.
pub async fn clear_fault(tx: &Tx, id: DeviceId) -> Result<(), AppError> {
    callbell_device::Entity::update_many()
        .col_expr(C::Fault, Expr::value(None::<String>))
        .filter(C::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes that somebody should go and look, or that they did.
///
/// # Errors
/// When the database does not answer.
pub async fn want_visit(tx: &Tx, id: DeviceId, wanted: bool) -> Result<(), AppError> {
    callbell_device::Entity::update_many()
        .col_expr(C::VisitWanted, Expr::value(wanted))
        .filter(C::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
