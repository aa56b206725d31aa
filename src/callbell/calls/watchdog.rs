//! Looks whether what must always hold of calls does: every call that nobody has dealt with has exactly one timer, due no
//! more than a moment ago, and messages of an emergency go out at once. What does not hold is mended where it can be,
//! told to the shift leader, and no outside service is told that all is well. It costs what is open, not what there is:
//! one that is slow will be switched off by somebody (Grafana OnCall, issue 724).

use super::apply::TIMER;
use super::open::wind_up;
use super::row::{OPEN, lock, not_dealt_with};
use crate::callbell::alarms::{self, Cause};
use crate::callbell::world::World;
use crate::ledger::audit;
use crate::notify;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::jobs::Pass;
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::CallId;
use entity::kind::AlarmKind;
use entity::{callbell_call, durable_timer};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// A timer of a call may be late by so many seconds.
const LATE_S: i64 = 5;
/// A message of an emergency may wait for so many seconds for the first attempt.
const UNSENT_S: i64 = 10;
/// A sweep of the timers that is older by so many seconds has stopped.
const STOPPED_S: i64 = 10;
/// The sweep of the timers of calls, in the pulses of this process.
pub const SWEEP: &str = "calls";
/// That the wall clock was put back, and the audit log says so.
const STEPPED: &str = "clock_stepped";
/// The last look of this watchdog at which all was well.
const WELL: &str = "calls_are_well";

/// What may be wrong.
const MATTERS: [(&str, &str); 3] = [
    ("timers_lost", "呼叫计时器丢失，已自动修复"),
    ("timers_late", "呼叫计时器滞后"),
    ("messages_late", "救助通知未能及时发出"),
];

/// Looks once.
///
/// # Errors
/// When the database does not answer.
pub async fn watch(world: &World) -> Result<Pass, AppError> {
    let kit = &world.kit;
    let conn = kit.db.read();
    let mut lost = false;
    for id in lost_timers(world).await? {
        let repaired = kit
            .db
            .write("callbell.wind_up", id, |tx, id| Box::pin(repair(tx, *id)));
        if repaired.await? {
            lost = true;
            tracing::error!(call = %id, "a call had not exactly one timer: it has one now");
            metrics::counter!("hotline_callbell_lost_timers_total").increment(1);
        }
    }
    let late = durable_timer::Entity::find()
        .filter(durable_timer::Column::Kind.eq(TIMER))
        // One that fails is put off again and again: it is as late as if nobody had looked at it.
        .filter(
            Condition::any()
                .add(durable_timer::Column::DueAt.lt(kit.now() - TimeDelta::seconds(LATE_S)))
                .add(durable_timer::Column::Attempts.gt(0)),
        )
        .one(conn)
        .await?;
    if let Some(timer) = &late {
        tracing::error!(call = %timer.subject_id, due_at = %timer.due_at, "a call's timer is late");
        metrics::counter!("hotline_callbell_late_timers_total").increment(1);
    }
    let unsent = notify::store::waits_since(conn, kit.now() - TimeDelta::seconds(UNSENT_S)).await?;
    let behind = kit.clock.wall_is_behind();
    if behind > TimeDelta::seconds(2) {
        tracing::warn!(%behind, "the wall clock was put back: timers go on by the time that has passed");
        if kit.pulses.last(STEPPED).is_none() {
            kit.pulses.beat(STEPPED, kit.now());
            let seconds = behind.num_seconds();
            kit.db
                .write("callbell.clock", seconds, |tx, seconds| {
                    note_step(tx, *seconds);
                    Box::pin(async { Ok(()) })
                })
                .await?;
        }
    }
    let wrong = [lost, late.is_some(), unsent];
    if wrong == [false; 3] {
        kit.pulses.beat(WELL, kit.now());
    }
    if wrong != [false; 3] || alarms::open_about(conn, AlarmKind::Engine).await? {
        kit.db
            .write("callbell.watch", (world.clone(), wrong), |tx, (world, wrong)| {
                Box::pin(tell(tx, world, *wrong))
            })
            .await?;
    }
    Ok(Pass::Idle)
}

