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
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::personal::mask_numbers;
use crate::routing::rules::missing_powers;
use crate::tickets::dto::ActionIn;
use crate::tickets::rules::lifecycle::{By, Command};
use crate::tickets::store::{Loaded, Plan, Said};
use entity::id::{StaffId, UnitId};
use entity::kind::{RequestType, Role, Urgency};
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
    let reference = &setting.reference;
    let day = local_day(tx.now());
    let unit = reference
        .directory
        .get(*unit_id)
        .filter(|unit| unit.exists_on(day));
    let unit = unit.ok_or_else(|| AppError::field("/unit_id", Rule::Unknown))?;
    let target = Facts {
        paths: vec![&unit.path],
        place: &unit.path,
        owners: Vec::new(),
    };
    decide(&setting.caller.actor, Op::Dispatch, Op::GetUnit, &target)?;
    if let Some(person) = staff_id {
        check_colleague(setting, *unit_id, *person)?;
    }
    let missing = reference
        .catalogue
        .get(loaded.ticket.service_id)
        .map(|service| missing_powers(service, unit));
    let missing = missing.unwrap_or_default();
    if !missing.is_empty()
        && override_reason
            .as_ref()
            .is_none_or(|reason| reason.trim().is_empty())
    {
        return Err(AppError::new(Code::CompetenceMissing).with("powers", missing));
    }
    let explanation = json!({
        "ground": { "kind": "dispatcher", "text": mask_numbers(reason) },
        "override_reason": override_reason.as_deref().map(mask_numbers), "missing_powers": missing,
    });
    let leg = routed::leg(reference, *unit_id, *staff_id, None, explanation)?;
    let data = routed::leg_words(&leg);
    let command = Command::Dispatch {
        unit: *unit_id,
        person: *staff_id,
    };
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        public: true,
        data,
        leg: Some(leg),
        ..Said::default()
    };
    plan.decide(&command, by, said.clone())
        .map_err(|why| refused(why, loaded.ticket.state))?;
    Ok(Meant::new(command, said))
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
    let takes = |role: Role| matches!(role, Role::Handler | Role::UnitLead);
    setting
        .reference
        .roster
        .iter()
        .find(|colleague| colleague.id == person && colleague.unit == unit && takes(colleague.role))
        .map(|colleague| colleague.name.clone())
        .ok_or_else(|| AppError::field("/staff_id", Rule::Unknown))
}
