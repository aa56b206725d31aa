//! Accepting, dispatching and assigning: what needs the organisation to be decided.

use super::super::Setting;
use super::super::meaning::Meant;
use super::super::refusal::refused;
use super::super::routed;
use crate::access::Op;
use crate::access::actor::Acting;
use crate::access::authenticate::local_day;
use crate::access::policy::{Facts, decide};
use crate::intake::route;
use crate::orgs::rules::Unit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::personal::mask_numbers;
use crate::routing::rules::missing_powers;
use crate::tickets::dto::ActionIn;
use crate::tickets::rules::lifecycle::{By, Command, Place};
use crate::tickets::store::{LegData, Loaded, Plan, Said};
use entity::id::{StaffId, UnitId};
use entity::kind::{RequestType, Urgency};
use serde_json::json;

/// Accepts, with the operator's corrections, and routes.
pub fn accept(
    tx: &Tx,
    setting: &Setting,
    loaded: &mut Loaded,
    plan: &mut Plan,
    by: By,
    action: &ActionIn,
) -> Result<Meant, AppError> {
    let ActionIn::Accept {
        category,
        request_type,
        urgency,
    } = action
    else {
        return Err(AppError::new(Code::Internal));
    };
    correct(
        tx,
        setting,
        loaded,
        (category.as_deref(), *request_type, *urgency),
    )?;
    let ticket = &loaded.ticket;
    let state = ticket.state;
    let routed = routed::route(&setting.reference, ticket, None, tx.now())?;
    routed::accept_and_route(plan, by, &routed).map_err(|why| refused(why, state))?;
    Ok(Meant::new(
        routed.command,
        Said {
            public: true,
            ..Said::default()
        },
    ))
}

/// What somebody who looked at the request corrects of it: service, type, urgency.
type Corrections<'a> = (Option<&'a str>, Option<RequestType>, Option<Urgency>);

fn correct(
    tx: &Tx,
    setting: &Setting,
    loaded: &mut Loaded,
    (category, request_type, urgency): Corrections<'_>,
) -> Result<(), AppError> {
    let ticket = &mut loaded.ticket;
    if category.is_some() || request_type.is_some() {
        let code = category.unwrap_or(&ticket.category);
        // A type that only the old service took gives way to the new service's own.
        let wanted = request_type.or((category.is_none()).then_some(ticket.request_type));
        let (service, kind) = route::service(
            &setting.reference,
            local_day(tx.now()),
            code,
            wanted,
            &ticket.place_path,
        )?;
        ticket.service_id = service.id;
        ticket.category = service.code.clone();
        ticket.sensitive = service.sensitive;
        ticket.request_type = kind;
        if category.is_some() {
            ticket.urgency = service.urgency;
        }
    }
    if let Some(urgency) = urgency {
        ticket.urgency = urgency;
    }
    Ok(())
}

/// Gives to a unit by hand. A unit without the powers that the service needs gets it with a reason only.
pub fn dispatch(
    tx: &Tx,
    setting: &Setting,
    loaded: &mut Loaded,
    plan: &mut Plan,
    by: By,
    action: &ActionIn,
) -> Result<Meant, AppError> {
    let ActionIn::Dispatch {
        unit_id,
        staff_id,
        reason,
        override_reason,
        category,
        request_type,
        urgency,
    } = action
    else {
        return Err(AppError::new(Code::Internal));
    };
    correct(
        tx,
        setting,
        loaded,
        (category.as_deref(), *request_type, *urgency),
    )?;
    let wanted = Wanted {
        unit: *unit_id,
        person: *staff_id,
        reason,
        override_reason: override_reason.as_deref(),
        by: "dispatcher",
    };
    let (place, leg) = find_place(tx, setting, loaded, Op::Dispatch, &wanted)?;
    let command = Command::Dispatch(place);
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        public: true,
        data: leg.words(),
        leg: Some(leg),
        ..Said::default()
    };
    plan.decide(&command, by, said.clone())
        .map_err(|why| refused(why, loaded.ticket.state))?;
    Ok(Meant::new(command, said))
}

/// A unit by somebody's choice, and why there.
pub struct Wanted<'a> {
    /// The unit.
    pub unit: UnitId,
    /// The person.
    pub person: Option<StaffId>,
    /// Why there.
    pub reason: &'a str,
    /// Why although it lacks powers.
    pub override_reason: Option<&'a str>,
    /// Who chose: a word of the explanation.
    pub by: &'static str,
}

