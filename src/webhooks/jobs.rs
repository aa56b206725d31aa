//! What happens by itself: messages are written for what is new in the log, sent, and forgotten after a while.

use super::{deliver, store};
use crate::events::EventOut;
use crate::events::rules::Types;
use crate::ledger::events;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use entity::id::WebhookId;
use entity::kind::WebhookState;
use entity::{event, webhook, webhook_message};
use futures_util::FutureExt;
use std::time::Duration;
use uuid::Uuid;

/// Events of the log that are looked at in one transaction.
const BATCH: u64 = 200;
/// Old messages that are forgotten in one transaction.
const FORGOTTEN: u64 = 500;

/// The jobs of this slice.
#[must_use]
pub fn jobs(kit: &Kit) -> Vec<Job> {
    let (writing, sending, forgetting) = (kit.clone(), kit.clone(), kit.clone());
    let sender = kit.ids.id::<Uuid>();
    let patience = deliver::Patience::default();
    vec![
        Job::new("webhooks", Duration::from_secs(1), move || {
            let kit = writing.clone();
            async move { write_new(&kit).await }.boxed()
        }),
        Job::new("webhook_messages", Duration::from_secs(1), move || {
            let (kit, patience) = (sending.clone(), patience.clone());
            async move { deliver::send_due(&kit, sender, &patience).await }.boxed()
        }),
        Job::new("webhooks_forgotten", Duration::from_hours(1), move || {
            let kit = forgetting.clone();
            async move {
                let gone = kit
                    .db
                    .write("webhooks.forget", FORGOTTEN, |tx, most| {
                        Box::pin(store::forget(tx, most))
                    })
                    .await?;
                Ok(Pass::of(gone, FORGOTTEN))
            }
            .boxed()
        })
        .on_beat_only(),
    ]
}

/// Writes messages for what is new in the log, for each webhook from where it is.
async fn write_new(kit: &Kit) -> Result<Pass, AppError> {
    let last = events::last_position(kit.db.read()).await?;
    let mut pass = Pass::Idle;
    for id in store::behind(kit.db.read(), last).await? {
        let more = kit
            .db
            .write("webhooks.write", id, |tx, id| Box::pin(write_for(tx, *id)))
            .await?;
        pass = match (more, pass) {
            (true, _) => Pass::Full,
            (false, Pass::Idle) => Pass::Worked,
            (false, pass) => pass,
        };
    }
    Ok(pass)
}

/// Writes a piece of what a webhook is to be told; whether there is more, and room for it.
async fn write_for(tx: &Tx, id: WebhookId) -> Result<bool, AppError> {
    let webhook = store::lock(tx, id).await?;
    let room = store::room(tx, id).await?;
    if webhook.state != WebhookState::Active || room == 0 {
        return Ok(false);
    }
    let batch = events::after(tx, webhook.position, BATCH.min(room)).await?;
    let Some(last) = batch.last().and_then(|event| event.position) else {
        return Ok(false);
    };
    let types = Types::kept(serde_json::from_value(webhook.types.clone()).unwrap_or_default());
    let mine = batch.iter().filter(|event| {
        let path = event.unit_path.as_ref();
        path.is_some_and(|path| path.starts_with(&webhook.unit_path)) && types.choose(&event.kind)
    });
    let messages = mine
        .map(|event| message(tx, &webhook, event))
        .collect::<Result<Vec<_>, AppError>>()?;
    store::write(tx, messages).await?;
    store::advance(tx, id, last).await?;
    Ok(u64::try_from(batch.len()).unwrap_or(BATCH) == BATCH)
}

fn message(
    tx: &Tx,
    webhook: &webhook::Model,
    event: &event::Model,
) -> Result<webhook_message::Model, AppError> {
    let body = serde_json::to_string(&EventOut::from(event))
        .map_err(|error| AppError::new(Code::Internal).because(error))?;
    let position = event.position.unwrap_or(0);
    let told = (event.id, event.kind.as_str(), event.subject_id, position);
    Ok(store::waiting(tx, webhook.id, told, body))
}
