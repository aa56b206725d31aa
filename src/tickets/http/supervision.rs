//! The supervisor's desk.

use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::IdempotencyKey;
use crate::platform::http::json::Json;
use crate::reference::Desk;
use crate::tickets::commands::{Setting, bulk};
use crate::tickets::dto::{BulkIn, BulkOut, DeskOut, FiguresOut, FiguresQuery};
use crate::tickets::queries::desk;
use actix_web::web::{Data, Query};
use actix_web::{get, post};

/// What stands with the units now: tickets by lamp, what waits for a decision, units by overdue and time in hands.
#[utoipa::path(tag = "supervision", responses((status = 200, body = DeskOut)))]
#[get("/desk")]
pub async fn get_desk(permit: Permit<op::GetDesk>, desk: Data<Desk>) -> Result<Answer<DeskOut>, AppError> {
    let reference = desk.reference().await?;
    let (kit, caller) = (&desk.kit, &permit.caller);
    let answer = kit.glances.get(format!("desk {:?}", caller.reach()), async {
        desk::now(kit, &reference, caller).await
    });
    Answer::ok(&*answer.await?)
}

/// The figures of a span of days, by unit and by day, week or month.
///
/// Timeliness goes by the day on which a limit ended, the three rates by the day of the answer, the others by the day
/// on which they began. Tickets that were taken back, or merged into another, are not counted. Each share says of how
/// many it is.
#[utoipa::path(tag = "supervision", params(FiguresQuery), responses((status = 200, body = FiguresOut)))]
#[get("/figures")]
pub async fn get_figures(
    permit: Permit<op::GetFigures>,
    desk: Data<Desk>,
    query: Query<FiguresQuery>,
) -> Result<Answer<FiguresOut>, AppError> {
    let reference = desk.reference().await?;
    let (kit, caller) = (&desk.kit, &permit.caller);
    let key = format!("figures {:?} {:?}", caller.reach(), *query);
    let answer = kit
        .glances
        .get(key, desk::figures(kit, &reference, caller, &query));
    Answer::ok(&*answer.await?)
}

/// One action on many tickets, with an outcome for each.
#[utoipa::path(tag = "supervision", request_body = BulkIn, responses((status = 200, body = BulkOut)))]
#[post("/tickets/bulk")]
pub async fn act_in_bulk(
    permit: Permit<op::ActInBulk>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    body: Json<BulkIn>,
) -> Result<Answer<BulkOut>, AppError> {
    body.value.check()?;
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let setting = Setting {
        kit: desk.kit.clone(),
        reference: desk.reference().await?,
        caller,
    };
    let BulkIn { tickets, action } = body.value;
    Answer::ok(&bulk::act_on_all(&setting, &once, &tickets, &action).await?)
}
