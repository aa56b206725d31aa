//! What the policy must know of a ticket, and what a caller may do with it now: from the same table and the same rules
//! that decide when they try.

use super::rules::approval::{self, Level};
use super::rules::escalation::below_street;
use super::rules::lifecycle::{self, By, Command, CommandKind, Life, Moment, Open, Place};
use super::store::{self, Loaded};
use crate::access::Op;
use crate::access::actor::{Acting, Actor, Grant};
use crate::access::policy::{self, Facts, Owner, Sight};
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{
    ClockKind, LegNature, ProceedingKind, RejectReason, Role, TicketResult, TicketState, UnitKind,
};
use entity::{clock, proceeding};

/// What the units that do a part of it may do as well; all else is for who has the lead.
const FOR_ALL_LEGS: &[Op] = &[
    Op::GetTicket,
    Op::GetDeadlines,
    Op::GetHands,
    Op::GetWorkSlip,
    Op::GetAttachment,
    Op::VerifyTicket,
    Op::ActOnTicket,
    Op::Note,
    Op::FinishTask,
];

/// What the policy must know for an operation.
pub fn facts(loaded: &Loaded, op: Op) -> Facts<'_> {
    let all = FOR_ALL_LEGS.contains(&op);
    let mut owners = Vec::new();
    for requester in &loaded.requesters {
        owners.extend(requester.resident_id.map(Owner::Resident));
        owners.extend(requester.on_behalf_of.map(Owner::Resident));
        owners.extend(requester.client_id.map(Owner::Client));
    }
    Facts {
        paths: loaded
            .legs
            .iter()
            .filter(|leg| all || leg.nature == LegNature::Lead)
            .map(|leg| leg.unit_path.as_str())
            .collect(),
        place: &loaded.ticket.place_path,
        owners,
    }
}

/// Whether somebody may do `op` to a ticket, and in which role.
///
/// # Errors
/// `NotFound` for what may not be read, `Forbidden` otherwise.
pub fn allow(actor: &Actor, op: Op, loaded: &Loaded) -> Result<Acting, AppError> {
    let facts_of = |op| facts(loaded, op);
    match policy::decide(actor, op, Op::GetTicket, &facts_of(op)) {
        // Who does a part may see the ticket, and hears that the rest is not for them.
        Err(refusal) if refusal.code() == Code::NotFound && op != Op::GetTicket => {
            policy::decide(actor, Op::GetTicket, Op::GetTicket, &facts_of(Op::GetTicket))?;
            Err(AppError::new(Code::Forbidden))
        }
        decided => decided,
    }
}

/// Whether somebody may do `op`, which is all that they may see of a ticket.
///
/// # Errors
/// `NotFound`.
pub fn allow_alone(actor: &Actor, op: Op, loaded: &Loaded) -> Result<Acting, AppError> {
    policy::decide(actor, op, op, &facts(loaded, op))
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
        no_return: ticket.no_return,
        came_from: ticket.came_from,
        primary: ticket.primary_id,
        followed: ticket.followers > 0,
        hard_case: ticket.hard_case,
        urges: ticket.urges,
        appealed: ticket.appealed,
        rejected_by: ticket.rejected_by,
        open: loaded.proceedings.iter().filter_map(open).collect(),
    }
}

fn open(row: &proceeding::Model) -> Option<Open> {
    row.ended_at.is_none().then_some(Open {
        id: row.id,
        kind: row.kind,
        state: row.state,
        unit: row.unit_id,
        by: row.opened_by,
    })
}

/// Days after the close within which a matter that comes back can be taken up again: a week after the last question.
const AFTER_RECHECK_DAYS: i64 = 37;

