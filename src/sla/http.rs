//! `/api/v1/deadline-policies` and `/api/v1/calendar`.

mod closures;
mod hours;

use super::dto::{CalendarIn, CalendarOut, CalendarQuery, PoliciesQuery, PolicyIn, PolicyOut, PolicyPatch};
use super::{commands, queries};
use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::{self, Json};
use crate::platform::http::page::{self, List, Page};
use crate::platform::http::raw::Raw;
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, patch, post};
use chrono::Datelike;
use entity::id::PolicyId;
use utoipa_actix_web::service_config::ServiceConfig;

/// The media type of iCalendar (RFC 5545).
const CALENDAR: &str = "text/calendar";

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_policies)
        .service(create_policy)
        .service(update_policy)
        .service(get_calendar)
        .service(import_calendar)
        .service(hours::list_hours)
        .service(hours::create_hours)
        .service(hours::update_hours)
        .service(hours::delete_hours)
        .service(closures::list_closures)
        .service(closures::create_closure)
        .service(closures::update_closure)
        .service(closures::delete_closure);
}

/// Lists lines of the deadline policy, oldest first.
#[utoipa::path(tag = "administration", params(PoliciesQuery), responses((status = 200, body = Page<PolicyOut>)))]
#[get("/deadline-policies")]
async fn list_policies(
    permit: Permit<op::ListPolicies>,
    kit: Data<Kit>,
    query: Query<PoliciesQuery>,
) -> Result<Answer<Page<PolicyOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let list = List::new("policies", &(query.clock, query.on));
    let after: Option<PolicyId> = list.read(query.cursor.as_deref())?;
    let (conn, caller) = (kit.db.read(), &permit.caller);
    let rows = queries::lines(conn, caller, query.clock, query.on, after, limit).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Makes a line of the deadline policy.
#[utoipa::path(tag = "administration", request_body = PolicyIn, responses((status = 201, body = PolicyOut)))]
#[post("/deadline-policies")]
async fn create_policy(
    permit: Permit<op::CreatePolicy>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<PolicyIn>,
) -> Result<Answer<PolicyOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse(local_day(kit.now()))?);
    write_once(&kit.db, &kit.vault, "policy.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create_line(tx, input).await?;
            let (location, version) = (format!("/api/v1/deadline-policies/{}", row.id), row.version);
            Ok(Answer::created(&row.into(), location)?.version(version))
        })
    })
    .await
}

/// Retires a line of the deadline policy by its last day.
#[utoipa::path(tag = "administration", params(("id" = PolicyId, Path, description = "The line's key")), request_body = PolicyPatch, responses((status = 200, body = PolicyOut)))]
#[patch("/deadline-policies/{id}")]
async fn update_policy(
    permit: Permit<op::UpdatePolicy>,
    kit: Data<Kit>,
    id: Path<PolicyId>,
    version: IfMatch,
    body: Json<PolicyPatch>,
) -> Result<Answer<PolicyOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.valid_to);
    let row = kit
        .db
        .write("policy.update", input, |tx, input| {
            Box::pin(commands::end_line(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}

/// The working calendar of a year.
#[utoipa::path(tag = "administration", params(CalendarQuery), responses((status = 200, body = CalendarOut)))]
#[get("/calendar")]
async fn get_calendar(
    _permit: Permit<op::GetCalendar>,
    kit: Data<Kit>,
    query: Query<CalendarQuery>,
) -> Result<Answer<CalendarOut>, AppError> {
    let year = query.year(local_day(kit.now()).year())?;
    let view = queries::year(kit.db.read(), year).await?;
    let version = i64::from(view.version);
    Ok(Answer::ok(&view.into())?.version(version))
}

/// Imports years of the working calendar, all or none. Answers with them as they are now. Takes JSON, or a calendar of
/// public holidays as it circulates (iCalendar): whole days whose summary or category says 休 or 班. Each year takes the
/// place of what was known of it; a year from iCalendar is official.
#[utoipa::path(tag = "administration", request_body(content((CalendarIn = "application/json"), (String = "text/calendar"))), responses((status = 200, body = Page<CalendarOut>)))]
#[post("/calendar/imports")]
async fn import_calendar(
    permit: Permit<op::ImportCalendar>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Raw,
) -> Result<Answer<Page<CalendarOut>>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, read_calendar(&body)?.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "calendar.import",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let years = commands::import_calendar(tx, input).await?;
                Answer::ok(&Page {
                    items: years.into_iter().map(CalendarOut::from).collect(),
                    next_cursor: None,
                })
            })
        },
    )
    .await
}

fn read_calendar(body: &Raw) -> Result<CalendarIn, AppError> {
    if body.is_json() {
        json::parse(&body.bytes)
    } else if body.media == CALENDAR {
        CalendarIn::from_ical(json::utf8(&body.bytes)?)
    } else {
        Err(AppError::new(Code::UnsupportedMediaType).say(
            "请使用 application/json 或 text/calendar",
            "Send application/json or text/calendar",
        ))
    }
}
