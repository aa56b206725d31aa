//! `/api/v1/places/locate`, `/api/v1/routing/simulate` and `/api/v1/deadlines/simulate`.

use super::assignment::{self, Wanted};
use super::dto::{DeadlinesIn, DeadlinesOut, LocateIn, LocatedOut, RouteOut, SimulateIn, UnitRef};
use super::{deadlines, place, route};
use crate::access::authenticate::local_day;
use crate::access::policy::Facts;
use crate::access::{Op, Permit, op};
use crate::platform::error::{AppError, Fields};
use crate::platform::http::answer::Answer;
use crate::platform::http::json::Json;
use crate::reference::Desk;
use actix_web::post;
use actix_web::web::Data;
use entity::kind::Channel;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(locate_place)
        .service(simulate_routing)
        .service(simulate_deadlines);
}

/// Which unit a place belongs to.
#[utoipa::path(tag = "intake", request_body = LocateIn, responses((status = 200, body = LocatedOut)))]
#[post("/places/locate")]
async fn locate_place(
    _permit: Permit<op::LocatePlace>,
    desk: Data<Desk>,
    body: Json<LocateIn>,
) -> Result<Answer<LocatedOut>, AppError> {
    let mut fields = Fields::default();
    let wanted = body.value.place.parse("/place", &mut fields);
    fields.finish()?;
    let reference = desk.reference().await?;
    let found = place::locate(&reference.directory, local_day(desk.kit.now()), &wanted)?;
    let unit = found.unit;
    let name = reference.directory.full_name(unit.id);
    let matched_by = route::matched_text(found.by).to_owned();
    let unit = UnitRef {
        id: unit.id,
        name,
        path: unit.path.clone(),
    };
    Answer::ok(&LocatedOut {
        unit,
        matched_by,
        found: found.found,
    })
}

/// Where a request would go, and why, without registering it.
#[utoipa::path(tag = "intake", request_body = SimulateIn, responses((status = 200, body = RouteOut)))]
#[post("/routing/simulate")]
async fn simulate_routing(
    permit: Permit<op::SimulateRouting>,
    desk: Data<Desk>,
    body: Json<SimulateIn>,
) -> Result<Answer<RouteOut>, AppError> {
    let mut fields = Fields::default();
    let category = fields.text("/category", &body.value.category, 12);
    let wanted = body.value.place.parse("/place", &mut fields);
    fields.finish()?;
    let (reference, day) = (desk.reference().await?, local_day(desk.kit.now()));
    let place = place::locate(&reference.directory, day, &wanted)?;
    let path = place.unit.path.as_str();
    permit.caller.decide(
        Op::GetUnit,
        &Facts {
            paths: vec![path],
            place: path,
            owners: Vec::new(),
        },
    )?;
    let (service, request_type) = route::service(&reference, day, &category, body.value.request_type, path)?;
    let channel = body.value.channel.unwrap_or(Channel::Phone);
    let turn = desk.kit.ids.below(u64::MAX);
    let chosen = route::choose(&reference, day, service, request_type, channel, &place, turn);
    let mut route = route::explain(&reference, service, &place, &chosen);
    if let Some(unit) = chosen
        .unit
        .filter(|_| chosen.assignment.is_some_and(|one| one.waits))
    {
        let wanted = Wanted {
            unit,
            post: Some(&chosen.post),
            day,
            number: turn,
            without: None,
        };
        let counted = assignment::choose(desk.kit.db.read(), &reference, &wanted).await?;
        route.person = counted.person();
        route.assignment = Some(counted.explain());
    }
    Answer::ok(&route)
}

/// When a request would be due, clock by clock and day by day, without registering it.
///
/// Each limit is counted as if it began at the same instant.
#[utoipa::path(tag = "intake", request_body = DeadlinesIn, responses((status = 200, body = DeadlinesOut)))]
#[post("/deadlines/simulate")]
async fn simulate_deadlines(
    _permit: Permit<op::SimulateDeadlines>,
    desk: Data<Desk>,
    body: Json<DeadlinesIn>,
) -> Result<Answer<DeadlinesOut>, AppError> {
    let question = body.value.parse(desk.kit.now())?;
    let reference = desk.reference().await?;
    Answer::ok(&DeadlinesOut {
        items: deadlines::simulate(&reference, &question)?,
    })
}