/// What clocks and settings say now.
pub fn moment(
    loaded: &Loaded,
    clocks: &[clock::Model],
    reference: &Reference,
    kit: &Kit,
    now: DateTime<Utc>,
) -> Moment {
    let ticket = &loaded.ticket;
    let running = |kind| {
        let mut rows = clocks.iter();
        rows.find(|row| row.kind == kind && row.stopped_at.is_none())
    };
    let in_time = |row: &clock::Model| row.paused_at.is_some() || now < row.due_at;
    let resolve = running(ClockKind::Resolve);
    // What runs by a plan gets another plan.
    let extensible = resolve.filter(|row| !row.by_plan);
    let (left, room) = extensible.map_or((0, 0), |row| extensions_left(loaded, row, reference, now));
    let jobs = &kit.config.jobs;
    // Who is asked whether it has come back must be able to say so.
    let reopen_days = if store::comes_back(reference, ticket) {
        jobs.reopen_days.max(AFTER_RECHECK_DAYS)
    } else {
        jobs.reopen_days
    };
    Moment {
        return_open: running(ClockKind::Return).is_some_and(in_time),
        before_due: resolve.is_some_and(in_time),
        extensions_left: left,
        extension_room: room,
        reopen_open: ticket
            .closed_at
            .is_some_and(|at| now < at + TimeDelta::days(reopen_days)),
        urge_open: ticket
            .urged_at
            .is_none_or(|at| at + TimeDelta::hours(jobs.urge_cooldown_hours) <= now),
    }
}

/// How often, and by how much, a clock may still be extended, by today's policy.
fn extensions_left(
    loaded: &Loaded,
    row: &clock::Model,
    reference: &Reference,
    now: DateTime<Utc>,
) -> (u32, u32) {
    let case = store::case(&loaded.ticket, loaded.lead_path(), now);
    let Some(line) = reference.policy.line(ClockKind::Resolve, &case) else {
        return (0, 0);
    };
    let positive = |n: i32| u32::try_from(n).unwrap_or(0);
    // Where the service has a limit of its own in another unit, as much again is the most.
    let ceiling = line
        .ceiling
        .filter(|_| line.limit.unit == row.unit)
        .unwrap_or(row.amount * 2);
    (
        positive(line.extensions - row.extensions),
        positive(ceiling - row.amount - row.extended),
    )
}

/// Whether somebody may be shown who asked: of a confidential request the handling units never are, and a third party of
/// none.
///
/// # Errors
/// `Forbidden`.
pub fn check_reveal(loaded: &Loaded, acting: &Acting, reference: &Reference) -> Result<(), AppError> {
    match sight(acting, loaded, reference) {
        Sight::Hidden => Err(AppError::new(Code::Forbidden)
            .say("不向承办方透露诉求人", "Who handles it does not learn who asks")),
        Sight::Full | Sight::Masked => Ok(()),
    }
}

/// Whether somebody may tell the requester of a confidential request something by themselves: who handles it may not,
/// the centre does (domain §3).
///
/// # Errors
/// `Forbidden`.
pub fn check_messenger(actor: &Actor, loaded: &Loaded) -> Result<(), AppError> {
    if loaded.ticket.confidential && handles(actor, loaded) {
        return Err(AppError::new(Code::Forbidden).say(
            "保密诉求由中心转告，请填写内部说明",
            "The centre tells the requester of a confidential request: leave an internal text",
        ));
    }
    Ok(())
}

/// Whether somebody stands high enough to approve this reply.
///
/// # Errors
/// `Forbidden`, with the level that must approve.
pub fn check_approver(actor: &Actor, loaded: &Loaded, reference: &Reference) -> Result<(), AppError> {
    let needed = needed_level(loaded, reference);
    if levels(actor, loaded).any(|level| level >= needed) {
        return Ok(());
    }
    let (zh, en) = match needed {
        Level::Unit => ("须由本单位负责人审核", "The unit's lead must approve"),
        Level::Street => ("须由街道审核", "The sub-district must approve"),
        Level::Centre => ("须由中心审核", "The centre must approve"),
    };
    Err(AppError::new(Code::Forbidden).say(zh, en))
}

