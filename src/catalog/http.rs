//! `/api/v1/services`.

use super::commands;
use super::dto::{DecisionIn, ProposalIn, ServiceIn, ServiceOut, ServicePatch, ServicesQuery};
use super::queries::{self, Wanted};
use super::store;
use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{self, List, Page};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_services)
        .service(create_service)
        .service(propose_service)
        .service(get_service)
        .service(update_service)
        .service(decide_service);
}

/// Lists services by code: headings and what stands below them.
#[utoipa::path(tag = "catalogue", params(ServicesQuery), responses((status = 200, body = Page<ServiceOut>)))]
#[get("/services")]
async fn list_services(
    permit: Permit<op::ListServices>,
    kit: Data<Kit>,
    query: Query<ServicesQuery>,
) -> Result<Answer<Page<ServiceOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let conn = kit.db.read();
    let place = match query.unit_id {
        Some(id) => Some(queries::place(conn, id).await?),
        None => None,
    };
    let wanted = Wanted::new(&query, place)?;
    let list = List::new("services", &wanted);
    let after: Option<String> = list.read(query.cursor.as_deref())?;
    if after.as_deref().is_some_and(|code| !store::is_code(code)) {
        return Err(AppError::new(Code::InvalidCursor));
    }
    let day = local_day(kit.now());
    let rows = queries::list(conn, &permit.caller, &wanted, day, after.as_deref(), limit).await?;
    Answer::ok(&list.page(rows, limit, |row| row.code.clone(), |row| Ok(row.into()))?)
}

/// A service as it is today.
#[utoipa::path(tag = "catalogue", responses((status = 200, body = ServiceOut)))]
#[get("/services/{code}")]
async fn get_service(
    permit: Permit<op::GetService>,
    kit: Data<Kit>,
    code: Path<String>,
) -> Result<Answer<ServiceOut>, AppError> {
    let row = queries::find(kit.db.read(), &permit.caller, &code, local_day(kit.now())).await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}

/// Makes a service, or the next period of validity of one that ends.
#[utoipa::path(tag = "catalogue", request_body = ServiceIn, responses((status = 201, body = ServiceOut)))]
#[post("/services")]
async fn create_service(
    permit: Permit<op::CreateService>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<ServiceIn>,
) -> Result<Answer<ServiceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse(local_day(kit.now()))?);
    write_once(&kit.db, &kit.vault, "service.create", once, input, |tx, input| {
        Box::pin(async move { created(commands::create(tx, input).await?) })
    })
    .await
}

/// Changes a service, or retires it by its last day.
#[utoipa::path(tag = "catalogue", request_body = ServicePatch, responses((status = 200, body = ServiceOut)))]
#[patch("/services/{code}")]
async fn update_service(
    permit: Permit<op::UpdateService>,
    kit: Data<Kit>,
    code: Path<String>,
    version: IfMatch,
    body: Json<ServicePatch>,
) -> Result<Answer<ServiceOut>, AppError> {
    let input = (permit.caller, code.into_inner(), version, body.value.parse()?);
    let row = kit
        .db
        .write("service.update", input, |tx, input| {
            Box::pin(commands::update(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}

/// Proposes a special service (特色服务) of the caller's community.
#[utoipa::path(tag = "catalogue", request_body = ProposalIn, responses((status = 201, body = ServiceOut)))]
#[post("/services/proposals")]
async fn propose_service(
    permit: Permit<op::ProposeService>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<ProposalIn>,
) -> Result<Answer<ServiceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "service.propose",
        once,
        input,
        |tx, input| Box::pin(async move { created(commands::propose(tx, input).await?) }),
    )
    .await
}

/// Approves or refuses a proposed service.
#[utoipa::path(tag = "catalogue", request_body = DecisionIn, responses((status = 200, body = ServiceOut)))]
#[post("/services/{code}/decision")]
async fn decide_service(
    permit: Permit<op::DecideService>,
    kit: Data<Kit>,
    code: Path<String>,
    key: IdempotencyKey,
    version: IfMatch,
    body: Json<DecisionIn>,
) -> Result<Answer<ServiceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, code.into_inner(), version, body.value.parse()?);
    write_once(&kit.db, &kit.vault, "service.decide", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::decide(tx, input).await?;
            let version = row.version;
            Ok(Answer::ok(&row.into())?.version(version))
        })
    })
    .await
}

fn created(row: entity::service::Model) -> Result<Answer<ServiceOut>, AppError> {
    let (location, version) = (format!("/api/v1/services/{}", row.code), row.version);
    Ok(Answer::created(&row.into(), location)?.version(version))
}
