//! `/api/v1/duty/shifts`; who is on duty, contacts and imports in files of their own.

mod contact;
mod import;
mod now;

use super::dto::{ShiftIn, ShiftOut, ShiftPut, ShiftsQuery, StandInIn};
use super::{commands, queries, store};
use crate::access::{Op, Permit, op};
use crate::orgs;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, post, put};
use chrono::{DateTime, Utc};
use entity::id::{ShiftId, ShiftMemberId, UnitId};
use entity::unit;
use sea_orm::ConnectionTrait;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_shifts)
        .service(create_shift)
        .service(get_shift)
        .service(update_shift)
        .service(delete_shift)
        .service(add_stand_in)
        .service(end_stand_in)
        .service(import::import_shifts)
        .service(now::get_duty_now)
        .service(now::list_gaps)
        .service(contact::get_duty_contact)
        .service(contact::put_duty_contact);
}

/// A unit that a query names.
async fn asked(conn: &impl ConnectionTrait, id: UnitId) -> Result<unit::Model, AppError> {
    let found = orgs::store::find(conn, id).await;
    found.map_err(|error| match error.code() {
        Code::NotFound => AppError::field("?unit_id", Rule::Unknown),
        _ => error,
    })
}

/// Lists shifts of the units that the caller reaches, in the order of their beginning.
#[utoipa::path(tag = "duty", params(ShiftsQuery), responses((status = 200, body = Page<ShiftOut>)))]
#[get("/duty/shifts")]
async fn list_shifts(
    permit: Permit<op::ListShifts>,
    kit: Data<Kit>,
    query: Query<ShiftsQuery>,
) -> Result<Answer<Page<ShiftOut>>, AppError> {
    let (conn, limit) = (kit.db.read(), limit(query.limit)?);
    let below = match query.unit_id {
        Some(id) => Some(asked(conn, id).await?.path),
        None => None,
    };
    let filter = query.filter(below)?;
    let list = List::new("shifts", &filter);
    let after = list.read::<(DateTime<Utc>, ShiftId)>(query.cursor.as_deref())?;
    let views = queries::list(conn, &permit.caller.reach(), &filter, after, limit + 1).await?;
    let key = |view: &queries::View| (view.row.starts_at, view.row.id);
    Answer::ok(&list.page(views, limit, key, |view| Ok(view.into()))?)
}

/// Makes a shift (班次): who is on duty in a unit, and for how long. Those of one unit and post may overlap: so duty is
/// handed over.
#[utoipa::path(tag = "duty", request_body = ShiftIn, responses((status = 201, body = ShiftOut)))]
#[post("/duty/shifts")]
async fn create_shift(
    permit: Permit<op::CreateShift>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<ShiftIn>,
) -> Result<Answer<ShiftOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse(kit.now())?);
    write_once(&kit.db, &kit.vault, "shift.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create(tx, input).await?;
            let (location, version) = (format!("/api/v1/duty/shifts/{}", row.id), row.version);
            let view = queries::view(tx, row).await?;
            Ok(Answer::created(&ShiftOut::from(view), location)?.version(version))
        })
    })
    .await
}

/// Shows a shift with its people.
#[utoipa::path(tag = "duty", responses((status = 200, body = ShiftOut)))]
#[get("/duty/shifts/{id}")]
async fn get_shift(
    permit: Permit<op::GetShift>,
    kit: Data<Kit>,
    id: Path<ShiftId>,
) -> Result<Answer<ShiftOut>, AppError> {
    let conn = kit.db.read();
    let row = store::find(conn, *id).await?;
    commands::allow(&permit.caller, Op::GetShift, &row.unit_path)?;
    let version = row.version;
    let view = queries::view(conn, row).await?;
    Ok(Answer::ok(&ShiftOut::from(view))?.version(version))
}

/// Changes a shift that is not over. Of one that has begun only the end and the note change: who can't be there has
/// somebody stand in.
#[utoipa::path(tag = "duty", request_body = ShiftPut, responses((status = 200, body = ShiftOut)))]
#[put("/duty/shifts/{id}")]
async fn update_shift(
    permit: Permit<op::UpdateShift>,
    kit: Data<Kit>,
    id: Path<ShiftId>,
    version: IfMatch,
    body: Json<ShiftPut>,
) -> Result<Answer<ShiftOut>, AppError> {
    let (plan, note) = body.value.parse(kit.now())?;
    let input = (permit.caller, *id, version, plan, note);
    let (view, version) = kit
        .db
        .write("shift.update", input, |tx, input| {
            Box::pin(async move {
                let row = commands::update(tx, input).await?;
                let version = row.version;
                Ok((queries::view(tx, row).await?, version))
            })
        })
        .await?;
    Ok(Answer::ok(&ShiftOut::from(view))?.version(version))
}

/// Takes back a shift that has not begun, as if it had never been.
#[utoipa::path(tag = "duty", responses((status = 204)))]
#[delete("/duty/shifts/{id}")]
async fn delete_shift(
    permit: Permit<op::DeleteShift>,
    kit: Data<Kit>,
    id: Path<ShiftId>,
    version: IfMatch,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id, version);
    kit.db
        .write("shift.delete", input, |tx, input| {
            Box::pin(commands::delete(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// Lets somebody stand in (替班) for another for a part of a shift. They take the place of the other in the order of
/// calling; the other is not called in that time.
#[utoipa::path(tag = "duty", request_body = StandInIn, responses((status = 201, body = ShiftOut)))]
#[post("/duty/shifts/{id}/stand-ins")]
async fn add_stand_in(
    permit: Permit<op::AddStandIn>,
    kit: Data<Kit>,
    id: Path<ShiftId>,
    key: IdempotencyKey,
    body: Json<StandInIn>,
) -> Result<Answer<ShiftOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, body.value.parse());
    write_once(&kit.db, &kit.vault, "shift.stand_in", once, input, |tx, input| {
        Box::pin(async move {
            let (row, stand_in) = commands::stand_in::add(tx, input).await?;
            let location = format!("/api/v1/duty/shifts/{}/stand-ins/{stand_in}", row.id);
            let version = row.version;
            let view = queries::view(tx, row).await?;
            Ok(Answer::created(&ShiftOut::from(view), location)?.version(version))
        })
    })
    .await
}

/// Ends a stand-in. One that has not begun is taken back, one that has begun ends now; of one that is over nothing
/// changes.
#[utoipa::path(tag = "duty", responses((status = 204)))]
#[delete("/duty/shifts/{id}/stand-ins/{stand_in_id}")]
async fn end_stand_in(
    permit: Permit<op::EndStandIn>,
    kit: Data<Kit>,
    path: Path<(ShiftId, ShiftMemberId)>,
) -> Result<NoContent, AppError> {
    let (id, stand_in) = path.into_inner();
    let input = (permit.caller, id, stand_in);
    kit.db
        .write("shift.end_stand_in", input, |tx, input| {
            Box::pin(commands::stand_in::end(tx, input))
        })
        .await?;
    Ok(NoContent)
}