/// The level that must approve the reply.
pub fn needed_level(loaded: &Loaded, reference: &Reference) -> Level {
    let ticket = &loaded.ticket;
    let unit = loaded.lead().map(|leg| leg.unit_id);
    let heir = unit.map(|unit| reference.directory.heir(unit));
    let required = |unit| {
        let roster = &reference.roster;
        approval::required(unit, ticket.replied_by, ticket.confidential, ticket.round, roster)
    };
    required(unit).min(required(heir))
}

/// Levels on which somebody stands above a ticket: a role counts where it is held.
fn levels<'a>(actor: &'a Actor, loaded: &'a Loaded) -> impl Iterator<Item = Level> + 'a {
    let grants = match actor {
        Actor::Staff { grants, .. } => grants.as_slice(),
        _ => &[],
    };
    let lead = loaded.lead_path().unwrap_or(&loaded.ticket.place_path);
    let above = move |grant: &Grant, level: Level| match level {
        Level::Unit => grant.paths.iter().any(|path| path == lead),
        Level::Street => grant.paths.iter().any(|path| lead.starts_with(path.as_str())),
        Level::Centre => {
            let own = grant.paths.first().map(|path| policy::district_of(path));
            own.is_some_and(|district| loaded.ticket.place_path.starts_with(&district))
        }
    };
    grants
        .iter()
        .filter(|grant| !grant.withheld)
        .filter_map(move |grant| Level::of(grant.role).filter(|level| above(grant, *level)))
}

/// Whether somebody stands one level above the unit that asks for more time.
///
/// # Errors
/// `Forbidden`, with the level that must decide.
pub fn check_granter(actor: &Actor, loaded: &Loaded, reference: &Reference) -> Result<(), AppError> {
    let unit = loaded.lead().and_then(|leg| reference.directory.get(leg.unit_id));
    let street = unit.is_some_and(|unit| below_street(unit.kind));
    let needed = if street { Level::Street } else { Level::Centre };
    if levels(actor, loaded).any(|level| level >= needed) {
        return Ok(());
    }
    let (zh, en) = if street {
        ("须由街道审批", "The sub-district must decide")
    } else {
        ("须由中心审批", "The centre must decide")
    };
    Err(AppError::new(Code::Forbidden).say(zh, en))
}

/// Whether somebody decides for the centre.
///
/// # Errors
/// `Forbidden`.
pub fn check_centre(actor: &Actor, loaded: &Loaded) -> Result<(), AppError> {
    if levels(actor, loaded).any(|level| level >= Level::Centre) {
        return Ok(());
    }
    Err(AppError::new(Code::Forbidden).say("须由中心审核", "The centre must decide"))
}

/// Whether somebody acts for the centre.
pub fn is_centre(acting: &Acting) -> bool {
    matches!(
        acting.role,
        Role::Arbiter | Role::Dispatcher | Role::Supervisor | Role::Operator
    )
}

/// Whether somebody works in the unit that is called upon.
///
/// # Errors
/// `Forbidden`.
pub fn check_called(actor: &Actor, row: &proceeding::Model) -> Result<(), AppError> {
    let grants = match actor {
        Actor::Staff { grants, .. } => grants.as_slice(),
        _ => &[],
    };
    let theirs = grants.iter().filter(|grant| !grant.withheld).any(|grant| {
        row.unit_path
            .as_ref()
            .is_some_and(|path| grant.paths.contains(path))
    });
    if theirs {
        Ok(())
    } else {
        Err(AppError::new(Code::Forbidden).say("该会办事项不属本单位", "The part is another unit's"))
    }
}

/// Whether somebody has to do with how it is handled: in whatever role they work in a unit that has it in hands, or
/// manage the sub-district above it.
pub fn handles(actor: &Actor, loaded: &Loaded) -> bool {
    let Actor::Staff { grants, .. } = actor else {
        return false;
    };
    grants.iter().any(|grant| {
        loaded.legs.iter().any(|leg| {
            let above = |path: &String| leg.unit_path.starts_with(path.as_str());
            grant.paths.contains(&leg.unit_path)
                || (grant.role == Role::StreetManager && grant.paths.iter().any(above))
        })
    })
}

