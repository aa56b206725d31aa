//! Sends what waits: claim in one transaction, send with none open, settle in another.

use super::channel::Channels;
use super::rules::{Lanes, batch, lease_s, parallel, patience_s};
use super::store::{self, Outcome};
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::notice;
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The jobs of this slice.
#[must_use]
pub fn jobs(kit: &Kit, channels: Channels) -> Vec<Job> {
    let worker = |name, every, lanes| {
        let kit = match lanes {
            Lanes::Emergency => kit.reserved(),
            Lanes::Others => kit.clone(),
        };
        let (channels, sender) = (channels.clone(), kit.ids.id::<Uuid>());
        Job::new(name, every, move || {
            let (kit, channels) = (kit.clone(), channels.clone());
            async move { send_due(&kit, &channels, (sender, lanes)).await }.boxed()
        })
    };
    vec![
        // Several, so that a gateway that hangs does not hold up what is claimed after it.
        worker("emergency_notices", Duration::from_secs(1), Lanes::Emergency),
        worker("emergency_notices_2", Duration::from_secs(1), Lanes::Emergency),
        worker("emergency_notices_3", Duration::from_secs(1), Lanes::Emergency),
        worker("notices", Duration::from_secs(2), Lanes::Others),
    ]
}

async fn send_due(kit: &Kit, channels: &Channels, (sender, lanes): (Uuid, Lanes)) -> Result<Pass, AppError> {
    if !store::any_due(kit.db.read(), lanes, kit.now()).await? {
        return Ok(Pass::Idle);
    }
    let due = kit
        .db
        .write("notices.claim", (sender, lanes, batch(lanes)), |tx, input| {
            Box::pin(store::claim(tx, input))
        })
        .await?;
    let most = batch(lanes);
    let pass = Pass::of(u64::try_from(due.len()).unwrap_or(most), most);
    if pass == Pass::Idle {
        return Ok(pass);
    }
    let enough = kit.now() + TimeDelta::seconds(lease_s(lanes) / 2);
    // What is sent is noted at once: a crash repeats what is on its way, not all of a batch.
    let settled: Vec<Result<(), AppError>> = stream::iter(in_order(due, lanes))
        .map(|rows| send_some(kit, channels, rows, (sender, lanes, enough)))
        .buffer_unordered(parallel(lanes))
        .collect()
        .await;
    settled.into_iter().collect::<Result<Vec<()>, AppError>>()?;
    Ok(pass)
}

/// Sends messages one after the other, and notes how it went.
async fn send_some(
    kit: &Kit,
    channels: &Channels,
    rows: Vec<notice::Model>,
    (sender, lanes, enough): (Uuid, Lanes, DateTime<Utc>),
) -> Result<(), AppError> {
    let mut sent = Vec::with_capacity(rows.len());
    for row in rows {
        let outcome = send(kit, channels, &row, (lanes, enough)).await;
        if let Outcome::Failed(why) = &outcome {
            tracing::warn!(notice = %row.id, why, "a message could not be sent");
        }
        sent.push((row, outcome));
    }
    let input = (Arc::clone(&kit.vault), sender, sent);
    kit.db
        .write("notices.settle", input, |tx, input| {
            Box::pin(store::settle(tx, input))
        })
        .await
}

/// What is not begun within half a lease is left for the next pass.
async fn send(
    kit: &Kit,
    channels: &Channels,
    row: &notice::Model,
    (lanes, enough): (Lanes, DateTime<Utc>),
) -> Outcome {
    if kit.now() > enough {
        return Outcome::Untried;
    }
    let sending = channels.send(row);
    let sent = match patience_s(lanes) {
        Some(seconds) => tokio::time::timeout(Duration::from_secs(seconds), sending)
            .await
            .unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {seconds} s"))),
        None => sending.await,
    };
    match sent {
        Ok(()) => Outcome::Sent,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// Messages that must follow each other together: those of each person. In an emergency none waits for another.
fn in_order(due: Vec<notice::Model>, lanes: Lanes) -> Vec<Vec<notice::Model>> {
    match lanes {
        Lanes::Emergency => due.into_iter().map(|row| vec![row]).collect(),
        Lanes::Others => by_person(due),
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
