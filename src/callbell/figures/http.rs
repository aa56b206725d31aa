//! `/api/v1/callbell/figures`, and the same as a workbook.

use super::dto::{BellFiguresOut, BellFiguresQuery};
use super::{gather, sheet};
use crate::access::permit::Caller;
use crate::access::policy::scope;
use crate::access::{Actor, Op, Permit, op};
use crate::callbell::http::homes::below;
use crate::callbell::world::World;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::upload::{self, WorkbookFile};
use crate::reference::Desk;
use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of the figures.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_bell_figures).service(download_bell_figures);
}

async fn figures(desk: &Desk, caller: &Caller, query: &BellFiguresQuery) -> Result<BellFiguresOut, AppError> {
    let world = World::of(desk).await?;
    let month = query.parse(desk.kit.now())?;
    let path = below(desk.kit.db.read(), query.unit_id).await?;
    let conn = desk.kit.db.long_reader().await?;
    let below = path.as_deref().unwrap_or("/");
    let sight = (&caller.reach(), reads_calls(caller));
    gather::figures(&conn, &world, sight, below, month).await
}

/// Whether the caller may read calls at all: what was said of one is for them.
fn reads_calls(caller: &Caller) -> bool {
    match &caller.actor {
        Actor::Staff { grants, .. } => grants
            .iter()
            .any(|grant| scope(Op::GetCall, grant.role).is_some()),
        _ => false,
    }
}

/// Figures of the call-bell of a month, by community, with the calls that were late and why.
#[utoipa::path(tag = "callbell", params(BellFiguresQuery), responses((status = 200, body = BellFiguresOut)))]
#[get("/callbell/figures")]
async fn get_bell_figures(
    permit: Permit<op::GetBellFigures>,
    desk: Data<Desk>,
    query: Query<BellFiguresQuery>,
) -> Result<Answer<BellFiguresOut>, AppError> {
    Answer::ok(&figures(&desk, &permit.caller, &query).await?)
}

/// The same figures as a workbook (XLSX): a sheet by community, and one of the calls that were late.
#[utoipa::path(
    tag = "callbell",
    params(BellFiguresQuery),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = WorkbookFile))
)]
#[get("/callbell/figures.xlsx")]
async fn download_bell_figures(
    permit: Permit<op::DownloadBellFigures>,
    desk: Data<Desk>,
    query: Query<BellFiguresQuery>,
) -> Result<HttpResponse, AppError> {
    let figures = figures(&desk, &permit.caller, &query).await?;
    let name = format!("callbell-{}.xlsx", figures.month.format("%Y-%m"));
    let book = web::block(move || sheet::workbook(&figures)).await;
    let book = book.map_err(|error| AppError::new(Code::Internal).because(error))??;
    Ok(HttpResponse::Ok()
        .content_type(upload::WORKBOOK)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .body(book))
}
