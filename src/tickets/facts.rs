//! What the policy must know of a ticket, and what a caller may do with it now: from the same table and the same rules
//! that decide when they try.

use super::rules::approval::{self, Level};
use super::rules::lifecycle::{self, Command, CommandKind, Life};
use super::store::Loaded;
use crate::access::Op;
use crate::access::actor::{Acting, Actor};
use crate::access::policy::{self, Facts, Owner, Sight};
use crate::platform::error::{AppError, Code};
use crate::reference::Reference;
use entity::kind::Role;

/// What the policy must know.
pub fn facts(loaded: &Loaded) -> Facts<'_> {
    let mut owners = Vec::new();
    for requester in &loaded.requesters {
        owners.extend(requester.resident_id.map(Owner::Resident));
        owners.extend(requester.on_behalf_of.map(Owner::Resident));
        owners.extend(requester.client_id.map(Owner::Client));
    }
    Facts {
        paths: loaded.legs.iter().map(|leg| leg.unit_path.as_str()).collect(),
        place: &loaded.ticket.place_path,
        owners,
    }
}

/// Whether somebody may do `op` to a ticket, and in which role.
///
/// # Errors
/// `NotFound` for what may not be read, `Forbidden` otherwise.
pub fn allow(actor: &Actor, op: Op, loaded: &Loaded) -> Result<Acting, AppError> {
    policy::decide(actor, op, Op::GetTicket, &facts(loaded))
}

/// The life of a ticket, out of its rows.
pub fn life(loaded: &Loaded) -> Life {
    let ticket = &loaded.ticket;
    let lead = loaded.lead();
    Life {
        state: ticket.state,
        round: ticket.round,
        lead: lead.map(|leg| leg.unit_id),
        person: lead.and_then(|leg| leg.staff_id),
        replied_by: ticket.replied_by,
        contacted: ticket.contacted,
        result: ticket.result,
        rated: ticket.rated,
        routes: ticket.routes,
    }
}

/// Whether a role may be shown who asked: of a confidential request the handling units never are.
///
/// # Errors
/// `Forbidden`.
pub fn check_reveal(loaded: &Loaded, role: Role) -> Result<(), AppError> {
    match policy::identity_sight(role, loaded.ticket.confidential) {
        Sight::Hidden => Err(AppError::new(Code::Forbidden).say("保密诉求", "The request is confidential")),
        Sight::Full | Sight::Masked => Ok(()),
    }
}

/// Whether somebody stands high enough to approve this reply.
///
/// # Errors
/// `Forbidden`, with the level that must approve.
pub fn check_approver(actor: &Actor, loaded: &Loaded, reference: &Reference) -> Result<(), AppError> {
    let needed = needed_level(loaded, reference);
    if levels(actor).any(|level| level >= needed) {
        return Ok(());
    }
    let (zh, en) = match needed {
        Level::Unit => ("须由本单位负责人审核", "The unit's lead must approve"),
        Level::Street => ("须由街道审核", "The sub-district must approve"),
        Level::Centre => ("须由中心审核", "The centre must approve"),
    };
    Err(AppError::new(Code::Forbidden).say(zh, en))
}

fn needed_level(loaded: &Loaded, reference: &Reference) -> Level {
    let ticket = &loaded.ticket;
    let unit = loaded.lead().map(|leg| leg.unit_id);
    let heir = unit.map(|unit| reference.directory.heir(unit));
    let required = |unit| {
        let roster = &reference.roster;
        approval::required(unit, ticket.replied_by, ticket.confidential, ticket.round, roster)
    };
    required(unit).min(required(heir))
}

fn levels(actor: &Actor) -> impl Iterator<Item = Level> + '_ {
    let grants = match actor {
        Actor::Staff { grants, .. } => grants.as_slice(),
        _ => &[],
    };
    grants
        .iter()
        .filter(|grant| !grant.withheld)
        .filter_map(|grant| Level::of(grant.role))
}

/// Commands and the operations that allow them.
const OPERATIONS: &[(CommandKind, Op)] = &[
    (CommandKind::AnswerNow, Op::AnswerNow),
    (CommandKind::Reject, Op::Reject),
    (CommandKind::Redirect, Op::Redirect),
    (CommandKind::Accept, Op::Accept),
    (CommandKind::Dispatch, Op::Dispatch),
    (CommandKind::Sign, Op::Sign),
    (CommandKind::Assign, Op::Assign),
    (CommandKind::FirstContact, Op::FirstContact),
    (CommandKind::Note, Op::Note),
    (CommandKind::Supplement, Op::Supplement),
    (CommandKind::Reply, Op::Reply),
    (CommandKind::Approve, Op::Approve),
    (CommandKind::SendBack, Op::SendBack),
    (CommandKind::CallBack, Op::CallBack),
    (CommandKind::CallBack, Op::Rate),
    (CommandKind::Withdraw, Op::Withdraw),
];

/// What somebody may do now: the words of `POST /tickets/{id}/actions`.
pub fn actions(actor: &Actor, loaded: &Loaded, reference: &Reference) -> Vec<&'static str> {
    let allowed = lifecycle::allowed(loaded.ticket.state);
    OPERATIONS
        .iter()
        .filter(|(kind, _)| allowed.contains(kind))
        .filter(|(_, op)| allow(actor, *op, loaded).is_ok())
        .filter(|(kind, _)| passes_rules(actor, loaded, reference, *kind))
        .map(|(_, op)| op.id())
        .collect()
}

fn passes_rules(actor: &Actor, loaded: &Loaded, reference: &Reference, kind: CommandKind) -> bool {
    let ticket = &loaded.ticket;
    match kind {
        CommandKind::Approve | CommandKind::SendBack => {
            let by = lifecycle::By {
                staff: actor.staff_id(),
            };
            lifecycle::decide(&life(loaded), &Command::Approve, by).is_ok()
                && check_approver(actor, loaded, reference).is_ok()
        }
        CommandKind::Reply => ticket.contacted,
        CommandKind::CallBack => !ticket.rated,
        _ => true,
    }
}
