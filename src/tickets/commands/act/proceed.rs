//! Actions that begin or rule about a small life of a ticket: what needs keys, units, days or the policy to be decided.

use super::super::Setting;
use super::super::meaning::Meant;
use super::super::refusal::refused;
use super::correct::correct;
use super::dispatch::{Wanted, existing, find_place};
use crate::access::Op;
use crate::access::authenticate::{end_of, local_day};
use crate::access::policy::district_of;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::personal::mask_numbers;
use crate::routing;
use crate::sla::rules::calendar::Limit;
use crate::tickets::dto::{ActionIn, LimitIn, MilestoneIn};
use crate::tickets::facts;
use crate::tickets::rules::lifecycle::{By, Command, Refusal, Span};
use crate::tickets::store::{self, Asked, Loaded, Plan, Said, happen, label, timer, write_ticket};
use chrono::{DateTime, Days, NaiveDate, Utc};
use entity::id::{ProceedingId, TicketId, UnitId};
use entity::kind::{ClockKind, EntryKind, ProceedingKind, TicketState, UnitKind};
use serde_json::json;

/// Days after which a suspension ends at the latest.
const SUSPENSION_DAYS: u64 = 30;
/// Days from the registration within which a plan ends (Lüliang 2024: hard cases at most 180 days).
const PLAN_DAYS: u64 = 180;

/// What an action means, and the command with it; none for actions that need nothing of this.
///
/// # Errors
/// `InvalidInput` for units, days and parts that are not there; what the lifecycle refuses.
pub async fn proceed(
    tx: &Tx,
    setting: &Setting,
    loaded: &mut Loaded,
    plan: &mut Plan,
    by: By,
    action: &ActionIn,
) -> Result<Option<Meant>, AppError> {
    let (command, said) = match action {
        ActionIn::Reassign { .. } | ActionIn::ApproveReturn { .. } => {
            place(tx, setting, loaded, action).await?
        }
        ActionIn::RequestReturn { .. } => request_return(tx, setting, loaded, action)?,
        ActionIn::RefuseReturn { reason, as_rule } => {
            refuse_return(tx, setting, loaded, (reason, *as_rule)).await?
        }
        ActionIn::RequestExtension { amount, reason } => request_extension(tx, *amount, reason),
        ActionIn::GrantExtension { internal_text } => {
            grant_extension(tx, setting, loaded, internal_text.as_ref()).await?
        }
        ActionIn::Suspend { review_on, reason } => suspend(tx, *review_on, reason)?,
        ActionIn::CoHandle { .. } | ActionIn::Whistle { .. } => call_in(tx, setting, loaded, action)?,
        ActionIn::SetPlan { milestones, reason } => set_plan(tx, loaded, milestones, reason)?,
        ActionIn::Supervise { reason, limit } => supervise(tx, reason, *limit),
        ActionIn::Correct { .. } => correct(tx, setting, loaded, action).await?,
        ActionIn::Merge { into, reason } => merge(tx, setting, loaded, *into, reason).await?,
        _ => return Ok(None),
    };
    plan.decide(&command, by, said.clone())
        .map_err(|why| refused(why, loaded.ticket.state))?;
    Ok(Some(Meant::new(command, said)))
}

/// Another unit: by reassignment, or as the ruling about a return names it.
async fn place(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    action: &ActionIn,
) -> Result<(Command, Said), AppError> {
    let (op, unit, person, reason, override_reason) = match action {
        ActionIn::Reassign {
            unit_id,
            staff_id,
            reason,
            override_reason,
        } => (Op::Reassign, Some(*unit_id), *staff_id, reason, override_reason),
        ActionIn::ApproveReturn {
            unit_id,
            staff_id,
            reason,
            override_reason,
            ..
        } => (Op::ApproveReturn, *unit_id, *staff_id, reason, override_reason),
        _ => return Err(AppError::new(Code::Internal)),
    };
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        public: true,
        data: json!({}),
        answer: Some(reason.trim().to_owned()),
        ..Said::default()
    };
    let Some(unit) = unit else {
        return Ok((Command::ApproveReturn(None), said));
    };
    let wanted = Wanted {
        unit,
        person,
        reason,
        override_reason: override_reason.as_deref(),
        by: if op == Op::Reassign {
            "reassignment"
        } else {
            "ruling"
        },
    };
    let (place, leg) = find_place(tx, setting, loaded, op, &wanted)?;
    let said = Said {
        data: leg.words(),
        leg: Some(leg),
        ..said
    };
    if let ActionIn::ApproveReturn { as_rule: true, .. } = action {
        make_rule(tx, setting, loaded, (unit, reason)).await?;
    }
    let command = if op == Op::Reassign {
        Command::Reassign(place)
    } else {
        Command::ApproveReturn(Some(place))
    };
    Ok((command, said))
}

