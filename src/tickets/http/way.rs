//! The way of a ticket from unit to unit.

use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::reference::Desk;
use crate::tickets::dto::{HandsOut, PrecedentsOut, WorkSlipOut};
use crate::tickets::queries::way;
use actix_web::get;
use actix_web::web::{Data, Path};
use entity::id::TicketId;

/// Which units had the ticket in hands, and for how long.
///
/// Time goes on while a return is decided about: it is booked to the unit that asked.
#[utoipa::path(tag = "tickets", responses((status = 200, body = HandsOut)))]
#[get("/tickets/{id}/hands")]
pub async fn get_hands(
    permit: Permit<op::GetHands>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<HandsOut>, AppError> {
    let reference = desk.reference().await?;
    Answer::ok(&way::hands(&desk.kit, &reference, &permit.caller, *id).await?)
}

/// What a third party needs to do its part, with nothing of who asked: for property companies and service providers.
#[utoipa::path(tag = "tickets", responses((status = 200, body = WorkSlipOut)))]
#[get("/tickets/{id}/work-slip")]
pub async fn get_work_slip(
    permit: Permit<op::GetWorkSlip>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<WorkSlipOut>, AppError> {
    let reference = desk.reference().await?;
    Answer::ok(&way::work_slip(&desk.kit, &reference, &permit.caller, *id).await?)
}

/// How returns of such tickets were ruled before, for who rules now.
#[utoipa::path(tag = "tickets", responses((status = 200, body = PrecedentsOut)))]
#[get("/tickets/{id}/precedents")]
pub async fn get_precedents(
    permit: Permit<op::GetPrecedents>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<PrecedentsOut>, AppError> {
    let reference = desk.reference().await?;
    Answer::ok(&way::precedents(&desk.kit, &reference, &permit.caller, *id).await?)
}
