//! What happens to calls by itself: rungs, leases, arrivals, check-ins; and the watchdog over all of it.

use super::apply::{Doer, Said, TIMER, World, command};
use super::open::wind_up;
use super::row::{OPEN, lock};
use crate::callbell::rules::call::Command;
use crate::ledger::timers::{self, Which};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::reference::Desk;
use chrono::TimeDelta;
use entity::id::CallId;
use entity::{callbell_call, durable_timer};
use futures_util::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A timer of a call may be late by so many seconds before the watchdog looks at it.
const LATE_S: i64 = 5;

/// The jobs of calls.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let (ringing, watching) = (desk.clone(), desk.clone());
    vec![
        Job::new("calls", Duration::from_secs(1), move || {
            let desk = ringing.clone();
            async move {
                let (db, now) = (desk.kit.db.clone(), desk.kit.now());
                let reference = desk.reference().await?;
                let world = World {
                    kit: desk.kit.clone(),
                    reference,
                };
                timers::fire_next(&db, Which::Calls, now, Arc::new(world), |tx, world, timer| {
                    Box::pin(tick(tx, world, timer))
                })
                .await
            }
            .boxed()
        }),
        Job::new("call_watchdog", Duration::from_secs(5), move || {
            let desk = watching.clone();
            async move { watch(&desk).await }.boxed()
        })
        .on_beat_only(),
    ]
}

/// What is due for a call happens. The timer is replaced by the next one in the same transaction.
async fn tick(tx: &Tx, world: &World, timer: &durable_timer::Model) -> Result<(), AppError> {
    let mut row = lock(tx, CallId(timer.subject_id)).await?;
    let said = (&Doer::system(), &Said::default());
    // Time is never refused.
    let _refused = command(tx, world, &mut row, Command::Tick, said).await?;
    Ok(())
}

/// Every call that nobody has dealt with has exactly one timer, due no more than a moment ago; where that does not hold,
/// it is made so, and told.
async fn watch(desk: &Desk) -> Result<Pass, AppError> {
    let conn = desk.kit.db.read();
    let open: Vec<CallId> = callbell_call::Entity::find()
        .select_only()
        .column(callbell_call::Column::Id)
        .filter(callbell_call::Column::State.is_in(OPEN))
        .into_tuple()
        .all(conn)
        .await?;
    if open.is_empty() {
        return Ok(Pass::Idle);
    }
    let timed: HashSet<Uuid> = durable_timer::Entity::find()
        .select_only()
        .column(durable_timer::Column::SubjectId)
        .filter(durable_timer::Column::Kind.eq(TIMER))
        .into_tuple()
        .all(conn)
        .await?
        .into_iter()
        .collect();
    let late = desk.kit.now() - TimeDelta::seconds(LATE_S);
    let behind = durable_timer::Entity::find()
        .filter(durable_timer::Column::Kind.eq(TIMER))
        .filter(durable_timer::Column::DueAt.lt(late))
        .one(conn)
        .await?;
    if let Some(timer) = behind {
        tracing::error!(call = %timer.subject_id, due_at = %timer.due_at, "a call's timer is late");
        metrics::counter!("hotline_callbell_late_timers_total").increment(1);
    }
    for id in open.into_iter().filter(|id| !timed.contains(&id.0)) {
        tracing::error!(call = %id, "a call has no timer: it gets one");
        metrics::counter!("hotline_callbell_lost_timers_total").increment(1);
        desk.kit
            .db
            .write("callbell.wind_up", id, |tx, id| Box::pin(repair(tx, *id)))
            .await?;
    }
    Ok(Pass::Idle)
}

/// Looked at again under the lock: it may have been dealt with meanwhile.
async fn repair(tx: &Tx, id: CallId) -> Result<(), AppError> {
    let row = lock(tx, id).await?;
    if OPEN.contains(&row.state) {
        wind_up(tx, id).await?;
    }
    Ok(())
}
