//! `POST /api/v1/callbell/events`: what devices send; and what of it was put aside.

use super::quarantine::{self, HeldOut};
use super::{Incoming, Ingest, Receipt};
use crate::access::{Permit, op};
use crate::callbell::rules::message::Message;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, get, post};
use entity::id::QuarantineId;
use entity::kind::BellSource;
use futures_util::StreamExt;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of devices.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ingest_bell_event)
        .service(list_quarantine)
        .service(see_quarantine);
}

/// The most that is read of a body: more than is allowed, so that what is too long is kept, too.
const MOST_READ: usize = 16_384;

/// Takes what a device tells: signed, taken once, answered after the commit. 429, 503 or no answer: send the same again;
/// any other refusal says that the device is at fault, and that what it sent is kept.
#[utoipa::path(
    tag = "callbell",
    request_body(content = Message, content_type = "application/json"),
    params(
        ("webhook-id" = String, Header, description = "The event's id, as in the body"),
        ("webhook-timestamp" = String, Header, description = "Seconds since 1970; never a reason to refuse"),
        ("webhook-signature" = String, Header, description = "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`"),
    ),
    responses((status = 200, body = Receipt))
)]
#[post("/callbell/events")]
async fn ingest_bell_event(
    _permit: Permit<op::IngestBellEvent>,
    request: HttpRequest,
    desk: Data<Desk>,
    ingest: Data<Ingest>,
    mut payload: Payload,
) -> Result<Answer<Receipt>, AppError> {
    let mut body = Vec::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| AppError::new(Code::MalformedBody))?;
        let room = MOST_READ.saturating_sub(body.len());
        body.extend(part.iter().take(room));
        if part.len() > room {
            break;
        }
    }
    let header = |name: &str| {
        let value = request.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    let incoming = Incoming {
        source: BellSource::Http,
        remote: request.peer_addr().map(|address| address.ip().to_string()),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    };
    Answer::ok(&ingest.take(desk.get_ref(), incoming).await?)
}

/// Which of what was put aside.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QuarantineQuery {
    /// Also what somebody has looked at.
    all: Option<bool>,
    /// Rows of a page, 1 to 100; 20 unless given.
    limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what devices sent that could not be trusted or understood, newest first.
#[utoipa::path(tag = "callbell", params(QuarantineQuery), responses((status = 200, body = Page<HeldOut>)))]
#[get("/callbell/quarantine")]
async fn list_quarantine(
    permit: Permit<op::ListQuarantine>,
    kit: Data<Kit>,
    query: Query<QuarantineQuery>,
) -> Result<Answer<Page<HeldOut>>, AppError> {
    let all = query.all.unwrap_or(false);
    let (list, most) = (List::new("quarantine", &all), limit(query.limit)?);
    let before = list.read::<QuarantineId>(query.cursor.as_deref())?;
    let rows = quarantine::list(kit.db.read(), &permit.caller.reach(), all, before, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| Ok(row.into()))?)
}

/// Notes that somebody has looked at what was put aside.
#[utoipa::path(tag = "callbell", responses((status = 204)))]
#[post("/callbell/quarantine/{id}/seen")]
async fn see_quarantine(
    permit: Permit<op::SeeQuarantine>,
    kit: Data<Kit>,
    id: Path<QuarantineId>,
) -> Result<NoContent, AppError> {
    let staff = permit.caller.actor.staff_id();
    let staff = staff.ok_or_else(|| AppError::new(Code::Forbidden))?;
    let input = (staff, *id);
    kit.db
        .write("callbell.see", input, |tx, input| {
            Box::pin(quarantine::see(tx, input))
        })
        .await?;
    Ok(NoContent)
}
