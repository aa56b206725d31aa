//! What happens to alarms by itself.

use super::{raise, sweep, upkeep};
use crate::callbell::world::World;
use crate::ledger::timers::{self, Which};
use crate::platform::jobs::Job;
use crate::reference::Desk;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

/// The jobs of alarms.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let (climbing, listening, looking) = (desk.clone(), desk.clone(), desk.clone());
    vec![
        Job::new("bell_alarms", Duration::from_secs(5), move || {
            let desk = climbing.clone();
            async move {
                let (db, now) = (desk.kit.db.clone(), desk.kit.now());
                let world = Arc::new(World::of(&desk).await?);
                timers::fire_next(
                    &db,
                    Which::Only(timers::ALARMS),
                    now,
                    world,
                    |tx, world, timer| Box::pin(raise::climb(tx, world, timer)),
                )
                .await
            }
            .boxed()
        })
        .on_beat_only(),
        Job::new("bell_silence", Duration::from_secs(30), move || {
            let desk = listening.clone();
            async move { sweep::sweep(&World::of(&desk).await?).await }.boxed()
        })
        .on_beat_only(),
        Job::new("bell_upkeep", Duration::from_hours(1), move || {
            let desk = looking.clone();
            async move { upkeep::look_after(&World::of(&desk).await?).await }.boxed()
        })
        .on_beat_only(),
    ]
}
