//! The working calendar has changed, for all or for some units: clocks that run are counted again, and each change is told.

use crate::ledger::timers;
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use crate::reference::{Desk, Reference};
use crate::sla;
use crate::sla::rules::calendar::Due;
use crate::tickets::store::{
    self, Doer, Said, calendar_version, happen, set_next_due, timer, watch, write_ticket,
};
use entity::id::TicketId;
use entity::kind::{ClockKind, EntryKind, LegNature, LimitUnit};
use entity::{assignment, clock};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Tickets with clocks that run that are looked at in one transaction.
const BATCH: u64 = 100;

/// Counts tickets behind `after` again whose clocks run, some of them; a timer goes on with the next. A clock that stands is
/// left alone.
///
/// # Errors
/// When the database does not answer.
pub async fn recount(tx: &Tx, desk: &Desk, after: Uuid) -> Result<(), AppError> {
    let reference = desk.reference().await?;
    if !sla::store::is_current(tx, &reference.calendars).await? {
        // This process has not noticed yet: later.
        return Err(AppError::new(Code::Unavailable));
    }
    let open: Vec<TicketId> = clock::Entity::find()
        .select_only()
        .column(clock::Column::TicketId)
        .distinct()
        .filter(clock::Column::TicketId.gt(TicketId(after)))
        .filter(clock::Column::StoppedAt.is_null())
        .order_by_asc(clock::Column::TicketId)
        .limit(BATCH)
        .into_tuple()
        .all(tx)
        .await?;
    let Some(last) = open.last() else { return Ok(()) };
    let clocks = clock::Entity::find()
        .filter(clock::Column::TicketId.is_in(padded(&open)))
        .filter(clock::Column::StoppedAt.is_null())
        .all(tx)
        .await?;
    let leads: HashMap<TicketId, String> = assignment::Entity::find()
        .select_only()
        .columns([assignment::Column::TicketId, assignment::Column::UnitPath])
        .filter(assignment::Column::TicketId.is_in(padded(&open)))
        .filter(assignment::Column::EndedAt.is_null())
        .filter(assignment::Column::Nature.eq(LegNature::Lead))
        .into_tuple()
        .all(tx)
        .await?
        .into_iter()
        .collect();
    let lead = |row: &clock::Model| leads.get(&row.ticket_id).map(String::as_str);
    let mut moved: Vec<TicketId> = clocks
        .iter()
        .filter(|row| again(&reference, lead(row), row).is_some())
        .map(|row| row.ticket_id)
        .collect();
    moved.sort_unstable();
    moved.dedup();
    for id in moved {
        of_ticket(tx, desk, &reference, id).await?;
    }
    timers::set(tx, timer::RECOUNT, last.0, tx.now());
    Ok(())
}

/// What the calendar of today makes of a clock that runs; none where that changes nothing. Minutes know no calendar;
/// plain days end with the working hours of the last.
fn again(reference: &Reference, lead: Option<&str>, row: &clock::Model) -> Option<Due> {
    if row.stopped_at.is_some() || row.paused_at.is_some() || row.unit == LimitUnit::Minutes {
        return None;
    }
    let due = store::due(reference, lead, row);
    (due.at != row.due_at || due.provisional != row.provisional).then_some(due)
}

async fn of_ticket(tx: &Tx, desk: &Desk, reference: &Reference, id: TicketId) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, id).await?;
    let lead = loaded.lead_path().map(str::to_owned);
    let mut clocks = store::clocks(tx, id).await?;
    for row in &mut clocks {
        let Some(due) = again(reference, lead.as_deref(), row) else {
            continue;
        };
        let moved = due.at != row.due_at;
        let said = Said {
            // The requester was promised the end of the resolution, and nothing else.
            public: moved && row.kind == ClockKind::Resolve,
            data: json!({ "clock": row.kind, "due_before": row.due_at, "due_at": due.at, "provisional": due.provisional }),
            ..Said::default()
        };
        row.due_at = due.at;
        row.first_due_at = store::first_due(reference, lead.as_deref(), row);
        row.provisional = due.provisional;
        row.calendar_version = calendar_version(reference, due.at);
        if moved {
            row.stage = 0;
        }
        // What ran out on a day off did not run out.
        row.breached_at = row.breached_at.filter(|_| due.at <= tx.now());
        clock::Entity::update(clock::ActiveModel {
            id: Set(row.id),
            due_at: Set(row.due_at),
            first_due_at: Set(row.first_due_at),
            provisional: Set(row.provisional),
            calendar_version: Set(row.calendar_version),
            stage: Set(row.stage),
            breached_at: Set(row.breached_at),
            ..Default::default()
        })
        .exec(tx)
        .await?;
        if moved {
            watch(tx, reference, lead.as_deref(), row);
        }
        happen(
            tx,
            &desk.kit.vault,
            &mut loaded,
            EntryKind::Recounted,
            &said,
            Doer::SYSTEM,
        )?;
    }
    set_next_due(reference, &mut loaded, &clocks);
    write_ticket(tx, &mut loaded).await
}
