//! Somebody's open tickets go to others, some in a transaction: a crash loses nothing, and nobody waits for long.

use super::assign;
use crate::access::authenticate::local_day;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::reference::{Desk, Reference};
use crate::staff::store as people;
use crate::tickets::commands::routed::explain;
use crate::tickets::store::{self, Doer, Said, give, happen, timer, write_ticket};
use entity::id::{HandoverId, StaffId, TicketId, UnitId};
use entity::kind::{EntryKind, HandoverCause, HandoverTarget, LegNature};
use entity::{assignment, handover};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

/// Tickets that are handed over in one transaction.
const BATCH: u64 = 50;

/// Hands over some of the tickets, and sets the timer that goes on with the next.
///
/// # Errors
/// When the database does not answer.
pub async fn hand_over(tx: &Tx, desk: &Desk, id: HandoverId) -> Result<(), AppError> {
    let Some(row) = people::handover::find(tx, id).await? else {
        return Ok(());
    };
    let reference = desk.reference().await?;
    if is_over(tx, &reference, &row).await? {
        return Ok(());
    }
    let tickets = tickets(tx, &reference, &row).await?;
    for ticket in &tickets {
        give_away(tx, desk, &reference, &row, *ticket).await?;
    }
    let moved = i64::try_from(tickets.len()).unwrap_or(0);
    let more = u64::try_from(tickets.len()).unwrap_or(BATCH) >= BATCH;
    if more {
        timers::set(tx, timer::HANDOVER, id.0, tx.now());
    }
    people::handover::note(tx, id, moved, !more).await
}

/// What somebody asked for is done once. What happens by itself is over when the person can be given tickets again.
async fn is_over(tx: &Tx, reference: &Reference, row: &handover::Model) -> Result<bool, AppError> {
    match (row.cause, row.unit_id) {
        (HandoverCause::Asked, _) => Ok(row.done_at.is_some()),
        (_, Some(unit)) => {
            let units = [unit, reference.directory.heir(unit)];
            people::takes_tickets(tx, row.staff_id, &units, local_day(tx.now())).await
        }
        (_, None) => Ok(people::find(tx, row.staff_id).await?.disabled_at.is_none()),
    }
}

/// Open tickets that the person still has; each that is handed over is one less.
async fn tickets(tx: &Tx, reference: &Reference, row: &handover::Model) -> Result<Vec<TicketId>, AppError> {
    let mut query = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::TicketId)
        .filter(assignment::Column::StaffId.eq(row.staff_id))
        .filter(assignment::Column::EndedAt.is_null())
        .filter(assignment::Column::ClosedAt.is_null());
    if let Some(unit) = row.unit_id {
        // Whose work the unit took over is its own.
        let directory = &reference.directory;
        let theirs = directory
            .all()
            .iter()
            .map(|one| one.id)
            .filter(|one| *one == unit || directory.heir(*one) == unit);
        query = query.filter(assignment::Column::UnitId.is_in(theirs));
    }
    let ids = query
        .order_by_asc(assignment::Column::TicketId)
        .limit(BATCH)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids)
}

async fn give_away(
    tx: &Tx,
    desk: &Desk,
    reference: &Reference,
    row: &handover::Model,
    id: TicketId,
) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, id).await?;
    let theirs = |leg: &&assignment::Model| leg.staff_id == Some(row.staff_id);
    // While the lock was waited for it may have gone to somebody else.
    let Some(leg) = loaded.legs.iter().find(theirs).cloned() else {
        return Ok(());
    };
    let to = match row.to_staff_id {
        Some(other) => taker(tx, reference, leg.unit_id, other).await?,
        None => None,
    };
    // Nobody waits for who has gone themselves in the meantime.
    let by_strategy = to.is_none() && row.target != HandoverTarget::Inbox;
    let mut explanation = leg.explanation.clone();
    if by_strategy && leg.nature == LegNature::Lead {
        assign::to_come(&mut explanation, row.staff_id);
        timers::set(tx, timer::ASSIGN, id.0, tx.now());
    } else {
        explain(&mut explanation, "assignment", Value::Null);
        explain(&mut explanation, "person", Value::Null);
    }
    explain(
        &mut explanation,
        "handover",
        json!({ "id": row.id, "cause": row.cause }),
    );
    let words = match &row.reason {
        Some(reason) => format!("{}：{reason}", row.cause.chinese()),
        None => row.cause.chinese().to_owned(),
    };
    let said = Said {
        internal_text: Some(words),
        data: json!({
            "staff_id": to.as_ref().map(|(id, _)| id), "staff_before": row.staff_id, "cause": row.cause,
            "handover_id": row.id, "asked_by": row.asked_by,
        }),
        ..Said::default()
    };
    give(tx, &mut loaded, leg.id, to, Some(explanation)).await?;
    happen(
        tx,
        &desk.kit.vault,
        &mut loaded,
        EntryKind::Assigned,
        &said,
        Doer::SYSTEM,
    )?;
    write_ticket(tx, &mut loaded).await
}

/// Who gets them, if they still can be given tickets there.
async fn taker(
    tx: &Tx,
    reference: &Reference,
    unit: UnitId,
    id: StaffId,
) -> Result<Option<(StaffId, String)>, AppError> {
    let units = [unit, reference.directory.heir(unit)];
    if !people::takes_tickets(tx, id, &units, local_day(tx.now())).await? {
        return Ok(None);
    }
    Ok(Some((id, people::find(tx, id).await?.display_name)))
}
