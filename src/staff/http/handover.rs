//! `/api/v1/staff/{id}/handover`.

use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::kit::Kit;
use crate::staff::commands;
use crate::staff::dto::handover::{HandoverIn, HandoverOut};
use actix_web::post;
use actix_web::web::{Data, Path};
use entity::id::StaffId;

/// Hands over all open tickets that somebody has in a unit. It is carried out right after the answer, some in each
/// transaction, and each ticket's timeline says so. Who is disabled, or loses the last role by which they were given
/// tickets, hands over by itself.
#[utoipa::path(tag = "administration", request_body = HandoverIn, responses((status = 200, body = HandoverOut)))]
#[post("/staff/{id}/handover")]
pub async fn hand_over(
    permit: Permit<op::HandOver>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    key: IdempotencyKey,
    body: Json<HandoverIn>,
) -> Result<Answer<HandoverOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, body.value.parse()?);
    write_once(&kit.db, &kit.vault, "staff.handover", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::handover::ask(tx, input).await?;
            Answer::ok(&HandoverOut::from(row))
        })
    })
    .await
}
