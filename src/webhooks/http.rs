//! `/api/v1/webhooks`.

use super::commands::{self, Asked};
use super::dto::{
    MessagesQuery, ResendIn, ResentOut, WebhookIn, WebhookMessageOut, WebhookOut, WebhookPatch,
    WebhookSecretOut, WebhooksQuery,
};
use super::store::{self, Filter};
use crate::access::permit::Caller;
use crate::access::{Permit, op};
use crate::platform::db::Body;
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, patch, post};
use entity::id::{WebhookId, WebhookMessageId};
use entity::webhook;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_webhooks)
        .service(create_webhook)
        .service(get_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(rotate_webhook_secret)
        .service(test_webhook)
        .service(list_webhook_messages)
        .service(resend_webhook_message)
        .service(resend_dead_messages);
}

fn shown(kit: &Kit, row: &webhook::Model) -> Result<Answer<WebhookOut>, AppError> {
    Ok(Answer::ok(&WebhookOut::of(&kit.vault, row)?)?.version(row.version))
}

/// Runs a command that acts once for its key.
async fn once<I, T>(
    kit: &Kit,
    caller: Caller,
    (name, key, digest): (&'static str, IdempotencyKey, &[u8]),
    input: I,
    body: Body<Asked<I>, Answer<T>>,
) -> Result<Answer<T>, AppError>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let once = key.bind(&caller.actor.key(), caller.op.id(), digest);
    write_once(
        &kit.db,
        &kit.vault,
        name,
        once,
        (kit.clone(), caller, input),
        body,
    )
    .await
}

/// Lists webhooks that the caller may see, oldest first.
#[utoipa::path(tag = "events", params(WebhooksQuery), responses((status = 200, body = Page<WebhookOut>)))]
#[get("/webhooks")]
async fn list_webhooks(
    permit: Permit<op::ListWebhooks>,
    kit: Data<Kit>,
    query: Query<WebhooksQuery>,
) -> Result<Answer<Page<WebhookOut>>, AppError> {
    let (list, most) = (List::new("webhooks", &()), limit(query.limit)?);
    let after = list.read::<WebhookId>(query.cursor.as_deref())?;
    let caller = &permit.caller;
    let rows = store::list(kit.db.read(), &caller.actor, &caller.reach(), after, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| WebhookOut::of(&kit.vault, &row))?)
}

/// Makes a webhook. It hears of what happens from now on. Its secret is in this answer and nowhere else. Each message is a
/// POST of an event with the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks;
/// an answer of 2xx takes it, 410 switches the webhook off, anything else is tried again after 5 s, 5 min, 30 min, 2, 5,
/// 10, 14, 20 and 24 h. Messages about one thing come in their order. A message may come twice: by the same `webhook-id`.
#[utoipa::path(tag = "events", request_body = WebhookIn, responses((status = 201, body = WebhookSecretOut)))]
#[post("/webhooks")]
async fn create_webhook(
    permit: Permit<op::CreateWebhook>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<WebhookIn>,
) -> Result<Answer<WebhookSecretOut>, AppError> {
    let new = body.value.parse()?;
    let named = ("webhook.create", key, body.digest.as_slice());
    once(&kit, permit.caller, named, new, |tx, input| {
        Box::pin(async move {
            let (row, secret) = commands::create(tx, input).await?;
            let location = format!("/api/v1/webhooks/{}", row.id);
            let webhook = WebhookOut::of(&input.0.vault, &row)?;
            Ok(Answer::created(&WebhookSecretOut { webhook, secret }, location)?.version(row.version))
        })
    })
    .await
}

/// A webhook, without its secret.
#[utoipa::path(tag = "events", responses((status = 200, body = WebhookOut)))]
#[get("/webhooks/{id}")]
async fn get_webhook(
    permit: Permit<op::GetWebhook>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
) -> Result<Answer<WebhookOut>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    commands::allow(&permit.caller, &row)?;
    shown(&kit, &row)
}

/// Changes a webhook, switches it off, or on again. What happened while it was off comes then, unless it is skipped.
#[utoipa::path(tag = "events", request_body = WebhookPatch, responses((status = 200, body = WebhookOut)))]
#[patch("/webhooks/{id}")]
async fn update_webhook(
    permit: Permit<op::UpdateWebhook>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
    version: IfMatch,
    body: Json<WebhookPatch>,
) -> Result<Answer<WebhookOut>, AppError> {
    let change = (*id, version, body.value.parse()?);
    let input = (kit.get_ref().clone(), permit.caller, change);
    let row = kit.db.write("webhook.update", input, |tx, input| {
        Box::pin(commands::update(tx, input))
    });
    shown(&kit, &row.await?)
}

