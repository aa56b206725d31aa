//! `/api/v1/duty/now` and `/api/v1/duty/gaps`.

use super::asked;
use crate::access::authenticate::local_day;
use crate::access::{Op, Permit, op};
use crate::duty::dto::now::{DutyNowOut, DutyNowQuery, GapsOut, GapsQuery, LevelOut, UncoveredOut};
use crate::duty::queries::{self, Place};
use crate::duty::rules::station::posts;
use crate::duty::{commands, dto};
use crate::orgs;
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::kit::Kit;
use actix_web::get;
use actix_web::web::{Data, Query};
use chrono::TimeDelta;

/// Who is on duty for a unit at an instant. Its own people are level 0 in a community or village, then come those of the
/// units above it and the shift lead, each in the order in which they are called.
#[utoipa::path(tag = "duty", params(DutyNowQuery), responses((status = 200, body = DutyNowOut)))]
#[get("/duty/now")]
pub(super) async fn get_duty_now(
    permit: Permit<op::GetDutyNow>,
    kit: Data<Kit>,
    query: Query<DutyNowQuery>,
) -> Result<Answer<DutyNowOut>, AppError> {
    let (conn, now) = (kit.db.read(), kit.now());
    let at = dto::now::check_at(query.at, now)?;
    let unit = asked(conn, query.unit_id).await?;
    commands::allow(&permit.caller, Op::GetUnit, &unit.path)?;
    let chain = orgs::store::chain(conn, unit, local_day(at)).await?;
    let chain: Vec<Place> = chain.into_iter().map(Place::from).collect();
    let levels = queries::levels(conn, &chain, at).await?;
    Answer::ok(&DutyNowOut {
        unit_id: query.unit_id,
        at,
        levels: levels.into_iter().map(LevelOut::from).collect(),
    })
}

/// Lists when nobody is on duty in the next days. Communities, villages, sub-districts, towns and the district, as far
/// as the caller reaches.
#[utoipa::path(tag = "duty", params(GapsQuery), responses((status = 200, body = GapsOut)))]
#[get("/duty/gaps")]
pub(super) async fn list_gaps(
    permit: Permit<op::ListGaps>,
    kit: Data<Kit>,
    query: Query<GapsQuery>,
) -> Result<Answer<GapsOut>, AppError> {
    let (conn, from) = (kit.db.read(), kit.now());
    let until = from + TimeDelta::days(i64::from(query.days()?));
    let below = match query.unit_id {
        Some(id) => {
            let unit = asked(conn, id).await?;
            commands::allow(&permit.caller, Op::GetUnit, &unit.path)?;
            unit.path
        }
        None => "/".to_owned(),
    };
    let places = queries::reached(conn, &permit.caller.reach(), &below, local_day(from)).await?;
    let uncovered = queries::uncovered(conn, &places, (from, until)).await?;
    Answer::ok(&GapsOut {
        from,
        until,
        checked: places.iter().map(|place| posts(place.kind).count()).sum(),
        items: uncovered.into_iter().map(UncoveredOut::from).collect(),
    })
}
