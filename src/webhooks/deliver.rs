//! Sends what waits: each webhook on its own, so that one that is slow or away delays no other; claim in one transaction,
//! send with none open, note how it went in another.

use super::rules::{Attempted, after, off};
use super::{sign, store};
use crate::access::authenticate::local_day;
use crate::access::policy::district_of;
use crate::notify::store::{Message, enqueue};
use crate::platform::crypto::signed::Signed;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::jobs::Pass;
use crate::platform::kit::Kit;
use crate::staff;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::WebhookId;
use entity::kind::{ActorKind, Lane, NoticeChannel, Role, WebhookState};
use entity::{webhook, webhook_message};
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Messages of a webhook that are taken at a time: each about another thing.
const BATCH: u64 = 32;
/// How many of them are on their way side by side.
const PARALLEL: usize = 8;
/// Results that are noted together.
const TOGETHER: usize = 8;
/// Webhooks that are served side by side.
const WEBHOOKS: usize = 64;
/// How often it is looked for what is due for those that take nothing, once nothing was: what waits for them must be read all the same.
const FAILING_EVERY: TimeDelta = TimeDelta::seconds(1);
/// How often it is looked for others that have something to be told, while some are being told.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// When it was last looked in vain for what is due for webhooks that take nothing. Clones are the same.
#[derive(Clone, Default)]
pub struct Patience(Arc<Mutex<Option<DateTime<Utc>>>>);