/// Removes a webhook with its messages.
#[utoipa::path(tag = "events", responses((status = 204)))]
#[delete("/webhooks/{id}")]
async fn delete_webhook(
    permit: Permit<op::DeleteWebhook>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
    version: IfMatch,
) -> Result<NoContent, AppError> {
    let input = (kit.get_ref().clone(), permit.caller, (*id, version));
    let removed = kit.db.write("webhook.delete", input, |tx, input| {
        Box::pin(commands::delete(tx, input))
    });
    removed.await?;
    Ok(NoContent)
}

/// Gives a webhook another secret. For 24 hours messages carry the signatures of both.
#[utoipa::path(tag = "events", responses((status = 200, body = WebhookSecretOut)))]
#[post("/webhooks/{id}/secret")]
async fn rotate_webhook_secret(
    permit: Permit<op::RotateWebhookSecret>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
    key: IdempotencyKey,
) -> Result<Answer<WebhookSecretOut>, AppError> {
    let named = ("webhook.rotate", key, b"".as_slice());
    once(&kit, permit.caller, named, *id, |tx, input| {
        Box::pin(async move {
            let (row, secret) = commands::rotate(tx, input).await?;
            let webhook = WebhookOut::of(&input.0.vault, &row)?;
            Ok(Answer::ok(&WebhookSecretOut { webhook, secret })?.version(row.version))
        })
    })
    .await
}

/// Sends a message of type `webhook.test`, to try the way. How it went stands in the list of messages.
#[utoipa::path(tag = "events", responses((status = 200, body = WebhookMessageOut)))]
#[post("/webhooks/{id}/test")]
async fn test_webhook(
    permit: Permit<op::TestWebhook>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
    key: IdempotencyKey,
) -> Result<Answer<WebhookMessageOut>, AppError> {
    let named = ("webhook.test", key, b"".as_slice());
    once(&kit, permit.caller, named, *id, |tx, input| {
        Box::pin(async move {
            let message = commands::test(tx, input).await?;
            Answer::ok(&WebhookMessageOut::of(message, &[]))
        })
    })
    .await
}

/// What a webhook was told, newest first, with each attempt. What was delivered or given up is kept for 30 days.
#[utoipa::path(tag = "events", params(MessagesQuery), responses((status = 200, body = Page<WebhookMessageOut>)))]
#[get("/webhooks/{id}/messages")]
async fn list_webhook_messages(
    permit: Permit<op::ListWebhookMessages>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
    query: Query<MessagesQuery>,
) -> Result<Answer<Page<WebhookMessageOut>>, AppError> {
    let conn = kit.db.read();
    commands::allow(&permit.caller, &store::find(conn, *id).await?)?;
    let (filter, most) = (Filter { state: query.state }, limit(query.limit)?);
    let list = List::new("webhook_messages", &(*id, filter));
    let before = list.read::<WebhookMessageId>(query.cursor.as_deref())?;
    let rows = store::messages(conn, *id, filter, before, most + 1).await?;
    let ids: Vec<WebhookMessageId> = rows.iter().map(|row| row.id).collect();
    let attempts = store::attempts(conn, &ids).await?;
    let page = list.page(
        rows,
        most,
        |row| row.id,
        |row| Ok(WebhookMessageOut::of(row, &attempts)),
    )?;
    Answer::ok(&page)
}

/// Sends a message once more, whatever became of it.
#[utoipa::path(tag = "events", responses((status = 200, body = ResentOut)))]
#[post("/webhooks/{id}/messages/{message_id}/resend")]
async fn resend_webhook_message(
    permit: Permit<op::ResendWebhookMessage>,
    kit: Data<Kit>,
    path: Path<(WebhookId, WebhookMessageId)>,
    key: IdempotencyKey,
) -> Result<Answer<ResentOut>, AppError> {
    let named = ("webhook.resend", key, b"".as_slice());
    once(&kit, permit.caller, named, *path, |tx, input| {
        Box::pin(async move {
            let messages = commands::resend(tx, input).await?;
            Answer::ok(&ResentOut { messages })
        })
    })
    .await
}

/// Sends all messages once more that were given up.
#[utoipa::path(tag = "events", request_body = ResendIn, responses((status = 200, body = ResentOut)))]
#[post("/webhooks/{id}/resend")]
async fn resend_dead_messages(
    permit: Permit<op::ResendDeadMessages>,
    kit: Data<Kit>,
    id: Path<WebhookId>,
    key: IdempotencyKey,
    body: Json<ResendIn>,
) -> Result<Answer<ResentOut>, AppError> {
    let named = ("webhook.resend_dead", key, body.digest.as_slice());
    once(
        &kit,
        permit.caller,
        named,
        (*id, body.value.since),
        |tx, input| {
            Box::pin(async move {
                let messages = commands::resend_dead(tx, input).await?;
                Answer::ok(&ResentOut { messages })
            })
        },
    )
    .await
}
