//! `/api/v1/callbell/fixtures`, `/api/v1/callbell/patrol-reads`, and what is around a call.

use super::dto::{
    CameraViewIn, CameraViewOut, FixtureIn, FixtureOut, FixturesQuery, NearbyOut, PatrolReadIn,
};
use super::store::{self, Filter};
use super::{commands, nearby};
use crate::access::{Permit, op};
use crate::callbell::calls;
use crate::callbell::http::homes::below;
use crate::callbell::world::World;
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::reference::Desk;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, post, put};
use entity::callbell_fixture;
use entity::id::{CallId, FixtureId};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of what is around a call.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_fixtures)
        .service(register_fixture)
        .service(update_fixture)
        .service(remove_fixture)
        .service(record_patrol_read)
        .service(get_call_nearby)
        .service(view_camera);
}

fn told(row: callbell_fixture::Model) -> Result<Answer<FixtureOut>, AppError> {
    let version = row.version;
    Ok(Answer::ok(&FixtureOut::from(row))?.version(version))
}

/// Lists cameras and points of the electronic patrol, oldest first.
#[utoipa::path(tag = "callbell", params(FixturesQuery), responses((status = 200, body = Page<FixtureOut>)))]
#[get("/callbell/fixtures")]
async fn list_fixtures(
    permit: Permit<op::ListFixtures>,
    desk: Data<Desk>,
    query: Query<FixturesQuery>,
) -> Result<Answer<Page<FixtureOut>>, AppError> {
    let conn = desk.kit.db.read();
    let filter = Filter {
        kind: query.kind,
        below: below(conn, query.unit_id).await?,
    };
    let (list, most) = (List::new("fixtures", &filter), limit(query.limit)?);
    let after = list.read::<FixtureId>(query.cursor.as_deref())?;
    let rows = store::list(conn, &permit.caller.reach(), &filter, after, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| Ok(row.into()))?)
}

/// Registers a camera, as a reference by its code, or a point of the electronic patrol.
#[utoipa::path(tag = "callbell", request_body = FixtureIn, responses((status = 201, body = FixtureOut)))]
#[post("/callbell/fixtures")]
async fn register_fixture(
    permit: Permit<op::RegisterFixture>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    body: Json<FixtureIn>,
) -> Result<Answer<FixtureOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (World::of(&desk).await?, caller, body.value.parse()?);
    let kit = &desk.kit;
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.register_fixture",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let row = commands::register(tx, input).await?;
                let (location, version) = (format!("/api/v1/callbell/fixtures/{}", row.id), row.version);
                Ok(Answer::created(&FixtureOut::from(row), location)?.version(version))
            })
        },
    )
    .await
}

/// Changes what is said of a fixture; what it is stays.
#[utoipa::path(tag = "callbell", request_body = FixtureIn, responses((status = 200, body = FixtureOut)))]
#[put("/callbell/fixtures/{id}")]
async fn update_fixture(
    permit: Permit<op::UpdateFixture>,
    desk: Data<Desk>,
    id: Path<FixtureId>,
    version: IfMatch,
    body: Json<FixtureIn>,
) -> Result<Answer<FixtureOut>, AppError> {
    let input = (
        World::of(&desk).await?,
        permit.caller,
        (*id, version, body.value.parse()?),
    );
    let row = desk.kit.db.write("callbell.update_fixture", input, |tx, input| {
        Box::pin(commands::update(tx, input))
    });
    told(row.await?)
}

/// Removes a fixture. Looks through it stay in the logs of their calls.
#[utoipa::path(tag = "callbell", responses((status = 204)))]
#[delete("/callbell/fixtures/{id}")]
async fn remove_fixture(
    permit: Permit<op::RemoveFixture>,
    desk: Data<Desk>,
    id: Path<FixtureId>,
    version: IfMatch,
) -> Result<NoContent, AppError> {
    let input = (World::of(&desk).await?, permit.caller, (*id, version));
    let removed = desk.kit.db.write("callbell.remove_fixture", input, |tx, input| {
        Box::pin(commands::remove(tx, input))
    });
    removed.await?;
    Ok(NoContent)
}

/// Notes where the caller is on patrol. It is kept for 90 days, and shown for two hours around calls of the sub-district.
#[utoipa::path(tag = "callbell", request_body = PatrolReadIn, responses((status = 204)))]
#[post("/callbell/patrol-reads")]
async fn record_patrol_read(
    permit: Permit<op::RecordPatrolRead>,
    desk: Data<Desk>,
    body: Json<PatrolReadIn>,
) -> Result<NoContent, AppError> {
    let input = (World::of(&desk).await?, permit.caller, body.value.parse()?);
    let noted = desk.kit.db.write("callbell.patrol_read", input, |tx, input| {
        Box::pin(commands::read(tx, input))
    });
    noted.await?;
    Ok(NoContent)
}

/// What helps who goes to a call: cameras of the community, and who is on patrol near it.
#[utoipa::path(tag = "callbell", responses((status = 200, body = NearbyOut)))]
#[get("/callbell/calls/{id}/nearby")]
async fn get_call_nearby(
    permit: Permit<op::GetCallNearby>,
    desk: Data<Desk>,
    id: Path<CallId>,
) -> Result<Answer<NearbyOut>, AppError> {
    let world = World::of(&desk).await?;
    let call = calls::seen(&world, &permit.caller, *id).await?;
    Answer::ok(&nearby::of(desk.kit.db.read(), &world, &call).await?)
}

/// A link to a camera, good for five minutes: for who has the call and those above, as long as it is open. Who looked and
/// what for stands in the log of the call.
#[utoipa::path(
    tag = "callbell",
    request_body = CameraViewIn,
    params(("id" = CallId, Path), ("camera" = FixtureId, Path)),
    responses((status = 200, body = CameraViewOut))
)]
#[post("/callbell/calls/{id}/cameras/{camera}/view")]
async fn view_camera(
    permit: Permit<op::ViewCamera>,
    desk: Data<Desk>,
    path: Path<(CallId, FixtureId)>,
    body: Json<CameraViewIn>,
) -> Result<Answer<CameraViewOut>, AppError> {
    let (call, camera) = *path;
    let input = (
        World::of(&desk).await?,
        permit.caller,
        (call, camera, body.value.parse()?),
    );
    let look = desk.kit.db.write("callbell.view_camera", input, |tx, input| {
        Box::pin(commands::look(tx, input))
    });
    Answer::ok(&look.await?.into())
}
