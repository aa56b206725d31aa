//! Why a ticket is due when it is.

use super::detail::find_for;
use crate::access::permit::Caller;
use crate::access::policy::sees_internal;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::sla::DeadlineOut;
use crate::sla::rules::explain::lamp;
use crate::sla::rules::pause::Pause;
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
    let (loaded, acting) = find_for(conn, caller, id).await?;
    let internal = sees_internal(acting.role);
    let clocks = store::clocks(conn, id).await?;
    let seen = clocks
        .iter()
        .filter(|clock| internal || clock.kind == ClockKind::Resolve);
    let lead = loaded.lead().map(|leg| leg.unit_path.as_str());
    Ok(seen
        .map(|clock| explain(reference, lead, clock, kit.now()))
        .collect())
}

/// Pauses of a clock; one that lasts is as long as it is now.
fn pauses_until(row: &clock::Model, now: DateTime<Utc>) -> Vec<Pause> {
    let mut pauses = store::pauses(row);
    pauses.extend(row.paused_at.map(|from| (from, now)));
    pauses
}

fn explain(
    reference: &Reference,
    lead: Option<&str>,
    row: &clock::Model,
    now: DateTime<Utc>,
) -> TicketDeadlineOut {
    // What has stopped was counted by the hours of the unit that had it then.
    let whose = if row.stopped_at.is_some() {
        row.unit_path.as_deref().or(lead)
    } else {
        lead
    };
    let calendar = store::calendar_of(reference, whose, row);
    let limit = store::whole_limit(row);
    let pauses = pauses_until(row, now);
    let line = row.policy_id.and_then(|id| reference.policy.get(id));
    let counted = DeadlineOut::new(calendar, row.kind, (limit, line), row.started_at, &pauses);
    let used_percent = row.stopped_at.is_none().then(|| {
        // What stands still has its end moved with each moment.
        let end = row.paused_at.map_or(row.due_at, |_| counted.due_at);
        calendar.used_up(row.unit, (row.started_at, end), now, &pauses)
    });
    TicketDeadlineOut {
        round: row.round,
        stopped_at: row.stopped_at,
        breached: view::breached(row),
        lamp: used_percent.map(lamp),
        used_percent,
        first_due_at: row.first_due_at,
        extended: row.extended,
        paused_at: row.paused_at,
        by_plan: row.by_plan,
        proceeding_id: row.proceeding_id,
        recount_due_at: Some(counted.due_at)
            .filter(|due| *due != row.due_at && !row.by_plan)
            .filter(|_| row.paused_at.is_none() && row.stopped_at.is_none()),
        calendar_version: row.calendar_version,
        deadline: DeadlineOut {
            due_at: row.due_at,
            provisional: row.provisional,
            ..counted
        },
    }
}