/// Makes a ruling a rule, so that the next one of its kind goes to this unit at once.
async fn make_rule(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    (unit, reason): (UnitId, &str),
) -> Result<(), AppError> {
    let ruled = routing::commands::Ruled {
        category: loaded.ticket.category.clone(),
        request_type: loaded.ticket.request_type,
        place_unit_id: loaded.ticket.place_unit_id,
        target_unit_id: unit,
        reason: mask_numbers(reason.trim()),
        name: format!("退单裁定 {}", loaded.ticket.number),
    };
    routing::commands::from_ruling(tx, &setting.caller, ruled).await?;
    Ok(())
}

async fn refuse_return(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    (reason, as_rule): (&str, bool),
) -> Result<(Command, Said), AppError> {
    if let Some(leg) = loaded.lead().filter(|_| as_rule) {
        make_rule(tx, setting, loaded, (leg.unit_id, reason)).await?;
    }
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        public: true,
        data: json!({}),
        answer: Some(reason.trim().to_owned()),
        ..Said::default()
    };
    Ok((Command::RefuseReturn, said))
}

fn request_return(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    action: &ActionIn,
) -> Result<(Command, Said), AppError> {
    let ActionIn::RequestReturn {
        ground,
        basis,
        suggested_unit_id,
        reason,
    } = action
    else {
        return Err(AppError::new(Code::Internal));
    };
    let unit = existing(tx, setting, *suggested_unit_id, "/suggested_unit_id")?;
    if loaded.lead().is_some_and(|leg| leg.unit_id == unit.id) {
        return Err(AppError::field("/suggested_unit_id", Rule::Form("another unit")));
    }
    let data = json!({
        "ground": ground, "basis": mask_numbers(basis.trim()), "suggested": unit.name, "suggested_id": unit.id,
    });
    let text = format!("{}（依据：{}）", reason.trim(), basis.trim());
    let said = Said {
        internal_text: Some(text.clone()),
        public: true,
        data,
        asked: vec![Asked {
            text: Some(text),
            ground: Some(*ground),
            target: Some(unit.id),
            ..Asked::default()
        }],
        ..Said::default()
    };
    Ok((Command::RequestReturn(tx.ids().id()), said))
}

fn request_extension(tx: &Tx, amount: i32, reason: &str) -> (Command, Said) {
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        data: json!({ "amount": amount }),
        asked: vec![Asked {
            text: Some(reason.trim().to_owned()),
            amount: Some(amount),
            ..Asked::default()
        }],
        ..Said::default()
    };
    let amount = u32::try_from(amount).unwrap_or(0);
    let id = tx.ids().id();
    (Command::RequestExtension { id, amount }, said)
}

/// The requester reads when the answer comes now, and why not sooner.
async fn grant_extension(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    internal_text: Option<&String>,
) -> Result<(Command, Said), AppError> {
    let asked = loaded
        .proceedings
        .iter()
        .find(|row| row.kind == ProceedingKind::Extension && row.ended_at.is_none())
        .ok_or_else(|| refused(Refusal::NoneOpen(ProceedingKind::Extension), loaded.ticket.state))?;
    let amount = asked.amount.unwrap_or(0);
    let reason = setting
        .kit
        .vault
        .open_optional(label::PROCEEDING, asked.asked_sealed.as_ref())?;
    let due = store::running(tx, loaded.ticket.id)
        .await?
        .into_iter()
        .find(|row| row.kind == ClockKind::Resolve)
        .map(|mut row| {
            let before = row.due_at;
            row.extended += amount;
            (
                before,
                store::due(&setting.reference, loaded.lead_path(), &row).at,
            )
        });
    let said = Said {
        public_text: reason,
        internal_text: internal_text
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
        public: true,
        data: json!({
            "amount": amount, "due_before": due.map(|(before, _)| before), "due_at": due.map(|(_, due)| due),
        }),
        ..Said::default()
    };
    let amount = u32::try_from(amount).unwrap_or(0);
    Ok((Command::GrantExtension { amount }, said))
}

fn within(day: NaiveDate, last: NaiveDate, today: NaiveDate, pointer: &str) -> Result<(), AppError> {
    if day > today && day <= last {
        return Ok(());
    }
    let first = today.succ_opt().unwrap_or(today);
    Err(AppError::field(pointer, Rule::Range(format!("{first}..{last}"))))
}

