//! `/api/v1/units`.

use super::dto::{SuccessionIn, UnitIn, UnitOut, UnitPatch, UnitsQuery};
use super::{commands, store};
use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::{AppError, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::Page;
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, patch, post};
use entity::id::UnitId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_units)
        .service(get_unit)
        .service(create_unit)
        .service(update_unit)
        .service(succeed_unit);
}

/// Lists units, parents first.
#[utoipa::path(tag = "organisation", params(UnitsQuery), responses((status = 200, body = Page<UnitOut>)))]
#[get("/units")]
async fn list_units(
    _permit: Permit<op::ListUnits>,
    kit: Data<Kit>,
    query: Query<UnitsQuery>,
) -> Result<Answer<Page<UnitOut>>, AppError> {
    let root = match query.below {
        Some(id) => {
            let found = store::find(kit.db.read(), id).await;
            found.map_err(|_| AppError::field("?below", Rule::Unknown))?.path
        }
        None => "/".to_owned(),
    };
    let day = query.on.unwrap_or_else(|| local_day(kit.now()));
    let rows = store::below(kit.db.read(), &root).await?;
    let items = rows
        .into_iter()
        .filter(|row| query.kind.is_none_or(|kind| kind == row.kind))
        .filter(|row| row.valid_from <= day && row.valid_to.is_none_or(|last| day <= last))
        .map(UnitOut::listed)
        .collect();
    Answer::ok(&Page {
        items,
        next_cursor: None,
    })
}

/// A unit with its boundary.
#[utoipa::path(tag = "organisation", responses((status = 200, body = UnitOut)))]
#[get("/units/{id}")]
async fn get_unit(
    _permit: Permit<op::GetUnit>,
    kit: Data<Kit>,
    id: Path<UnitId>,
) -> Result<Answer<UnitOut>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    let version = row.version;
    Ok(Answer::ok(&UnitOut::whole(row))?.version(version))
}

/// Makes a unit.
#[utoipa::path(tag = "organisation", request_body = UnitIn, responses((status = 201, body = UnitOut)))]
#[post("/units")]
async fn create_unit(
    permit: Permit<op::CreateUnit>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<UnitIn>,
) -> Result<Answer<UnitOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse()?);
    write_once(&kit.db, &kit.vault, "unit.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create(tx, input).await?;
            let (location, version) = (format!("/api/v1/units/{}", row.id), row.version);
            Ok(Answer::created(&UnitOut::whole(row), location)?.version(version))
        })
    })
    .await
}

/// Changes a unit, or retires it by its last day.
#[utoipa::path(tag = "organisation", request_body = UnitPatch, responses((status = 200, body = UnitOut)))]
#[patch("/units/{id}")]
async fn update_unit(
    permit: Permit<op::UpdateUnit>,
    kit: Data<Kit>,
    id: Path<UnitId>,
    version: IfMatch,
    body: Json<UnitPatch>,
) -> Result<Answer<UnitOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.parse()?);
    let row = kit
        .db
        .write("unit.update", input, |tx, input| {
            Box::pin(commands::update(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&UnitOut::whole(row))?.version(version))
}

/// Ends a unit and names its successor.
#[utoipa::path(tag = "organisation", request_body = SuccessionIn, responses((status = 200, body = UnitOut)))]
#[post("/units/{id}/succession")]
async fn succeed_unit(
    permit: Permit<op::SucceedUnit>,
    kit: Data<Kit>,
    id: Path<UnitId>,
    key: IdempotencyKey,
    version: IfMatch,
    body: Json<SuccessionIn>,
) -> Result<Answer<UnitOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, version, body.value.successor_id, body.value.last_day);
    write_once(&kit.db, &kit.vault, "unit.succeed", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::succeed(tx, input).await?;
            let version = row.version;
            Ok(Answer::ok(&UnitOut::whole(row))?.version(version))
        })
    })
    .await
}
