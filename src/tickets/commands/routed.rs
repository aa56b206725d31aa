//! Routing as a step of a ticket's life: from a route to the command that it means.

use crate::access::authenticate::local_day;
use crate::intake::{RejectedOut, RouteOut};
use crate::intake::{assignment, place, route};
use crate::orgs::rules::{Located, MatchedBy, Unit};
use crate::platform::error::{AppError, Code};
use crate::reference::Reference;
use crate::routing::rules::{Route, colleague};
use crate::tickets::rules::lifecycle::{By, Command, Place, Refusal};
use crate::tickets::store::{LegData, Plan, Said};
use crate::tickets::view::json;
use chrono::{DateTime, Utc};
use entity::id::{StaffId, UnitId};
use entity::ticket;
use serde_json::{Value, json as value};

/// What a route means: the command, what is said of it, and its explanation.
pub struct Routed {
    /// `Dispatch` or `Pool`.
    pub command: Command,
    /// What goes into the timeline.
    pub said: Said,
    /// The explanation.
    pub explanation: RouteOut,
}

/// How the ticket's place was matched, while that is known.
pub type Matched = (MatchedBy, Option<String>);

/// Routes a ticket by catalogue, place, rules and roster.
///
/// # Errors
/// When the ticket's service or place is no longer known.
pub fn route(
    reference: &Reference,
    ticket: &ticket::Model,
    matched: Option<&Matched>,
    now: DateTime<Utc>,
) -> Result<Routed, AppError> {
    let gone = || AppError::new(Code::Internal);
    let day = local_day(now);
    let service = reference.catalogue.get(ticket.service_id).ok_or_else(gone)?;
    let unit = reference
        .directory
        .current(ticket.place_unit_id, day)
        .ok_or_else(gone)?;
    let (by, found) = matched.cloned().unwrap_or((MatchedBy::Unit, None));
    let located = Located { unit, by, found };
    let turn = turn(ticket);
    let chosen = route::choose(
        reference,
        day,
        service,
        ticket.request_type,
        ticket.channel,
        &located,
        turn,
    );
    let explanation = route::explain(reference, service, &located, &chosen);
    let waits = chosen.assignment.is_some_and(|assignment| assignment.waits);
    let leg = match chosen.unit {
        Some(unit) => Some(LegData {
            waits,
            ..leg(
                reference,
                unit,
                chosen.person.map(|(id, _)| id),
                Some(chosen.post),
                json(&explanation)?,
            )?
        }),
        None => None,
    };
    let command = match &leg {
        Some(leg) => Command::Dispatch(Place {
            unit: leg.unit_id,
            person: leg.staff_id,
        }),
        None => Command::Pool,
    };
    let data = leg
        .as_ref()
        .map_or_else(|| value!({ "pool": true }), LegData::words);
    Ok(Routed {
        command,
        said: Said {
            data,
            public: true,
            leg,
            ..Said::default()
        },
        explanation,
    })
}

/// Adds the acceptance and what the route means.
///
/// # Errors
/// The refusal.
pub fn accept_and_route(plan: &mut Plan, by: By, routed: &Routed) -> Result<(), Refusal> {
    plan.decide(
        &Command::Accept,
        by,
        Said {
            public: true,
            data: value!({}),
            ..Said::default()
        },
    )?;
    plan.decide(&routed.command, By::default(), routed.said.clone())
}

/// A leg by names of today.
///
/// # Errors
/// When the unit is not known.
pub fn leg(
    reference: &Reference,
    unit: UnitId,
    person: Option<StaffId>,
    post: Option<String>,
    explanation: Value,
) -> Result<LegData, AppError> {
    let unit = reference
        .directory
        .get(unit)
        .ok_or_else(|| AppError::new(Code::Internal))?;
    let colleague = person.and_then(|id| reference.roster.iter().find(|colleague| colleague.id == id));
    Ok(LegData {
        unit_id: unit.id,
        unit_path: unit.path.clone(),
        unit_name: unit.name.clone(),
        staff_id: person,
        staff_name: colleague.map(|colleague| colleague.name.clone()),
        post,
        waits: false,
        explanation,
    })
}

/// Who gets a ticket that is given to a unit by hand, and the post that handles it there.
pub struct ByHand {
    /// The person, unless it is nobody or the choice comes in a moment.
    pub person: Option<StaffId>,
    /// The post.
    pub post: Option<String>,
    /// Whether the choice comes in a moment.
    pub waits: bool,
    how: Route,
}

impl ByHand {
    /// Adds to an explanation how the person is found, and who was not chosen.
    ///
    /// # Errors
    /// When it can't be serialised.
    pub fn explain(&self, reference: &Reference, explanation: &mut Value) -> Result<(), AppError> {
        let how = &self.how;
        let person = how.person.and_then(|chosen| route::person(reference, chosen));
        let assignment = how
            .assignment
            .map(|found| assignment::explain(&found, person.is_some()));
        let rejected: Vec<RejectedOut> = how.rejected.iter().map(route::rejected).collect();
        explain(explanation, "person", json(&person)?);
        explain(explanation, "assignment", json(&assignment)?);
        explain(explanation, "rejected", json(&rejected)?);
        Ok(())
    }
}

/// Sets a part of an explanation; nothing takes it away.
pub fn explain(explanation: &mut Value, part: &str, says: Value) {
    if let Some(parts) = explanation.as_object_mut() {
        if says.is_null() {
            parts.remove(part);
        } else {
            parts.insert(part.to_owned(), says);
        }
    }
}

/// Chooses by the unit's strategy, since nobody was named.
pub fn by_hand(reference: &Reference, ticket: &ticket::Model, unit: &Unit, now: DateTime<Utc>) -> ByHand {
    let service = reference.catalogue.get(ticket.service_id);
    let post = service.map(|service| service.post.clone());
    let mut rejected = Vec::new();
    let (person, found) = colleague(
        unit,
        post.as_deref(),
        (local_day(now), turn(ticket)),
        &reference.people(),
        &mut rejected,
    );
    ByHand {
        person: person.map(|(id, _)| id),
        waits: found.waits,
        how: Route {
            unit: Some(unit.id),
            person,
            assignment: Some(found),
            post: post.clone().unwrap_or_default(),
            ground: None,
            rejected,
        },
        post,
    }
}

/// A number that differs from ticket to ticket, and is the same whenever the command runs.
pub fn turn(ticket: &ticket::Model) -> u64 {
    u64::try_from(ticket.id.0.as_u128() % u128::from(u64::MAX)).unwrap_or(0)
}

/// Where a request's place lies.
///
/// # Errors
/// As [`place::locate`].
pub fn locate<'a>(
    reference: &'a Reference,
    wanted: &place::Place,
    now: DateTime<Utc>,
) -> Result<Located<'a>, AppError> {
    place::locate(&reference.directory, local_day(now), wanted)
}