/// A step of the clock is kept where the administrators look.
fn note_step(tx: &Tx, seconds: i64) {
    let detail = json!({ "behind_s": seconds });
    audit::record_system(tx, "clock_stepped", "clock", "wall", detail);
}

/// Calls that nobody has dealt with and that have no timer, or several.
async fn lost_timers(world: &World) -> Result<Vec<CallId>, AppError> {
    let conn = world.kit.db.read();
    // First the timers: a call that closes meanwhile has none then, but is not among the open ones either.
    let timed: Vec<Uuid> = durable_timer::Entity::find()
        .select_only()
        .column(durable_timer::Column::SubjectId)
        .filter(durable_timer::Column::Kind.eq(TIMER))
        .into_tuple()
        .all(conn)
        .await?;
    let mut timers: HashMap<Uuid, u32> = HashMap::new();
    for subject in timed {
        *timers.entry(subject).or_default() += 1;
    }
    let open: Vec<CallId> = callbell_call::Entity::find()
        .select_only()
        .column(callbell_call::Column::Id)
        .filter(not_dealt_with())
        .filter(callbell_call::Column::UpdatedAt.lt(world.kit.now() - TimeDelta::seconds(1)))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(open
        .into_iter()
        .filter(|id| timers.get(&id.0) != Some(&1))
        .collect())
}

/// Looked at again under the lock: it may have been dealt with meanwhile, or have been on its way. Whether it was so.
async fn repair(tx: &Tx, id: CallId) -> Result<bool, AppError> {
    let row = lock(tx, id).await?;
    let timers = durable_timer::Entity::find()
        .filter(durable_timer::Column::Kind.eq(TIMER))
        .filter(durable_timer::Column::SubjectId.eq(id.0))
        .count(tx)
        .await?;
    let wrong = OPEN.contains(&row.state) && timers != 1;
    if wrong {
        wind_up(tx, id).await?;
    }
    Ok(wrong)
}

/// Tells each district of what is wrong, and that it is over.
async fn tell(tx: &Tx, world: &World, wrong: [bool; 3]) -> Result<(), AppError> {
    let units = world.reference.directory.all();
    for top in units.iter().filter(|unit| unit.parent.is_none()) {
        for ((matter, detail), wrong) in MATTERS.into_iter().zip(wrong) {
            let subject = format!("{matter}:{}", top.id);
            if !wrong {
                alarms::settle(tx, AlarmKind::Engine, &subject).await?;
                continue;
            }
            let cause = Cause {
                kind: AlarmKind::Engine,
                subject,
                device: None,
                unit: (top.id, top.path.clone()),
                detail: detail.to_owned(),
                devices: 0,
                outage: None,
            };
            alarms::raise(tx, world, cause).await?;
        }
    }
    Ok(())
}

/// When the sweep of this process last came to its end.
#[must_use]
pub fn swept_at(kit: &Kit) -> Option<DateTime<Utc>> {
    kit.pulses.last(SWEEP)
}

/// Whether the sweep of this process goes on.
#[must_use]
pub fn goes_on(kit: &Kit) -> bool {
    swept_at(kit).is_some_and(|at| kit.now() - at <= TimeDelta::seconds(STOPPED_S))
}

/// Tells an outside service that all is well, if it is.
///
/// # Errors
/// When it can't be reached: the next minute tries again.
pub async fn ping(world: &World) -> Result<Pass, AppError> {
    let kit = &world.kit;
    let url = &kit.config.callbell.dead_man_url;
    let well = kit.pulses.last(WELL);
    let well = well.is_some_and(|at| kit.now() - at <= TimeDelta::seconds(STOPPED_S));
    if url.is_empty() || !well || !goes_on(kit) {
        return Ok(Pass::Idle);
    }
    let key = kit.ids.id::<Uuid>().to_string();
    match kit
        .outbound
        .post_json(url, None, &key, &json!({ "service": "hotline", "well": true }))
        .await
    {
        Ok(status) if status.is_success() => {}
        Ok(status) => tracing::warn!(%status, "the outside watch refused"),
        Err(error) => tracing::warn!(%error, "the outside watch can't be reached"),
    }
    Ok(Pass::Idle)
}
