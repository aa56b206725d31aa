//! `/api/v1/callbell/handovers`.

use crate::access::{Permit, op};
use crate::callbell::calls::dto::handover::{CallHandoverIn, CallHandoverOut, CallHandoversQuery};
use crate::callbell::calls::handover;
use crate::callbell::world::World;
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::reference::Desk;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, post};
use entity::id::CallHandoverId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of handovers.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_call_handovers)
        .service(offer_calls)
        .service(accept_calls);
}

/// Lists handovers of open calls from or to the caller, newest first.
#[utoipa::path(tag = "callbell", params(CallHandoversQuery), responses((status = 200, body = Page<CallHandoverOut>)))]
#[get("/callbell/handovers")]
async fn list_call_handovers(
    permit: Permit<op::ListCallHandovers>,
    desk: Data<Desk>,
    query: Query<CallHandoversQuery>,
) -> Result<Answer<Page<CallHandoverOut>>, AppError> {
    let caller = permit.caller;
    let (list, most) = (
        List::new("call_handovers", &caller.actor.key()),
        limit(query.limit)?,
    );
    let before = list.read::<CallHandoverId>(query.cursor.as_deref())?;
    let rows = handover::list(desk.kit.db.read(), &caller, before, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| Ok(row.into()))?)
}

/// Offers the caller's open calls to a colleague. They stay the caller's until the colleague accepts; five minutes after
/// the end of the caller's shift they ring again.
#[utoipa::path(tag = "callbell", request_body = CallHandoverIn, responses((status = 201, body = CallHandoverOut)))]
#[post("/callbell/handovers")]
async fn offer_calls(
    permit: Permit<op::OfferCalls>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    body: Json<CallHandoverIn>,
) -> Result<Answer<CallHandoverOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (World::of(&desk).await?, caller, body.value.parse()?);
    let kit = &desk.kit;
    write_once(&kit.db, &kit.vault, "callbell.offer", once, input, |tx, input| {
        Box::pin(async move {
            let row = handover::offer(tx, input).await?;
            let location = format!("/api/v1/callbell/handovers/{}", row.id);
            Answer::created(&row.into(), location)
        })
    })
    .await
}

/// Accepts open calls that a colleague offered: those that the colleague still has are the caller's from now on.
#[utoipa::path(tag = "callbell", responses((status = 200, body = CallHandoverOut)))]
#[post("/callbell/handovers/{id}/accept")]
async fn accept_calls(
    permit: Permit<op::AcceptCalls>,
    desk: Data<Desk>,
    id: Path<CallHandoverId>,
) -> Result<Answer<CallHandoverOut>, AppError> {
    let input = (World::of(&desk).await?, permit.caller, *id);
    let row = desk.kit.db.write("callbell.accept", input, |tx, input| {
        Box::pin(handover::accept(tx, input))
    });
    Answer::ok(&row.await?.into())
}
