//! `/api/v1/residents`.

use super::dto::{
    ContactOut, MatchesOut, ResidentContactIn, ResidentIn, ResidentOut, ResidentPatch, RevealIn,
    RevealedResidentOut, SearchIn,
};
use super::{commands, queries, view};
use crate::access::policy::identity_sight;
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path};
use actix_web::{get, patch, post};
use entity::id::ResidentId;
use std::sync::Arc;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(search_residents)
        .service(register_resident)
        .service(get_resident)
        .service(update_resident)
        .service(reveal_resident)
        .service(add_contact);
}

/// Finds who calls: by telephone number, identity number, or name and address. A POST, so that numbers never stand
/// in addresses and logs.
#[utoipa::path(tag = "register", request_body = SearchIn, responses((status = 200, body = MatchesOut)))]
#[post("/residents/search")]
async fn search_residents(
    permit: Permit<op::SearchResidents>,
    kit: Data<Kit>,
    body: Json<SearchIn>,
) -> Result<Answer<MatchesOut>, AppError> {
    let search = body.value.parse()?;
    let matches = queries::search(kit.db.read(), &kit.vault, &permit.caller, &search).await?;
    Answer::ok(&matches)
}

/// Registers a resident or merchant. Those of one address and community are a household.
#[utoipa::path(tag = "register", request_body = ResidentIn, responses((status = 201, body = ResidentOut)))]
#[post("/residents")]
async fn register_resident(
    permit: Permit<op::RegisterResident>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<ResidentIn>,
) -> Result<Answer<ResidentOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let (unit_id, new) = body.value.parse()?;
    let input = (Arc::clone(&kit.vault), caller, unit_id, new);
    write_once(
        &kit.db,
        &kit.vault,
        "resident.register",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (row, acting) = commands::register(tx, input).await?;
                let out = queries::show(tx, &input.0, &row, &acting).await?;
                Ok(Answer::created(&out, format!("/api/v1/residents/{}", row.id))?.version(row.version))
            })
        },
    )
    .await
}

/// A resident with contacts: masked for staff, plain for the resident.
#[utoipa::path(tag = "register", responses((status = 200, body = ResidentOut)))]
#[get("/residents/{id}")]
async fn get_resident(
    permit: Permit<op::GetResident>,
    kit: Data<Kit>,
    id: Path<ResidentId>,
) -> Result<Answer<ResidentOut>, AppError> {
    let out = queries::read(kit.db.read(), &kit.vault, &permit.caller, *id).await?;
    Ok(Answer::ok(&out)?.version(out.version))
}

/// Changes a resident. Residents change their own name, e-mail and address.
#[utoipa::path(tag = "register", request_body = ResidentPatch, responses((status = 200, body = ResidentOut)))]
#[patch("/residents/{id}")]
async fn update_resident(
    permit: Permit<op::UpdateResident>,
    kit: Data<Kit>,
    id: Path<ResidentId>,
    version: IfMatch,
    body: Json<ResidentPatch>,
) -> Result<Answer<ResidentOut>, AppError> {
    let vault = Arc::clone(&kit.vault);
    let input = (vault, permit.caller, *id, version, body.value.parse()?);
    let out = kit
        .db
        .write("resident.update", input, |tx, input| {
            Box::pin(async move {
                let (row, acting) = commands::update(tx, input).await?;
                queries::show(tx, &input.0, &row, &acting).await
            })
        })
        .await?;
    Ok(Answer::ok(&out)?.version(out.version))
}

/// Shows fields in full, for a reason. Who looked at what and why stands in the audit log before the answer goes out.
#[utoipa::path(tag = "register", request_body = RevealIn, responses((status = 200, body = RevealedResidentOut)))]
#[post("/residents/{id}/reveal")]
async fn reveal_resident(
    permit: Permit<op::RevealResident>,
    kit: Data<Kit>,
    id: Path<ResidentId>,
    key: IdempotencyKey,
    body: Json<RevealIn>,
) -> Result<Answer<RevealedResidentOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (Arc::clone(&kit.vault), caller, *id, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "resident.reveal",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (vault, caller, id, asked) = input;
                let row = commands::reveal(tx, caller, *id, asked).await?;
                Answer::ok(&view::revealed(vault, &row, &asked.fields)?)
            })
        },
    )
    .await
}

/// Adds somebody to turn to, who may act for the resident if the resident agrees.
#[utoipa::path(tag = "register", request_body = ResidentContactIn, responses((status = 201, body = ContactOut)))]
#[post("/residents/{id}/contacts")]
async fn add_contact(
    permit: Permit<op::AddContact>,
    kit: Data<Kit>,
    id: Path<ResidentId>,
    key: IdempotencyKey,
    body: Json<ResidentContactIn>,
) -> Result<Answer<ContactOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (Arc::clone(&kit.vault), caller, *id, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "resident.contact",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (row, acting) = commands::add_contact(tx, input).await?;
                let out = view::contact(&input.0, &row, identity_sight(acting.role, false))?;
                Answer::created(&out, format!("/api/v1/residents/{}", row.resident_id))
            })
        },
    )
    .await
}
