//! `/api/v1/calendar/closures`.

use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{self, List, Page};
use crate::platform::kit::Kit;
use crate::sla::commands::closures as commands;
use crate::sla::dto::{ClosureIn, ClosureOut, ClosurePatch, ClosuresQuery};
use crate::sla::queries;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, patch, post};
use entity::id::ClosureId;

/// Lists closures, oldest first.
#[utoipa::path(tag = "administration", params(ClosuresQuery), responses((status = 200, body = Page<ClosureOut>)))]
#[get("/calendar/closures")]
pub(super) async fn list_closures(
    _permit: Permit<op::ListClosures>,
    kit: Data<Kit>,
    query: Query<ClosuresQuery>,
) -> Result<Answer<Page<ClosureOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let list = List::new("closures", &(query.unit_id, query.on));
    let after: Option<ClosureId> = list.read(query.cursor.as_deref())?;
    let rows = queries::closures(kit.db.read(), query.unit_id, query.on, after, limit).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Declares a closure (临时停工), of a unit with those below it or of everybody. Its time is no working time; running
/// deadlines are counted again. Limits of minutes run on.
#[utoipa::path(tag = "administration", request_body = ClosureIn, responses((status = 201, body = ClosureOut)))]
#[post("/calendar/closures")]
pub(super) async fn create_closure(
    permit: Permit<op::CreateClosure>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<ClosureIn>,
) -> Result<Answer<ClosureOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse()?);
    write_once(&kit.db, &kit.vault, "closure.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create(tx, input).await?;
            let (location, version) = (format!("/api/v1/calendar/closures/{}", row.id), row.version);
            Ok(Answer::created(&row.into(), location)?.version(version))
        })
    })
    .await
}

/// Ends a closure sooner or later than was declared. Running deadlines are counted again.
#[utoipa::path(tag = "administration", params(("id" = ClosureId, Path, description = "The closure's key")), request_body = ClosurePatch, responses((status = 200, body = ClosureOut)))]
#[patch("/calendar/closures/{id}")]
pub(super) async fn update_closure(
    permit: Permit<op::UpdateClosure>,
    kit: Data<Kit>,
    id: Path<ClosureId>,
    version: IfMatch,
    body: Json<ClosurePatch>,
) -> Result<Answer<ClosureOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.parse()?);
    let row = kit
        .db
        .write("closure.update", input, |tx, input| {
            Box::pin(commands::end(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}

/// Takes a closure back, as if it had never been declared. Running deadlines are counted again.
#[utoipa::path(tag = "administration", params(("id" = ClosureId, Path, description = "The closure's key")), responses((status = 204)))]
#[delete("/calendar/closures/{id}")]
pub(super) async fn delete_closure(
    permit: Permit<op::DeleteClosure>,
    kit: Data<Kit>,
    id: Path<ClosureId>,
    version: IfMatch,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id, version);
    kit.db
        .write("closure.delete", input, |tx, input| {
            Box::pin(commands::delete(tx, input))
        })
        .await?;
    Ok(NoContent)
}
