//! `/api/v1/calls`.

use super::dto::{
    CalledBackIn, PhoneCallOut, PhoneCallsQuery, PhoneEventIn, PhoneFiguresOut, PhoneFiguresQuery,
    ScreenQuery,
};
use super::screen::Screen;
use super::store::Which;
use super::{commands, figures, store, view};
use crate::access::actor::Actor;
use crate::access::authenticate::{end_of, instant, local_day};
use crate::access::{Permit, op};
use crate::ledger::stream::{Listening, listen};
use crate::ledger::tail::Tail;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveTime;
use entity::id::PhoneCallId;
use entity::phone_call;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(record_phone_event)
        .service(list_phone_calls)
        .service(stream_phone_calls)
        .service(get_phone_figures)
        .service(get_phone_call)
        .service(record_call_back);
}

async fn shown(kit: &Kit, row: phone_call::Model) -> Result<PhoneCallOut, AppError> {
    let shown = view::calls(kit.db.read(), &kit.vault, &[row]).await?.pop();
    shown.ok_or_else(|| AppError::new(Code::Internal))
}

/// Tells of a phone call, by the exchange: it rings, was answered, was transferred, ended. Events may come in any order and
/// more than once; what comes again changes nothing.
#[utoipa::path(tag = "telephony", request_body = PhoneEventIn, responses((status = 200, body = PhoneCallOut)))]
#[post("/calls/events")]
async fn record_phone_event(
    permit: Permit<op::RecordPhoneEvent>,
    kit: Data<Kit>,
    body: Json<PhoneEventIn>,
) -> Result<Answer<PhoneCallOut>, AppError> {
    let Actor::Client { id, unit_path, .. } = permit.caller.actor else {
        return Err(AppError::new(Code::Forbidden));
    };
    let (external_id, heard) = body.value.parse(kit.now())?;
    let which = Which {
        client: id,
        unit_path,
        external_id,
    };
    let input = (kit.vault.clone(), which, heard);
    let row = kit
        .db
        .write("calls.hear", input, |tx, input| {
            Box::pin(commands::hear(tx, input))
        })
        .await?;
    // Tickets are none of an exchange's business.
    let shown = PhoneCallOut {
        tickets: Vec::new(),
        ..shown(&kit, row).await?
    };
    Answer::ok(&shown)
}

/// Phone calls: those that wait to be called back, or all.
#[utoipa::path(tag = "telephony", params(PhoneCallsQuery), responses((status = 200, body = Page<PhoneCallOut>)))]
#[get("/calls")]
async fn list_phone_calls(
    permit: Permit<op::ListPhoneCalls>,
    kit: Data<Kit>,
    query: Query<PhoneCallsQuery>,
) -> Result<Answer<Page<PhoneCallOut>>, AppError> {
    let missed = match query.which.as_deref() {
        Some("missed") => true,
        None | Some("all") => false,
        Some(_) => {
            let words = vec!["missed".to_owned(), "all".to_owned()];
            return Err(AppError::field("?which", Rule::OneOf(words)));
        }
    };
    let (list, limit) = (List::new("phone_calls", &missed), limit(query.limit)?);
    let from = list.read::<PhoneCallId>(query.cursor.as_deref())?;
    let conn = kit.db.read();
    let rows = store::list(conn, &permit.caller.reach(), missed, from, limit + 1).await?;
    let shown = view::calls(conn, &kit.vault, &rows).await?;
    Answer::ok(&list.page(shown, limit, |call| call.id, Ok)?)
}

/// A phone call, and the tickets that were registered in it.
#[utoipa::path(tag = "telephony", responses((status = 200, body = PhoneCallOut)))]
#[get("/calls/{id}")]
async fn get_phone_call(
    permit: Permit<op::GetPhoneCall>,
    kit: Data<Kit>,
    id: Path<PhoneCallId>,
) -> Result<Answer<PhoneCallOut>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    commands::allow(&permit.caller, &row)?;
    Answer::ok(&shown(&kit, row).await?)
}

/// Notes that somebody called back who had hung up before anybody answered. A ticket may follow as from any call.
#[utoipa::path(tag = "telephony", request_body = CalledBackIn, responses((status = 200, body = PhoneCallOut)))]
#[post("/calls/{id}/call-back")]
async fn record_call_back(
    permit: Permit<op::RecordCallBack>,
    kit: Data<Kit>,
    id: Path<PhoneCallId>,
    key: IdempotencyKey,
    body: Json<CalledBackIn>,
) -> Result<Answer<PhoneCallOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (kit.vault.clone(), (caller, *id, body.value.reached));
    write_once(
        &kit.db,
        &kit.vault,
        "calls.called_back",
        once,
        input,
        |tx, (vault, input)| {
            Box::pin(async move {
                let row = commands::called_back(tx, input).await?;
                let shown = view::calls(tx, vault, &[row]).await?.pop();
                Answer::ok(&shown.ok_or_else(|| AppError::new(Code::Internal))?)
            })
        },
    )
    .await
}

/// The operator's screen as server-sent events. It tells who calls, with their last tickets, when the own telephone rings or
/// answers; and of calls that wait to be called back. Goes on after the `Last-Event-ID`.
#[utoipa::path(
    tag = "telephony",
    params(ScreenQuery, ("Last-Event-ID" = Option<i64>, Header, description = "Where a stream broke off: the `id` of the last event")),
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
#[get("/calls/stream")]
async fn stream_phone_calls(
    permit: Permit<op::StreamPhoneCalls>,
    request: HttpRequest,
    desk: Data<Desk>,
    tail: Data<Tail>,
    query: Query<ScreenQuery>,
) -> Result<HttpResponse, AppError> {
    let screen = Screen {
        desk: desk.get_ref().clone(),
        caller: permit.caller.clone(),
    };
    let listening = Listening::of(permit.caller, &request, query.once.unwrap_or(false))?;
    listen(desk.kit.clone(), tail.get_ref().clone(), listening, screen).await
}

/// How fast calls were answered: 接通率, and the shares answered within 15 and 20 seconds, by hour or by who answered.
#[utoipa::path(tag = "telephony", params(PhoneFiguresQuery), responses((status = 200, body = PhoneFiguresOut)))]
#[get("/calls/figures")]
async fn get_phone_figures(
    permit: Permit<op::GetPhoneFigures>,
    kit: Data<Kit>,
    query: Query<PhoneFiguresQuery>,
) -> Result<Answer<PhoneFiguresOut>, AppError> {
    let (from, to, by) = query.parse(local_day(kit.now()))?;
    let span = (instant(from, NaiveTime::MIN), end_of(to));
    let conn = kit.db.long_reader().await?;
    let rows = store::began(&conn, &permit.caller.reach(), span).await?;
    let calls: Vec<_> = rows.iter().map(|row| (row.began_at, store::times(row))).collect();
    Answer::ok(&PhoneFiguresOut {
        from,
        to,
        rows: figures::rows(&calls, by),
    })
}
