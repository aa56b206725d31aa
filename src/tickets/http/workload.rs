//! `/api/v1/units/{id}/workload`.

use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::page::Page;
use crate::reference::Desk;
use crate::tickets::dto::{WorkloadOut, WorkloadQuery};
use crate::tickets::queries::workload;
use actix_web::get;
use actix_web::web::{Data, Path, Query};
use entity::id::UnitId;

/// How much each person of a unit has to do. Everybody who can be given its tickets is shown, with open and overdue
/// tickets, capacity and leave.
#[utoipa::path(tag = "tickets", params(WorkloadQuery), responses((status = 200, body = Page<WorkloadOut>)))]
#[get("/units/{id}/workload")]
pub async fn get_workload(
    permit: Permit<op::GetWorkload>,
    desk: Data<Desk>,
    id: Path<UnitId>,
    query: Query<WorkloadQuery>,
) -> Result<Answer<Page<WorkloadOut>>, AppError> {
    let reference = desk.reference().await?;
    Answer::ok(&workload::page(&desk.kit, &reference, &permit.caller, *id, &query).await?)
}
