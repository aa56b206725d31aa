//! The table as text, for people.

use super::{By, Change, Command, Life, Moment, Open, Place, Rating, Span, decide};
use crate::sla::rules::calendar::Limit;
use chrono::DateTime;
use entity::id::ProceedingId;
use entity::kind::{
    LimitUnit, ProceedingKind, ProceedingState, RedirectLine, RejectReason, TicketResult, TicketState,
};
use uuid::Uuid;

/// State × command → events, next state, small lives that begin or end; what a state does not take is absent.
#[must_use]
pub fn table() -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for state in TicketState::ALL {
        let _ = writeln!(out, "{} {}", state.word(), state.chinese());
        for command in samples() {
            let Ok(decision) = decide(&life_in(*state, &command), &command, By::default(), EASY) else {
                continue;
            };
            let steps: Vec<String> = decision
                .events
                .iter()
                .map(|event| format!("{} → {}{}", event.kind, event.to, small(&event.changes)))
                .collect();
            let _ = writeln!(out, "  {}: {}", name(&command), steps.join(", then "));
        }
    }
    out
}

/// Every window open.
const EASY: Moment = Moment {
    return_open: true,
    before_due: true,
    extensions_left: 1,
    extension_room: 1,
    reopen_open: true,
    urge_open: true,
};

fn name(command: &Command) -> String {
    let word = command.kind().word();
    match command {
        Command::Reject(reason) => format!("{word} ({reason})"),
        Command::Redirect(line) => format!("{word} ({line})"),
        Command::Reply(result) => format!("{word} ({result})"),
        Command::ApproveReturn(Some(_)) => format!("{word} (naming the unit)"),
        Command::MissCallback => format!("{word} (nobody answered)"),
        Command::Rate(rating) if rating.asks_for_rework() => format!("{word} (unsolved or dissatisfied)"),
        Command::Rate(_) => format!("{word} (solved)"),
        _ => word.to_owned(),
    }
}

fn small(changes: &[Change]) -> String {
    let told: Vec<String> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Opened(open) => Some(format!("+{}", open.kind)),
            Change::Answered(_) => Some("answered".to_owned()),
            Change::Ended(_, state) => Some(format!("-{state}")),
            Change::NoReturn => Some("no return".to_owned()),
            _ => None,
        })
        .collect();
    if told.is_empty() {
        String::new()
    } else {
        format!(" [{}]", told.join(", "))
    }
}

/// The key that the samples name.
fn key() -> ProceedingId {
    Uuid::nil().into()
}

/// A ticket to which a command applies, as far as its state takes it.
fn life_in(state: TicketState, command: &Command) -> Life {
    let about = match command {
        Command::ApproveReturn(_) | Command::RefuseReturn => Some(ProceedingKind::Return),
        Command::GrantExtension { .. } | Command::RefuseExtension => Some(ProceedingKind::Extension),
        Command::Resume => Some(ProceedingKind::Suspension),
        Command::FinishTask(_) | Command::WaiveTask(_) => Some(ProceedingKind::Task),
        Command::ReachMilestone(_) => Some(ProceedingKind::Milestone),
        Command::AnswerSupervision | Command::CloseSupervision => Some(ProceedingKind::Supervision),
        _ => None,
    };
    let open = about.map(|kind| Open {
        id: key(),
        kind,
        state: ProceedingState::Open,
        unit: None,
        by: None,
    });
    Life {
        state,
        contacted: true,
        open: open.into_iter().collect(),
        ..Life::new()
    }
}

/// One command of each kind and outcome.
#[must_use]
pub fn samples() -> Vec<Command> {
    let nil = Uuid::nil();
    let id = key();
    let place = Place {
        unit: nil.into(),
        person: None,
    };
    let span = Span::Limit(Limit {
        amount: 3,
        unit: LimitUnit::WorkingDays,
    });
    let rating = |solved, satisfied| {
        Command::Rate(Rating {
            contacted: true,
            solved,
            satisfied,
        })
    };
    vec![
        Command::AnswerNow,
        Command::Reject(RejectReason::Judicial),
        Command::Reject(RejectReason::Untrue),
        Command::Appeal,
        Command::Redirect(RedirectLine::Police110),
        Command::Accept,
        Command::Pool,
        Command::Dispatch(place),
        Command::Sign,
        Command::Assign(nil.into()),
        Command::Reassign(place),
        Command::RequestReturn(id),
        Command::ApproveReturn(None),
        Command::ApproveReturn(Some(place)),
        Command::RefuseReturn,
        Command::FirstContact { reached: true },
        Command::Note,
        Command::Supplement,
        Command::Correct,
        Command::Urge,
        Command::RequestExtension { id, amount: 1 },
        Command::GrantExtension { amount: 1 },
        Command::RefuseExtension,
        Command::Suspend {
            id,
            review: DateTime::UNIX_EPOCH,
        },
        Command::Resume,
        Command::CoHandle {
            id,
            unit: nil.into(),
            span,
        },
        Command::Whistle { id, unit: nil.into() },
        Command::FinishTask(id),
        Command::WaiveTask(id),
        Command::SetPlan(vec![(id, DateTime::UNIX_EPOCH)]),
        Command::ReachMilestone(id),
        Command::Supervise { id, span },
        Command::AnswerSupervision,
        Command::CloseSupervision,
        Command::Merge {
            into: nil.into(),
            other_merged: false,
            other_open: true,
        },
        Command::Unmerge,
        Command::Follow {
            place,
            by: None,
            result: TicketResult::Solved,
        },
        Command::Reply(TicketResult::Solved),
        Command::Approve,
        Command::SendBack,
        Command::MissCallback,
        rating(true, 5),
        rating(false, 1),
        Command::Lapse,
        Command::Reopen,
        Command::Withdraw,
        Command::Archive,
    ]
}
