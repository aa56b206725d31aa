//! Sends what waits: claim in one transaction, send with none open, settle in another.

use super::channel::Channels;
use super::rules::LEASE_S;
use super::store::{self, Outcome};
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::notice;
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use std::collections::HashMap;
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
    let enough = kit.now() + TimeDelta::seconds(LEASE_S / 2);
    let sent: Vec<_> = stream::iter(by_person(due))
        .map(|rows| async move {
            let mut sent = Vec::with_capacity(rows.len());
            for row in rows {
                sent.push((row.id, send(kit, channels, &row, enough).await));
            }
            sent
        })
        .buffer_unordered(PARALLEL)
        .concat()
        .await;
    for (id, outcome) in &sent {
        if let Outcome::Failed(why) = outcome {
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

/// What is not begun within half a lease is left for the next pass.
async fn send(kit: &Kit, channels: &Channels, row: &notice::Model, enough: DateTime<Utc>) -> Outcome {
    if kit.now() > enough {
        return Outcome::Untried;
    }
    match channels.send(row).await {
        Ok(()) => Outcome::Sent,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// The messages of each person in their order, which sending several side by side must keep.
fn by_person(due: Vec<notice::Model>) -> Vec<Vec<notice::Model>> {
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    let mut people: Vec<Vec<notice::Model>> = Vec::new();
    for row in due {
        let place = *places
            .entry(row.recipient_id.unwrap_or(row.id.0))
            .or_insert(people.len());
        match people.get_mut(place) {
            Some(rows) => rows.push(row),
            None => people.push(vec![row]),
        }
    }
    people
}