/// Whether somebody acts for a provider: a third party that learns what is to be done, never who asks (domain §3).
pub fn is_third_party(acting: &Acting, reference: &Reference) -> bool {
    let unit = acting
        .unit
        .as_ref()
        .and_then(|(id, _)| reference.directory.get(*id));
    unit.is_some_and(|unit| unit.kind == UnitKind::Provider)
}

/// How somebody in a role sees who asks.
pub fn sight(acting: &Acting, loaded: &Loaded, reference: &Reference) -> Sight {
    if is_third_party(acting, reference) {
        return Sight::Hidden;
    }
    policy::identity_sight(acting.role, loaded.ticket.confidential)
}

/// Commands and the operations that allow them.
const OPERATIONS: &[(CommandKind, Op)] = &[
    (CommandKind::AnswerNow, Op::AnswerNow),
    (CommandKind::Reject, Op::Reject),
    (CommandKind::Appeal, Op::Appeal),
    (CommandKind::Redirect, Op::Redirect),
    (CommandKind::Accept, Op::Accept),
    (CommandKind::Dispatch, Op::Dispatch),
    (CommandKind::Sign, Op::Sign),
    (CommandKind::Assign, Op::Assign),
    (CommandKind::Reassign, Op::Reassign),
    (CommandKind::RequestReturn, Op::RequestReturn),
    (CommandKind::ApproveReturn, Op::ApproveReturn),
    (CommandKind::RefuseReturn, Op::RefuseReturn),
    (CommandKind::FirstContact, Op::FirstContact),
    (CommandKind::Note, Op::Note),
    (CommandKind::Supplement, Op::Supplement),
    (CommandKind::Correct, Op::Correct),
    (CommandKind::Urge, Op::Urge),
    (CommandKind::RequestExtension, Op::RequestExtension),
    (CommandKind::GrantExtension, Op::GrantExtension),
    (CommandKind::RefuseExtension, Op::RefuseExtension),
    (CommandKind::Suspend, Op::Suspend),
    (CommandKind::Resume, Op::Resume),
    (CommandKind::CoHandle, Op::CoHandle),
    (CommandKind::Whistle, Op::Whistle),
    (CommandKind::FinishTask, Op::FinishTask),
    (CommandKind::WaiveTask, Op::WaiveTask),
    (CommandKind::SetPlan, Op::SetPlan),
    (CommandKind::ReachMilestone, Op::ReachMilestone),
    (CommandKind::Supervise, Op::Supervise),
    (CommandKind::AnswerSupervision, Op::AnswerSupervision),
    (CommandKind::CloseSupervision, Op::CloseSupervision),
    (CommandKind::Merge, Op::Merge),
    (CommandKind::Unmerge, Op::Unmerge),
    (CommandKind::Reply, Op::Reply),
    (CommandKind::Approve, Op::Approve),
    (CommandKind::SendBack, Op::SendBack),
    (CommandKind::CallBack, Op::CallBack),
    (CommandKind::CallBack, Op::Rate),
    (CommandKind::Reopen, Op::Reopen),
    (CommandKind::Withdraw, Op::Withdraw),
];

/// The command that an operation allows.
#[must_use]
pub fn command_of(op: Op) -> Option<CommandKind> {
    let found = OPERATIONS.iter().find(|(_, allows)| *allows == op);
    found.map(|(kind, _)| *kind)
}