fn suspend(tx: &Tx, review_on: NaiveDate, reason: &str) -> Result<(Command, Said), AppError> {
    let today = local_day(tx.now());
    let last = today
        .checked_add_days(Days::new(SUSPENSION_DAYS))
        .unwrap_or(today);
    within(review_on, last, today, "/review_on")?;
    let review = end_of(review_on);
    let said = Said {
        public_text: Some(reason.trim().to_owned()),
        public: true,
        data: json!({ "review_on": review_on }),
        asked: vec![Asked {
            text: Some(reason.trim().to_owned()),
            due_at: Some(review),
            ..Asked::default()
        }],
        ..Said::default()
    };
    let id = tx.ids().id();
    Ok((Command::Suspend { id, review }, said))
}

fn call_in(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    action: &ActionIn,
) -> Result<(Command, Said), AppError> {
    let (id, what, unit_id): (ProceedingId, &String, UnitId) = match action {
        ActionIn::CoHandle { unit_id, what, .. } | ActionIn::Whistle { unit_id, what } => {
            (tx.ids().id(), what, *unit_id)
        }
        _ => return Err(AppError::new(Code::Internal)),
    };
    let unit = existing(tx, setting, unit_id, "/unit_id")?;
    // Who does a part reads the ticket: it stays in its district.
    if district_of(&unit.path) != district_of(&loaded.ticket.place_path) {
        return Err(AppError::field("/unit_id", Rule::Unknown));
    }
    let command = match action {
        ActionIn::CoHandle { limit, .. } => Command::CoHandle {
            id,
            unit: unit_id,
            span: span(*limit),
        },
        _ if unit.kind != UnitKind::Department => {
            let words = vec![UnitKind::Department.word().to_owned()];
            return Err(AppError::field("/unit_id", Rule::OneOf(words)));
        }
        _ => Command::Whistle { id, unit: unit_id },
    };
    let said = Said {
        internal_text: Some(what.trim().to_owned()),
        charged: Some(unit.id),
        public: true,
        data: json!({ "unit": unit.name, "unit_id": unit.id, "task_id": id }),
        asked: vec![Asked {
            unit: Some((unit.id, unit.path.clone(), unit.name.clone())),
            text: Some(what.trim().to_owned()),
            ..Asked::default()
        }],
        ..Said::default()
    };
    Ok((command, said))
}

fn span(limit: Option<LimitIn>) -> Span {
    limit.map_or(Span::Policy, |limit| {
        Span::Limit(Limit::of(limit.amount, limit.unit))
    })
}

fn set_plan(
    tx: &Tx,
    loaded: &Loaded,
    milestones: &[MilestoneIn],
    reason: &str,
) -> Result<(Command, Said), AppError> {
    let today = local_day(tx.now());
    let registered = local_day(loaded.ticket.created_at);
    let last = registered.checked_add_days(Days::new(PLAN_DAYS)).unwrap_or(today);
    for (at, milestone) in milestones.iter().enumerate() {
        within(milestone.due_on, last, today, &format!("/milestones/{at}/due_on"))?;
    }
    let due: Vec<(ProceedingId, DateTime<Utc>)> = milestones
        .iter()
        .map(|milestone| (tx.ids().id(), end_of(milestone.due_on)))
        .collect();
    let asked = milestones.iter().zip(&due).map(|(milestone, (_, at))| Asked {
        text: Some(milestone.what.trim().to_owned()),
        due_at: Some(*at),
        ..Asked::default()
    });
    let stages: Vec<String> = milestones
        .iter()
        .map(|milestone| format!("{}：{}", milestone.due_on, milestone.what.trim()))
        .collect();
    let said = Said {
        public_text: Some(format!("{}。{}", reason.trim(), stages.join("；"))),
        public: true,
        data: json!({ "due_on": milestones.iter().map(|milestone| milestone.due_on).collect::<Vec<_>>() }),
        asked: asked.collect(),
        ..Said::default()
    };
    Ok((Command::SetPlan(due), said))
}

fn supervise(tx: &Tx, reason: &str, limit: Option<LimitIn>) -> (Command, Said) {
    let id = tx.ids().id();
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        public: true,
        data: json!({}),
        asked: vec![Asked {
            text: Some(reason.trim().to_owned()),
            ..Asked::default()
        }],
        ..Said::default()
    };
    (
        Command::Supervise {
            id,
            span: span(limit),
        },
        said,
    )
}

/// States in which a ticket takes others along.
fn takes_others(state: TicketState) -> bool {
    matches!(
        state,
        TicketState::PendingDispatch
            | TicketState::Dispatched
            | TicketState::InProgress
            | TicketState::ReturnReview
            | TicketState::Suspended
            | TicketState::ReplyReview
    )
}