/// The unit that somebody chose, within what they reach. One without the powers that the service needs is taken with a
/// reason only: what needs powers is not pushed down to who has none.
///
/// # Errors
/// `InvalidInput` for a unit or person that is not there, `Forbidden`, `CompetenceMissing`.
pub fn find_place(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    op: Op,
    wanted: &Wanted<'_>,
) -> Result<(Place, LegData), AppError> {
    let reference = &setting.reference;
    let unit = existing(tx, setting, wanted.unit, "/unit_id")?;
    let target = Facts {
        paths: vec![&unit.path],
        place: &unit.path,
        owners: Vec::new(),
    };
    decide(&setting.caller.actor, op, Op::GetUnit, &target)?;
    if let Some(person) = wanted.person {
        check_colleague(setting, wanted.unit, person)?;
    }
    let missing = reference
        .catalogue
        .get(loaded.ticket.service_id)
        .map(|service| missing_powers(service, unit));
    let missing = missing.unwrap_or_default();
    if !missing.is_empty()
        && wanted
            .override_reason
            .is_none_or(|reason| reason.trim().is_empty())
    {
        return Err(AppError::new(Code::CompetenceMissing).with("powers", missing));
    }
    let mut explanation = json!({
        "ground": { "kind": wanted.by, "text": mask_numbers(wanted.reason) },
        "override_reason": wanted.override_reason.map(mask_numbers), "missing_powers": missing,
    });
    let (mut person, mut post, mut waits) = (wanted.person, None, false);
    if person.is_none() {
        let found = routed::by_hand(reference, &loaded.ticket, unit, tx.now());
        (person, post, waits) = (found.person, found.post.clone(), found.waits);
        found.explain(reference, &mut explanation)?;
    }
    let leg = LegData {
        waits,
        ..routed::leg(reference, wanted.unit, person, post, explanation)?
    };
    let place = Place {
        unit: wanted.unit,
        person,
    };
    Ok((place, leg))
}

/// A unit that exists today.
///
/// # Errors
/// `InvalidInput` at `pointer`.
pub fn existing<'a>(
    tx: &Tx,
    setting: &'a Setting,
    id: UnitId,
    pointer: &'static str,
) -> Result<&'a Unit, AppError> {
    let day = local_day(tx.now());
    setting
        .reference
        .directory
        .get(id)
        .filter(|unit| unit.exists_on(day))
        .ok_or_else(|| AppError::field(pointer, Rule::Unknown))
}

/// Gives to another person of the unit that has it.
pub fn assign(
    setting: &Setting,
    loaded: &Loaded,
    acting: &Acting,
    plan: &mut Plan,
    by: By,
    action: &ActionIn,
) -> Result<Meant, AppError> {
    let ActionIn::Assign { staff_id, reason } = action else {
        return Err(AppError::new(Code::Internal));
    };
    let unit = loaded
        .lead()
        .map(|leg| leg.unit_id)
        .or(acting.unit.as_ref().map(|(id, _)| *id));
    let unit = unit.ok_or_else(|| AppError::field("/staff_id", Rule::Unknown))?;
    // After a succession the people are the successor's, and the leg is still the old unit's.
    let heir = setting.reference.directory.heir(unit);
    let name =
        check_colleague(setting, unit, *staff_id).or_else(|_| check_colleague(setting, heir, *staff_id))?;
    let said = Said {
        internal_text: reason.clone(),
        data: json!({ "staff": name, "staff_id": staff_id }),
        person_name: Some(name),
        ..Said::default()
    };
    let command = Command::Assign(*staff_id);
    plan.decide(&command, by, said.clone())
        .map_err(|why| refused(why, loaded.ticket.state))?;
    Ok(Meant::new(command, said))
}

/// Somebody who can be given tickets in this unit; the name.
fn check_colleague(setting: &Setting, unit: UnitId, person: StaffId) -> Result<String, AppError> {
    setting
        .reference
        .roster
        .iter()
        .find(|colleague| colleague.id == person && colleague.unit == unit && colleague.takes_tickets())
        .map(|colleague| colleague.name.clone())
        .ok_or_else(|| AppError::field("/staff_id", Rule::Unknown))
}
