//! `/api/v1/callbell/ladders`.

use crate::access::{Permit, op};
use crate::callbell::commands::ladders as commands;
use crate::callbell::dto::ladder::{LadderOut, checked};
use crate::callbell::rules::ladder::Ladder;
use crate::callbell::store::ladders as store;
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::json::Json;
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path};
use actix_web::{delete, get, put};
use entity::id::UnitId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of ladders.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_ladder)
        .service(put_ladder)
        .service(delete_ladder);
}

/// The ladder that holds for a unit: its own, else that of the nearest unit above, else that of the program.
#[utoipa::path(tag = "callbell", responses((status = 200, body = LadderOut)))]
#[get("/callbell/ladders/{unit_id}")]
async fn get_ladder(
    permit: Permit<op::GetLadder>,
    kit: Data<Kit>,
    id: Path<UnitId>,
) -> Result<Answer<LadderOut>, AppError> {
    let conn = kit.db.read();
    let (unit, _) = commands::unit(conn, &permit.caller, *id).await?;
    let row = store::holding(conn, &unit.path).await?;
    let out = LadderOut::new(unit.id, &unit.path, row.as_ref());
    let version = out.version;
    Ok(Answer::ok(&out)?.version(version))
}

/// Gives a unit a ladder of its own, and those below it that have none. `If-Match` is `"0"` as long as it has none. Calls
/// that are open keep theirs.
#[utoipa::path(tag = "callbell", request_body = Ladder, responses((status = 200, body = LadderOut)))]
#[put("/callbell/ladders/{unit_id}")]
async fn put_ladder(
    permit: Permit<op::PutLadder>,
    kit: Data<Kit>,
    id: Path<UnitId>,
    version: IfMatch,
    body: Json<Ladder>,
) -> Result<Answer<LadderOut>, AppError> {
    let input = (permit.caller, *id, version, checked(body.value)?);
    let row = kit
        .db
        .write("callbell.put_ladder", input, |tx, input| {
            Box::pin(commands::put(tx, input))
        })
        .await?;
    let out = LadderOut::new(row.unit_id, &row.unit_path, Some(&row));
    Ok(Answer::ok(&out)?.version(row.version))
}

/// Takes a unit's own ladder away: that of the unit above holds again.
#[utoipa::path(tag = "callbell", responses((status = 204)))]
#[delete("/callbell/ladders/{unit_id}")]
async fn delete_ladder(
    permit: Permit<op::DeleteLadder>,
    kit: Data<Kit>,
    id: Path<UnitId>,
    version: IfMatch,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id, version);
    kit.db
        .write("callbell.delete_ladder", input, |tx, input| {
            Box::pin(commands::delete(tx, input))
        })
        .await?;
    Ok(NoContent)
}
