//! Who looked at a ticket.

use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::page::Page;
use crate::reference::Desk;
use crate::tickets::dto::{AccessOut, AccessQuery};
use crate::tickets::queries::looks;
use actix_web::get;
use actix_web::web::{Data, Path, Query};
use entity::id::TicketId;

/// Who looked at the ticket, by unit and role, newest first.
///
/// Staff and integrators' programs are recorded before they see anything; the requester's own looks are not, those of apps that they
/// let in are, for them alone. Names are for those who supervise.
#[utoipa::path(tag = "tickets", params(AccessQuery), responses((status = 200, body = Page<AccessOut>)))]
#[get("/tickets/{id}/access-log")]
pub async fn get_access_log(
    permit: Permit<op::GetAccessLog>,
    desk: Data<Desk>,
    id: Path<TicketId>,
    query: Query<AccessQuery>,
) -> Result<Answer<Page<AccessOut>>, AppError> {
    Answer::ok(&looks::of_ticket(&desk.kit.db, &permit.caller, *id, &query).await?)
}