impl Patience {
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| now - last >= FAILING_EVERY)
    }

    fn begin(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

/// Sends all that is due, and what becomes due meanwhile.
///
/// # Errors
/// When the database does not answer.
pub async fn send_due(kit: &Kit, sender: Uuid, patience: &Patience) -> Result<Pass, AppError> {
    let mut busy: Vec<WebhookId> = Vec::new();
    let mut on_their_way = FuturesUnordered::new();
    let mut pass = Pass::Idle;
    loop {
        if on_their_way.len() < WEBHOOKS {
            let now = kit.now();
            let failing = patience.is_over(now);
            let found = store::with_due(kit.db.read(), now, failing, &busy).await?;
            if failing && found.iter().all(|(_, since)| since.is_none()) {
                patience.begin(now);
            }
            for (id, _) in found.into_iter().take(WEBHOOKS - on_their_way.len()) {
                busy.push(id);
                on_their_way.push(async move { (id, tell(kit, sender, id).await) });
            }
        }
        if on_their_way.is_empty() {
            return Ok(pass);
        }
        pass = Pass::Worked;
        tokio::select! {
            Some((id, told)) = on_their_way.next() => {
                busy.retain(|one| *one != id);
                match told {
                    // It was taken away meanwhile; the others are still to be told.
                    Err(error) if error.code() == Code::NotFound => {}
                    told => told?,
                }
            }
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Tells one webhook what is due for it.
async fn tell(kit: &Kit, sender: Uuid, id: WebhookId) -> Result<(), AppError> {
    // Longer than all of a batch can take.
    let longest = kit.config.outbound.timeout_ms / 1000 + 1;
    let rounds = BATCH.div_ceil(u64::try_from(PARALLEL).unwrap_or(1));
    let lease_s = i64::try_from(longest * rounds).unwrap_or(300) + 30;
    let input = (id, sender, lease_s, BATCH);
    let claimed = kit.db.write("webhooks.claim", input, |tx, input| {
        Box::pin(store::claim(tx, input))
    });
    let claimed = claimed.await?;
    let webhook = store::find(kit.db.read(), id).await?;
    let mut results = stream::iter(claimed)
        .map(|row| {
            let webhook = &webhook;
            async move {
                let attempted = attempt(kit, webhook, &row).await;
                (row, attempted)
            }
        })
        .buffer_unordered(PARALLEL)
        .ready_chunks(TOGETHER);
    while let Some(some) = results.next().await {
        let input = (kit.clone(), sender, id, some);
        kit.db
            .write("webhooks.settle", input, |tx, input| Box::pin(settle(tx, input)))
            .await?;
    }
    Ok(())
}

/// Sends one message.
async fn attempt(kit: &Kit, webhook: &webhook::Model, row: &webhook_message::Model) -> Attempted {
    let begun = Instant::now();
    let sent = send(kit, webhook, row).await;
    let took_ms = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
    match sent {
        Ok((status, answer)) => Attempted {
            status: Some(status),
            error: None,
            answer: Some(answer).filter(|answer| !answer.is_empty()),
            took_ms,
        },
        Err(error) => Attempted {
            status: None,
            error: Some(error.to_string()),
            answer: None,
            took_ms,
        },
    }
}

async fn send(
    kit: &Kit,
    webhook: &webhook::Model,
    row: &webhook_message::Model,
) -> anyhow::Result<(u16, String)> {
    let now = kit.now();
    let (id, timestamp) = (row.event_id.to_string(), now.timestamp().to_string());
    let signed = Signed {
        id: &id,
        timestamp: &timestamp,
        body: row.body.as_bytes(),
    };
    let signatures = sign::signatures(&kit.vault, webhook, &signed, now)?;
    let headers = [
        ("webhook-id", id.as_str()),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signatures.as_str()),
    ];
    let (status, answer) = kit
        .outbound
        .post_signed(&webhook.url, &headers, row.body.clone())
        .await?;
    Ok((status.as_u16(), answer))
}

type Results = Vec<(webhook_message::Model, Attempted)>;

/// Notes how attempts went; a webhook that has taken nothing for days is switched off.
async fn settle(
    tx: &Tx,
    (kit, sender, id, results): &(Kit, Uuid, WebhookId, Results),
) -> Result<(), AppError> {
    for (row, attempted) in results {
        let chance = f64::from(u32::try_from(tx.ids().below(1_000)).unwrap_or(0)) / 1_000.0;
        let after = after(attempted, row.attempts + 1, tx.now(), chance);
        store::settle(tx, *sender, row, attempted, after).await?;
    }
    let taken = results.iter().any(|(_, attempted)| attempted.taken());
    let Some((_, failed)) = results.iter().find(|(_, attempted)| !attempted.taken()) else {
        return well(tx, *id).await;
    };
    if taken && !results.iter().any(|(_, attempted)| attempted.gone()) {
        return well(tx, *id).await;
    }
    let gone = results
        .iter()
        .map(|(_, attempted)| attempted)
        .find(|one| one.gone());
    let mut webhook = store::lock(tx, *id).await?;
    let since = *webhook.failing_since.get_or_insert(tx.now());
    match off(gone.unwrap_or(failed), since, tx.now()) {
        Some(why) if webhook.state == WebhookState::Active => {
            webhook.state = WebhookState::Off;
            webhook.off_reason = Some(why.to_owned());
            store::update(tx, &mut webhook).await?;
            tell_administrators(tx, kit, &webhook).await
        }
        _ => store::failing(tx, *id, Some(since)).await,
    }
}

/// It takes messages. Most of the time that is nothing new.
async fn well(tx: &Tx, id: WebhookId) -> Result<(), AppError> {
    if store::find(tx, id).await?.failing_since.is_some() {
        store::failing(tx, id, None).await?;
    }
    Ok(())
}

/// Who looks after the system hears that a webhook was switched off, and why.
async fn tell_administrators(tx: &Tx, kit: &Kit, webhook: &webhook::Model) -> Result<(), AppError> {
    let district = BTreeSet::from([district_of(&webhook.unit_path)]);
    let holders = staff::store::holders(tx, &district, local_day(tx.now())).await?;
    let mut people: BTreeSet<_> = holders
        .into_iter()
        .filter(|(_, role, _)| *role == Role::SystemAdmin)
        .map(|(staff, ..)| staff)
        .collect();
    people.extend(webhook.created_by);
    let why = match webhook.off_reason.as_deref() {
        Some("gone") => "对方已不再接收（410）",
        _ => "连续多日推送失败",
    };
    let body = format!("事件推送 {} 已停用：{why}。恢复后将补发期间的事件。", webhook.url);
    for person in people {
        let message = Message {
            recipient: (ActorKind::Staff, Some(person.0)),
            channel: NoticeChannel::InApp,
            lane: Lane::Normal,
            template: "webhook_off",
            ticket: None,
            call: None,
            others: &[],
            address: None,
            body: &body,
            dedup_key: format!("webhook:{}:off:{}:{person}", webhook.id, webhook.version),
            not_before: None,
        };
        enqueue(tx, &kit.vault, &message).await?;
    }
    Ok(())
}
