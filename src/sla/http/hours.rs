//! `/api/v1/calendar/hours`.

use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{self, List, Page};
use crate::platform::kit::Kit;
use crate::sla::commands::hours as commands;
use crate::sla::dto::{HoursIn, HoursOut, HoursPatch, HoursQuery};
use crate::sla::queries;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, patch, post};
use entity::id::HoursId;

/// Lists working hours of units, oldest first.
#[utoipa::path(tag = "administration", params(HoursQuery), responses((status = 200, body = Page<HoursOut>)))]
#[get("/calendar/hours")]
pub(super) async fn list_hours(
    _permit: Permit<op::ListHours>,
    kit: Data<Kit>,
    query: Query<HoursQuery>,
) -> Result<Answer<Page<HoursOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let list = List::new("hours", &(query.unit_id, query.on));
    let after: Option<HoursId> = list.read(query.cursor.as_deref())?;
    let rows = queries::hours(kit.db.read(), query.unit_id, query.on, after, limit).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Gives a unit working hours of its own, and those below it that have none. Running deadlines are counted again.
#[utoipa::path(tag = "administration", request_body = HoursIn, responses((status = 201, body = HoursOut)))]
#[post("/calendar/hours")]
pub(super) async fn create_hours(
    permit: Permit<op::CreateHours>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<HoursIn>,
) -> Result<Answer<HoursOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse(local_day(kit.now()))?);
    write_once(&kit.db, &kit.vault, "hours.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create(tx, input).await?;
            let (location, version) = (format!("/api/v1/calendar/hours/{}", row.id), row.version);
            Ok(Answer::created(&row.into(), location)?.version(version))
        })
    })
    .await
}

/// Ends working hours of a unit by their last day. Running deadlines are counted again.
#[utoipa::path(tag = "administration", params(("id" = HoursId, Path, description = "Key of the hours")), request_body = HoursPatch, responses((status = 200, body = HoursOut)))]
#[patch("/calendar/hours/{id}")]
pub(super) async fn update_hours(
    permit: Permit<op::UpdateHours>,
    kit: Data<Kit>,
    id: Path<HoursId>,
    version: IfMatch,
    body: Json<HoursPatch>,
) -> Result<Answer<HoursOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.valid_to);
    let row = kit
        .db
        .write("hours.update", input, |tx, input| {
            Box::pin(commands::end(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}

/// Takes working hours of a unit away, as if they had never been. Running deadlines are counted again.
#[utoipa::path(tag = "administration", params(("id" = HoursId, Path, description = "Key of the hours")), responses((status = 204)))]
#[delete("/calendar/hours/{id}")]
pub(super) async fn delete_hours(
    permit: Permit<op::DeleteHours>,
    kit: Data<Kit>,
    id: Path<HoursId>,
    version: IfMatch,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id, version);
    kit.db
        .write("hours.delete", input, |tx, input| {
            Box::pin(commands::delete(tx, input))
        })
        .await?;
    Ok(NoContent)
}
