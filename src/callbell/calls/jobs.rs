//! What happens to calls by itself: rungs, leases, arrivals, check-ins; and those who watch over it.

use super::apply::{Doer, Said, TIMER, command};
use super::row::lock;
use super::{handover, watchdog};
use crate::callbell::rules::call::Command;
use crate::callbell::world::World;
use crate::ledger::timers::{self, Which};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::jobs::Job;
use crate::reference::Desk;
use entity::durable_timer;
use entity::id::CallId;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

/// The jobs of calls, by connections that nothing else uses.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let desk = desk.reserved();
    let (ringing, watching, pinging, relieving) = (desk.clone(), desk.clone(), desk.clone(), desk);
    vec![
        Job::new("calls", Duration::from_secs(1), move || {
            let desk = ringing.clone();
            async move {
                let (db, now) = (desk.kit.db.clone(), desk.kit.now());
                let world = World::of(&desk).await?;
                let pass = timers::fire_next(
                    &db,
                    Which::Only(TIMER),
                    now,
                    Arc::new(world),
                    |tx, world, timer| Box::pin(tick(tx, world, timer)),
                )
                .await?;
                // It goes on, however much is due; whether it is late is looked at by itself.
                desk.kit.pulses.beat(watchdog::SWEEP, now);
                Ok(pass)
            }
            .boxed()
        }),
        Job::new("call_watchdog", Duration::from_secs(5), move || {
            let desk = watching.clone();
            async move { watchdog::watch(&World::of(&desk).await?).await }.boxed()
        })
        .on_beat_only(),
        Job::new("call_shifts", Duration::from_secs(30), move || {
            let desk = relieving.clone();
            async move { handover::watch(&World::of(&desk).await?).await }.boxed()
        })
        .on_beat_only(),
        Job::new("call_dead_man", Duration::from_mins(1), move || {
            let desk = pinging.clone();
            async move { watchdog::ping(&World::of(&desk).await?).await }.boxed()
        })
        .on_beat_only(),
    ]
}

/// What is due for a call happens. The timer is replaced by the next one in the same transaction.
async fn tick(tx: &Tx, world: &World, timer: &durable_timer::Model) -> Result<(), AppError> {
    let mut row = lock(tx, CallId(timer.subject_id)).await?;
    // Whoever acted on the call in the meantime has set another one.
    if timers::claim(tx, timer.id).await?.is_none() {
        return Ok(());
    }
    let said = (&Doer::system(), &Said::default());
    // Time is never refused.
    let _refused = command(tx, world, &mut row, Command::Tick, said).await?;
    Ok(())
}
