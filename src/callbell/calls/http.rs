//! `/api/v1/callbell/calls` and `/api/v1/callbell/stream`; handovers in a file of their own.

mod handover;

use super::dto::{CallActionIn, CallOut, CallsQuery, NewCallIn, NotesOut, StreamQuery};
use super::stream::Console;
use super::{act, row, view};
use crate::access::{Permit, op};
use crate::callbell::world::World;
use crate::ledger::stream::{Listening, listen};
use crate::ledger::tail::Tail;
use crate::platform::error::{AppError, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::reference::Desk;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::id::CallId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of calls.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(stream_calls)
        .service(list_calls)
        .service(open_call)
        .service(get_call)
        .service(act_on_call)
        .service(close_call)
        .service(reveal_call_notes)
        .configure(handover::routes);
}

/// Lists calls that the caller reaches, newest first; those that are not dealt with unless told otherwise.
#[utoipa::path(tag = "callbell", params(CallsQuery), responses((status = 200, body = Page<CallOut>)))]
#[get("/callbell/calls")]
async fn list_calls(
    permit: Permit<op::ListCalls>,
    desk: Data<Desk>,
    query: Query<CallsQuery>,
) -> Result<Answer<Page<CallOut>>, AppError> {
    // What is over may take a while to be found, and must not keep a press waiting.
    let first = desk.reserved();
    let world = World::of(&desk).await?;
    let plain = CallsQuery {
        cursor: None,
        limit: None,
        ..(*query).clone()
    };
    let list = List::new("calls", &(permit.caller.actor.key(), &plain));
    let most = limit(query.limit)?;
    let before = list.read::<CallId>(query.cursor.as_deref())?;
    let below = match query.unit_id {
        None => None,
        Some(id) => {
            let unit = world.reference.directory.get(id);
            Some(
                unit.ok_or_else(|| AppError::field("?unit_id", Rule::Unknown))?
                    .path
                    .clone(),
            )
        }
    };
    let which = row::Which::parse(query.which.as_deref())?;
    let conn = match which {
        row::Which::Open => first.kit.db.read(),
        row::Which::Unfinished | row::Which::All => desk.kit.db.read(),
    };
    let reach = permit.caller.reach();
    let rows = row::list(conn, &reach, (which, below.as_deref()), before, most + 1).await?;
    let calls = view::calls(conn, &world, &rows).await?;
    Answer::ok(&list.page(calls, most, |call| call.id, Ok)?)
}

/// A call with its log, and with the attempts to reach people.
#[utoipa::path(tag = "callbell", responses((status = 200, body = CallOut)))]
#[get("/callbell/calls/{id}")]
async fn get_call(
    permit: Permit<op::GetCall>,
    desk: Data<Desk>,
    id: Path<CallId>,
) -> Result<Answer<CallOut>, AppError> {
    let desk = desk.reserved();
    let world = World::of(&desk).await?;
    let found = act::seen(&world, &permit.caller, *id).await?;
    let out = view::call(desk.kit.db.read(), &world, &found).await?;
    Ok(Answer::ok(&out)?.version(found.version))
}

/// Opens a call for somebody who can't press: a neighbour telephones, a patrol finds them.
#[utoipa::path(tag = "callbell", request_body = NewCallIn, responses((status = 201, body = CallOut)))]
#[post("/callbell/calls")]
async fn open_call(
    permit: Permit<op::OpenCall>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    body: Json<NewCallIn>,
) -> Result<Answer<CallOut>, AppError> {
    let desk = desk.reserved();
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    body.value.check()?;
    let input = (World::of(&desk).await?, caller, body.value);
    let kit = &desk.kit;
    write_once(&kit.db, &kit.vault, "callbell.open", once, input, |tx, input| {
        Box::pin(act::open_by_hand(tx, input))
    })
    .await
}

/// Acts on a call. Who takes on what another has is told who that is, and counted as a helper: that is no error.
#[utoipa::path(tag = "callbell", request_body = CallActionIn, responses((status = 200, body = CallOut)))]
#[post("/callbell/calls/{id}/actions")]
async fn act_on_call(
    permit: Permit<op::ActOnCall>,
    desk: Data<Desk>,
    id: Path<CallId>,
    key: IdempotencyKey,
    body: Json<CallActionIn>,
) -> Result<Answer<CallOut>, AppError> {
    let desk = desk.reserved();
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    body.value.check()?;
    let input = (World::of(&desk).await?, caller, (*id, body.value));
    let kit = &desk.kit;
    write_once(&kit.db, &kit.vault, "callbell.act", once, input, |tx, input| {
        Box::pin(act::act(tx, input))
    })
    .await
}

/// Closes a call that was dealt with: the next of kin know, and a report says why it was late if it was.
#[utoipa::path(tag = "callbell", responses((status = 200, body = CallOut)))]
#[post("/callbell/calls/{id}/close")]
async fn close_call(
    permit: Permit<op::CloseCall>,
    desk: Data<Desk>,
    id: Path<CallId>,
) -> Result<Answer<CallOut>, AppError> {
    let desk = desk.reserved();
    let input = (World::of(&desk).await?, permit.caller, *id);
    let closed = desk.kit.db.write("callbell.close", input, |tx, input| {
        Box::pin(act::close(tx, input))
    });
    closed.await
}

/// Reads how to get in, what to know of their health, and the next of kin. The log of the call says who did.
#[utoipa::path(tag = "callbell", responses((status = 200, body = NotesOut)))]
#[post("/callbell/calls/{id}/notes")]
async fn reveal_call_notes(
    permit: Permit<op::RevealCallNotes>,
    desk: Data<Desk>,
    id: Path<CallId>,
) -> Result<Answer<NotesOut>, AppError> {
    let desk = desk.reserved();
    let input = (World::of(&desk).await?, permit.caller, *id);
    let notes = desk.kit.db.write("callbell.notes", input, |tx, input| {
        Box::pin(act::reveal(tx, input))
    });
    Answer::ok(&notes.await?)
}

/// Calls as they turn, as server-sent events; `Last-Event-ID` goes on where a stream broke off.
#[utoipa::path(
    tag = "callbell",
    params(StreamQuery, ("Last-Event-ID" = Option<i64>, Header, description = "Where a stream broke off: the `id` of the last event")),
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
#[get("/callbell/stream")]
async fn stream_calls(
    permit: Permit<op::StreamCalls>,
    request: HttpRequest,
    desk: Data<Desk>,
    tail: Data<Tail>,
    query: Query<StreamQuery>,
) -> Result<HttpResponse, AppError> {
    let listening = Listening::of(permit.caller, &request, query.once.unwrap_or(false))?;
    let (kit, console) = (desk.kit.clone(), Console(desk.get_ref().clone()));
    listen(kit, tail.get_ref().clone(), listening, console).await
}
