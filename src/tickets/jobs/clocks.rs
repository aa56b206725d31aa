//! A timer of a ticket fires: it looks at the state first, since what it was set for may be over.

use super::assign::settle;
use super::followers;
use super::handover::hand_over;
use super::recount::recount;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::reference::{Desk, Reference};
use crate::staff;
use crate::tickets::commands::callback;
use crate::tickets::facts;
use crate::tickets::rules::escalation::{self, Step};
use crate::tickets::rules::lifecycle::{By, Command};
use crate::tickets::store::{self, Doer, Plan, Said, apply, happen, timer, watch, write_ticket};
use entity::id::{ClockId, GrantId, HandoverId, TicketId};
use entity::kind::{EntryKind, ProceedingKind, TicketState};
use entity::{clock, durable_timer};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;

/// Fires a timer.
///
/// # Errors
/// When the database does not answer.
pub async fn fire(tx: &Tx, desk: &Desk, due: &durable_timer::Model) -> Result<(), AppError> {
    let ticket = TicketId(due.subject_id);
    match due.kind.as_str() {
        timer::CLOCK => tell(tx, desk, ClockId(due.subject_id)).await,
        timer::CALLBACK => {
            let reference = desk.reference().await?;
            callback::lapse(tx, &desk.kit, &reference, ticket).await
        }
        timer::RECHECK => recheck(tx, desk, ticket, due).await,
        timer::REVIEW => review(tx, desk, ticket).await,
        timer::FOLLOWERS => followers::take_along(tx, desk, ticket).await,
        timer::RECOUNT => recount(tx, desk, due.subject_id).await,
        timer::ASSIGN => settle(tx, desk, TicketId(due.subject_id)).await,
        timer::HANDOVER => hand_over(tx, desk, HandoverId(due.subject_id)).await,
        timer::GRANT_OVER => staff::commands::handover::grant_over(tx, GrantId(due.subject_id)).await,
        _ => Ok(()),
    }
}

/// A clock that runs.
async fn running(tx: &Tx, id: ClockId) -> Result<Option<clock::Model>, AppError> {
    let row = clock::Entity::find_by_id(id).one(tx).await?;
    Ok(row.filter(|row| row.stopped_at.is_none() && row.paused_at.is_none()))
}

/// What is due for a clock is marked, the timeline says so, the log tells those who watch, and the next step is set.
async fn tell(tx: &Tx, desk: &Desk, id: ClockId) -> Result<(), AppError> {
    let reference = desk.reference().await?;
    let Some(row) = running(tx, id).await? else {
        return Ok(());
    };
    let mut loaded = store::lock(tx, row.ticket_id).await?;
    // Who was stopping it while the lock was waited for was in time.
    let Some(mut row) = running(tx, id).await? else {
        return Ok(());
    };
    let lead = loaded.lead_path().map(str::to_owned);
    let calendar = store::calendar_of(&reference, lead.as_deref(), &row);
    let Some(step) = escalation::due_step(calendar, &store::course(&row), tx.now()) else {
        return Ok(());
    };
    row.stage = step.stage();
    if step == Step::Overdue {
        row.breached_at = Some(tx.now());
    }
    clock::Entity::update(clock::ActiveModel {
        id: Set(id),
        stage: Set(row.stage),
        breached_at: Set(row.breached_at),
        ..Default::default()
    })
    .exec(tx)
    .await?;
    watch(tx, &reference, lead.as_deref(), &row);
    let (kind, said) = words(&reference, &row, step);
    happen(tx, &desk.kit.vault, &mut loaded, kind, &said, Doer::SYSTEM)?;
    write_ticket(tx, &mut loaded).await
}

fn words(reference: &Reference, row: &clock::Model, step: Step) -> (EntryKind, Said) {
    let kind = match step {
        Step::Remind => EntryKind::Reminded,
        Step::Overdue => EntryKind::Overdue,
        Step::Escalate | Step::Report => EntryKind::Escalated,
    };
    let charged = row.unit_id;
    let unit = charged
        .and_then(|id| reference.directory.get(id))
        .map(|unit| unit.kind);
    let said = Said {
        data: json!({ "clock": row.kind, "due_at": row.due_at, "audience": escalation::audience(step, unit).word(), "charged": charged, "proceeding_id": row.proceeding_id }),
        ..Said::default()
    };
    (kind, said)
}

/// Asks whether a matter has come back, if it is still closed and was closed so long ago.
async fn recheck(tx: &Tx, desk: &Desk, id: TicketId, due: &durable_timer::Model) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, id).await?;
    // A timer of an earlier close asks nothing: the later close set its own.
    let of_this_close = loaded.ticket.closed_at.is_some_and(|at| at <= due.created_at);
    if loaded.ticket.state != TicketState::Closed || !of_this_close {
        return Ok(());
    }
    let days = (due.due_at - due.created_at).num_days();
    let said = Said {
        public: true,
        data: json!({ "days": days }),
        ..Said::default()
    };
    happen(
        tx,
        &desk.kit.vault,
        &mut loaded,
        EntryKind::Rechecked,
        &said,
        Doer::SYSTEM,
    )?;
    write_ticket(tx, &mut loaded).await
}

/// A suspension whose day of review is over: the ticket goes on by itself, so that nothing rests for ever.
async fn review(tx: &Tx, desk: &Desk, id: TicketId) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, id).await?;
    let due = loaded.proceedings.iter().any(|row| {
        row.kind == ProceedingKind::Suspension
            && row.ended_at.is_none()
            && row.due_at.is_some_and(|at| at <= tx.now())
    });
    if loaded.ticket.state != TicketState::Suspended || !due {
        return Ok(());
    }
    let reference = desk.reference().await?;
    let mut plan = Plan::new(facts::life(&loaded));
    let said = Said {
        public: true,
        data: json!({ "by_itself": true }),
        ..Said::default()
    };
    plan.decide(&Command::Resume, By::default(), said)
        .map_err(|_| AppError::new(Code::Internal))?;
    apply(
        tx,
        (&desk.kit.vault, &reference),
        &mut loaded,
        &plan,
        Doer::SYSTEM,
    )
    .await
}
