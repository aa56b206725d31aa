//! Why a ticket is due when it is.

use super::detail::find_for;
use crate::access::permit::Caller;
use crate::access::policy::sees_internal;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::sla::DeadlineOut;
use crate::sla::rules::calendar::Limit;
use crate::sla::rules::explain::lamp;
use crate::tickets::dto::TicketDeadlineOut;
use crate::tickets::{store, view};
use chrono::{DateTime, Utc};
use entity::clock;
use entity::id::TicketId;
use entity::kind::ClockKind;

/// The clocks of a ticket, each explained.
///
/// # Errors
/// `NotFound`.
pub async fn of_ticket(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: TicketId,
) -> Result<Vec<TicketDeadlineOut>, AppError> {
    let conn = &kit.db.reader().await?;
    let (_, acting) = find_for(conn, caller, id).await?;
    let internal = sees_internal(acting.role);
    let clocks = store::clocks(conn, id).await?;
    let seen = clocks
        .iter()
        .filter(|clock| internal || clock.kind == ClockKind::Resolve);
    Ok(seen.map(|clock| explain(reference, clock, kit.now())).collect())
}

fn explain(reference: &Reference, row: &clock::Model, now: DateTime<Utc>) -> TicketDeadlineOut {
    let calendar = &reference.calendar;
    let limit = Limit::of(row.amount, row.unit);
    let line = row.policy_id.and_then(|id| reference.policy.get(id));
    let counted = DeadlineOut::new(calendar, row.kind, (limit, line), row.started_at);
    let used_percent = row
        .stopped_at
        .is_none()
        .then(|| calendar.used_up(row.unit, (row.started_at, row.due_at), now));
    TicketDeadlineOut {
        round: row.round,
        stopped_at: row.stopped_at,
        breached: view::breached(row),
        lamp: used_percent.map(lamp),
        used_percent,
        recount_due_at: Some(counted.due_at).filter(|due| *due != row.due_at),
        deadline: DeadlineOut {
            due_at: row.due_at,
            provisional: row.provisional,
            ..counted
        },
    }
}
