//! What happens by itself: clocks run out, call-backs lapse, queues are counted, people are told.

mod archive;
mod assign;
mod audience;
mod clocks;
mod counts;
mod followers;
mod handover;
mod milestones;
mod recount;

use crate::ledger::{events, timers};
use crate::platform::jobs::Job;
use crate::reference::Desk;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

/// Keeps the counts of the queues, from the event log.
const COUNTING: &str = "queue_counts";
/// Tells people of what happened, from the event log.
const TELLING: &str = "milestones";
/// What of this slice reads the event log.
pub const CONSUMERS: [&str; 2] = [COUNTING, TELLING];

/// The jobs of this slice.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let (timing, counting, telling, archiving) = (desk.clone(), desk.clone(), desk.clone(), desk.clone());
    vec![
        Job::new("timers", Duration::from_secs(1), move || {
            let desk = timing.clone();
            async move {
                let now = desk.kit.now();
                let which = timers::Which::Others;
                timers::fire_next(
                    &desk.kit.db.clone(),
                    which,
                    now,
                    Arc::new(desk),
                    |tx, desk, timer| Box::pin(clocks::fire(tx, desk, timer)),
                )
                .await
            }
            .boxed()
        }),
        Job::new(COUNTING, Duration::from_secs(1), move || {
            let db = counting.kit.db.clone();
            async move {
                events::consume(&db, COUNTING, (), |tx, (), batch| {
                    Box::pin(counts::fold(tx, batch))
                })
                .await
            }
            .boxed()
        }),
        Job::new(TELLING, Duration::from_secs(1), move || {
            let desk = telling.clone();
            async move {
                let reference = desk.reference().await?;
                let context = milestones::Context {
                    kit: desk.kit.clone(),
                    reference,
                };
                events::consume(&desk.kit.db, TELLING, context, |tx, context, batch| {
                    Box::pin(milestones::tell(tx, context, batch))
                })
                .await
            }
            .boxed()
        }),
        Job::new("archive", Duration::from_mins(10), move || {
            let desk = archiving.clone();
            async move { archive::put_away(&desk).await }.boxed()
        })
        .on_beat_only(),
    ]
}
