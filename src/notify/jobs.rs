//! Sends what waits: claim in one transaction, send with none open, settle in another.

use super::channel::Channels;
use super::store;
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use std::time::Duration;
use uuid::Uuid;

/// Messages taken at a time, and sent side by side.
const BATCH: u64 = 100;
const PARALLEL: usize = 5;

/// The jobs of this slice.
#[must_use]
pub fn jobs(kit: &Kit, channels: Channels) -> Vec<Job> {
    let (kit, sender) = (kit.clone(), kit.ids.id::<Uuid>());
    vec![Job::new("notices", Duration::from_secs(2), move || {
        let (kit, channels) = (kit.clone(), channels.clone());
        async move { send_due(&kit, &channels, sender).await }.boxed()
    })]
}

async fn send_due(kit: &Kit, channels: &Channels, sender: Uuid) -> Result<Pass, AppError> {
    if !store::any_due(kit.db.read(), kit.now()).await? {
        return Ok(Pass::Idle);
    }
    let due = kit
        .db
        .write("notices.claim", (sender, BATCH), |tx, input| {
            Box::pin(store::claim(tx, input))
        })
        .await?;
    let pass = Pass::of(u64::try_from(due.len()).unwrap_or(BATCH), BATCH);
    if pass == Pass::Idle {
        return Ok(pass);
    }
    let sent: Vec<_> = stream::iter(due)
        .map(|row| async move {
            let failure = channels.send(&row).await.err().map(|error| error.to_string());
            (row.id, failure)
        })
        .buffer_unordered(PARALLEL)
        .collect()
        .await;
    for (id, failure) in &sent {
        if let Some(why) = failure {
            tracing::warn!(notice = %id, why, "a message could not be sent");
        }
    }
    kit.db
        .write("notices.settle", (sender, sent), |tx, input| {
            Box::pin(store::settle(tx, input))
        })
        .await?;
    Ok(pass)
}