/// What somebody may do now: the words of `POST /tickets/{id}/actions`.
pub fn actions(actor: &Actor, loaded: &Loaded, reference: &Reference, moment: Moment) -> Vec<&'static str> {
    let allowed = lifecycle::allowed(loaded.ticket.state);
    let life = life(loaded);
    OPERATIONS
        .iter()
        .filter(|(kind, _)| allowed.contains(kind))
        .filter(|(kind, op)| {
            allow(actor, *op, loaded).is_ok_and(|acting| {
                let by = By {
                    staff: actor.staff_id(),
                    centre: is_centre(&acting),
                    requester: acting.role == Role::Resident,
                };
                passes_rules(actor, loaded, reference, *kind)
                    && probe(*kind, &life)
                        .is_none_or(|command| lifecycle::decide(&life, &command, by, moment).is_ok())
            })
        })
        .map(|(_, op)| op.id())
        .collect()
}

fn passes_rules(actor: &Actor, loaded: &Loaded, reference: &Reference, kind: CommandKind) -> bool {
    match kind {
        CommandKind::Approve | CommandKind::SendBack => check_approver(actor, loaded, reference).is_ok(),
        CommandKind::GrantExtension | CommandKind::RefuseExtension => {
            check_granter(actor, loaded, reference).is_ok()
        }
        CommandKind::Reject if loaded.ticket.state == TicketState::ReplyReview => {
            check_centre(actor, loaded).is_ok()
        }
        CommandKind::Withdraw => !handles(actor, loaded),
        CommandKind::FinishTask => loaded
            .proceedings
            .iter()
            .any(|row| row.ended_at.is_none() && check_called(actor, row).is_ok()),
        _ => true,
    }
}

/// A command of a kind as it would be decided; none where the state alone decides.
fn probe(kind: CommandKind, life: &Life) -> Option<Command> {
    let nil = uuid::Uuid::nil();
    let first = |kinds: &[ProceedingKind]| {
        let found = life.open.iter().find(|open| kinds.contains(&open.kind));
        found.map_or(nil.into(), |open| open.id)
    };
    let task = first(&[ProceedingKind::Task, ProceedingKind::Whistle]);
    let place = Place {
        unit: nil.into(),
        person: None,
    };
    Some(match kind {
        CommandKind::AnswerNow | CommandKind::Redirect | CommandKind::Accept => Command::Accept,
        CommandKind::Reject if life.state == TicketState::ReplyReview => {
            Command::Reject(RejectReason::Untrue)
        }
        CommandKind::Reject => Command::Reject(RejectReason::Judicial),
        CommandKind::Appeal => Command::Appeal,
        CommandKind::RequestReturn => Command::RequestReturn(nil.into()),
        CommandKind::ApproveReturn => Command::ApproveReturn(Some(place)),
        CommandKind::RefuseReturn => Command::RefuseReturn,
        CommandKind::Urge => Command::Urge,
        CommandKind::RequestExtension => Command::RequestExtension {
            id: nil.into(),
            amount: 1,
        },
        CommandKind::GrantExtension => Command::GrantExtension { amount: 1 },
        CommandKind::RefuseExtension => Command::RefuseExtension,
        CommandKind::FinishTask => Command::FinishTask(task),
        CommandKind::WaiveTask => Command::WaiveTask(task),
        CommandKind::ReachMilestone => Command::ReachMilestone(first(&[ProceedingKind::Milestone])),
        CommandKind::Supervise => Command::Supervise {
            id: nil.into(),
            span: lifecycle::Span::Policy,
        },
        CommandKind::AnswerSupervision => Command::AnswerSupervision,
        CommandKind::CloseSupervision => Command::CloseSupervision,
        CommandKind::Merge => Command::Merge {
            into: nil.into(),
            other_merged: false,
            other_open: true,
        },
        CommandKind::Reply => Command::Reply(TicketResult::Solved),
        CommandKind::Approve => Command::Approve,
        CommandKind::SendBack => Command::SendBack,
        CommandKind::CallBack => Command::Rate(lifecycle::Rating {
            contacted: true,
            solved: true,
            satisfied: 5,
        }),
        CommandKind::Reopen => Command::Reopen,
        _ => return None,
    })
}
