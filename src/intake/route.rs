//! Where a request goes, and the explanation of it.

use super::assignment;
use super::dto::{GroundOut, PersonOut, RejectedOut, RouteOut, UnitRef};
use crate::catalog::rules::Service;
use crate::orgs::rules::{Located, MatchedBy};
use crate::platform::error::{AppError, Code};
use crate::reference::Reference;
use crate::routing::rules::{self, Ground, PersonBy, Rejection, Request, Route, Situation};
use chrono::NaiveDate;
use entity::id::StaffId;
use entity::kind::{Channel, RequestType};

/// The service of this code, if it takes this type at this place today.
///
/// # Errors
/// `CategoryUnknown`, `CategoryNotHere`, `TypeNotForCategory`.
pub fn service<'a>(
    reference: &'a Reference,
    day: NaiveDate,
    code: &str,
    request_type: Option<RequestType>,
    place_path: &str,
) -> Result<(&'a Service, RequestType), AppError> {
    let service = reference
        .catalogue
        .find(code, day)
        .ok_or_else(|| AppError::new(Code::CategoryUnknown))?;
    if !service.is_offered(day, place_path) {
        return Err(AppError::new(Code::CategoryNotHere));
    }
    Ok((service, self::request_type(service, request_type)?))
}

/// The type of a request: the service's own unless it is named.
///
/// # Errors
/// `TypeNotForCategory`.
pub fn request_type(service: &Service, named: Option<RequestType>) -> Result<RequestType, AppError> {
    let request_type = named.unwrap_or(service.default_type);
    if !service.request_types.contains(&request_type) {
        let taken: Vec<&str> = service.request_types.iter().map(|kind| kind.word()).collect();
        return Err(AppError::new(Code::TypeNotForCategory).with("allowed", taken));
    }
    Ok(request_type)
}

/// Routes a request over the reference data.
#[must_use]
pub fn choose(
    reference: &Reference,
    day: NaiveDate,
    service: &Service,
    request_type: RequestType,
    channel: Channel,
    place: &Located<'_>,
    turn: u64,
) -> Route {
    let request = Request {
        service,
        request_type,
        channel,
        place: place.unit,
        day,
        turn,
    };
    let situation = Situation {
        directory: &reference.directory,
        rules: &reference.rules,
        people: reference.people(),
    };
    rules::choose(&request, &situation)
}

/// The explanation of a route, for people and programs.
#[must_use]
pub fn explain(reference: &Reference, service: &Service, place: &Located<'_>, route: &Route) -> RouteOut {
    let directory = &reference.directory;
    let unit_ref = |id| {
        directory.get(id).map(|unit| UnitRef {
            id,
            name: unit.name.clone(),
            path: unit.path.clone(),
        })
    };
    let person = route.person.and_then(|chosen| person(reference, chosen));
    RouteOut {
        category: service.code.clone(),
        place: UnitRef {
            id: place.unit.id,
            name: directory.full_name(place.unit.id),
            path: place.unit.path.clone(),
        },
        place_matched_by: matched_text(place.by).to_owned(),
        place_found: place.found.clone(),
        pool: route.unit.is_none(),
        unit: route.unit.and_then(unit_ref),
        person,
        assignment: route
            .assignment
            .as_ref()
            .map(|assignment| assignment::explain(assignment, route.person.is_some())),
        post: route.post.clone(),
        ground: route.ground.as_ref().map(ground),
        rejected: route.rejected.iter().map(rejected).collect(),
    }
}

/// A person who was chosen, in few words.
#[must_use]
pub fn person(reference: &Reference, (id, by): (StaffId, PersonBy)) -> Option<PersonOut> {
    let colleague = reference.roster.iter().find(|colleague| colleague.id == id)?;
    Some(PersonOut {
        id,
        name: colleague.name.clone(),
        because: person_text(by).to_owned(),
    })
}

/// How a place was matched, in one word.
#[must_use]
pub fn matched_text(by: MatchedBy) -> &'static str {
    match by {
        MatchedBy::Unit => "unit",
        MatchedBy::Boundary => "boundary",
        MatchedBy::Name => "name",
        MatchedBy::Alias => "alias",
    }
}

/// Why a person was chosen, in one word.
#[must_use]
pub fn person_text(by: PersonBy) -> &'static str {
    match by {
        PersonBy::Post => "covers_post",
        PersonBy::AnyHandler => "handler_of_unit",
        PersonBy::Lead => "lead_of_unit",
    }
}

fn ground(ground: &Ground) -> GroundOut {
    let (kind, rule_id, text) = match ground {
        Ground::Rule { id, name, reason } => ("rule", Some(*id), format!("{name}：{reason}")),
        Ground::OwnService => ("own_service", None, "社区特色服务由本社区办理".to_owned()),
        Ground::Catalogue { kind } => ("catalogue", None, format!("服务目录：由{}办理", kind.chinese())),
    };
    GroundOut {
        kind: kind.to_owned(),
        rule_id,
        text,
    }
}

/// What was not chosen, and why.
pub fn rejected(rejection: &Rejection) -> RejectedOut {
    let (what, why) = match rejection {
        Rejection::RuleTargetGone { rule } => (rule.clone(), "rule_target_gone".to_owned()),
        Rejection::LacksPowers { unit, powers } => {
            (unit.clone(), format!("lacks_powers:{}", powers.join(",")))
        }
        Rejection::NoUnitOfKind { kind } => (kind.chinese().to_owned(), "no_unit_of_kind".to_owned()),
        Rejection::NoDepartment { code } => (code.clone(), "no_department".to_owned()),
        Rejection::OtherPost { name } => (name.clone(), "other_post".to_owned()),
        Rejection::NotTheirTurn { name } => (name.clone(), "not_their_turn".to_owned()),
        Rejection::OnLeave { name, until } => (name.clone(), format!("on_leave:{until}")),
        Rejection::NobodyThere { unit } => (unit.clone(), "nobody_there".to_owned()),
    };
    RejectedOut { what, why }
}