async fn merge(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    into: TicketId,
    reason: &str,
) -> Result<(Command, Said), AppError> {
    let unknown = |error: AppError| match error.code() {
        Code::NotFound => AppError::field("/into", Rule::Unknown),
        _ => error,
    };
    let (merged, open, number) = if into == loaded.ticket.id {
        (true, true, loaded.ticket.number.clone())
    } else {
        let other = store::lock(tx, into).await.map_err(unknown)?;
        facts::allow(&setting.caller.actor, Op::Merge, &other)
            .map_err(|_| AppError::field("/into", Rule::Unknown))?;
        (
            other.ticket.state == TicketState::Merged,
            takes_others(other.ticket.state),
            other.ticket.number,
        )
    };
    let said = Said {
        internal_text: Some(reason.trim().to_owned()),
        public: true,
        data: json!({ "into": number, "into_id": into }),
        ..Said::default()
    };
    let command = Command::Merge {
        into,
        other_merged: merged,
        other_open: open,
    };
    Ok((command, said))
}

/// The unit that hears that its part is not needed any more.
pub fn called(loaded: &Loaded, action: &ActionIn) -> Option<UnitId> {
    let ActionIn::WaiveTask { task_id, .. } = action else {
        return None;
    };
    let row = loaded.proceedings.iter().find(|row| row.id == *task_id);
    row.and_then(|row| row.unit_id)
}

/// What an action changes besides its own ticket: reviews to come, the ticket into which this one was merged, and the
/// tickets that were merged into this one.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(
    tx: &Tx,
    setting: &Setting,
    before: Option<TicketId>,
    loaded: &Loaded,
    command: &Command,
    doer: store::Doer<'_>,
) -> Result<(), AppError> {
    let ticket = &loaded.ticket;
    if let Command::Suspend { review, .. } = command {
        timers::set(tx, timer::REVIEW, ticket.id.0, *review);
    }
    if ticket.followers > 0 && !takes_others(ticket.state) {
        timers::set(tx, timer::FOLLOWERS, ticket.id.0, tx.now());
    }
    match (before, ticket.primary_id) {
        (None, Some(primary)) => count(tx, setting, primary, (EntryKind::Merged, 1), loaded, doer).await,
        (Some(primary), None) => count(tx, setting, primary, (EntryKind::Unmerged, -1), loaded, doer).await,
        _ => Ok(()),
    }
}

/// Counts a ticket to, or off, the one into which it was merged, and writes it into the timeline there.
async fn count(
    tx: &Tx,
    setting: &Setting,
    primary: TicketId,
    (kind, by): (EntryKind, i32),
    loaded: &Loaded,
    doer: store::Doer<'_>,
) -> Result<(), AppError> {
    let mut other = store::lock(tx, primary).await?;
    other.ticket.followers += by;
    let said = Said {
        data: json!({ "ticket": loaded.ticket.number, "ticket_id": loaded.ticket.id }),
        ..Said::default()
    };
    happen(tx, &setting.kit.vault, &mut other, kind, &said, doer)?;
    write_ticket(tx, &mut other).await
}

/// Whether somebody may rule here, beyond what their role allows.
///
/// # Errors
/// `Forbidden`, `InvalidInput` for a part that is not there.
pub fn check(setting: &Setting, loaded: &Loaded, action: &ActionIn) -> Result<(), AppError> {
    let actor = &setting.caller.actor;
    match action {
        ActionIn::Approve { .. } | ActionIn::SendBack { .. } => {
            facts::check_approver(actor, loaded, &setting.reference)
        }
        ActionIn::GrantExtension { .. } | ActionIn::RefuseExtension { .. } => {
            facts::check_granter(actor, loaded, &setting.reference)
        }
        ActionIn::Reject { .. } if loaded.ticket.state == TicketState::ReplyReview => {
            facts::check_centre(actor, loaded)
        }
        ActionIn::Note {
            public_text: Some(_), ..
        } => facts::check_messenger(actor, loaded),
        // It is the requester's to take back; who handles it does not speak for them.
        ActionIn::Withdraw { .. } if facts::handles(actor, loaded) => {
            Err(AppError::new(Code::Forbidden).say("承办方不得撤单", "Who handles it does not take it back"))
        }
        ActionIn::FinishTask { task_id, .. } => {
            let row = loaded.proceedings.iter().find(|row| row.id == *task_id);
            let row = row.ok_or_else(|| AppError::field("/task_id", Rule::Unknown))?;
            facts::check_called(actor, row)
        }
        _ => Ok(()),
    }
}
