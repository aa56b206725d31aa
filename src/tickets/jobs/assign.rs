//! The person of a ticket is chosen, where open tickets had to be counted or the one who had it is gone.
//!
//! It happens right after the dispatch, in a transaction of its own: the commands of a batch would not see each other's
//! rows, and all choose the same person. One choice is made at a time in a unit, so each sees those before it.

use crate::access::authenticate::local_day;
use crate::intake::assignment::{self, Counted, Wanted};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::reference::Desk;
use crate::routing;
use crate::staff;
use crate::tickets::commands::routed::{self, explain};
use crate::tickets::rules::open::is_open;
use crate::tickets::store::{self, Doer, Said, give, happen, write_ticket};
use crate::tickets::view::json;
use entity::assignment as leg_row;
use entity::id::{StaffId, TicketId};
use entity::kind::{EntryKind, Strategy};
use serde_json::{Value, json as value};
use uuid::Uuid;

/// Where an explanation says that somebody else is to get the ticket.
const WITHOUT: &str = "without";

/// Chooses the person of a ticket that waits for one, or whose person can't be given tickets there any more.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(tx: &Tx, desk: &Desk, id: TicketId) -> Result<(), AppError> {
    let reference = desk.reference().await?;
    let mut loaded = store::lock(tx, id).await?;
    let Some(leg) = loaded.lead().cloned().filter(|_| is_open(loaded.ticket.state)) else {
        return Ok(());
    };
    let (day, heir) = (local_day(tx.now()), reference.directory.heir(leg.unit_id));
    if let Some(person) = leg.staff_id
        && staff::store::takes_tickets(tx, person, &[leg.unit_id, heir], day).await?
    {
        // Somebody signed for it, or was named, in the meantime.
        return Ok(());
    }
    tx.one_at_a_time(heir.0.as_bytes()).await?;
    let wanted = Wanted {
        unit: leg.unit_id,
        post: leg.post.as_deref(),
        day,
        number: routed::turn(&loaded.ticket),
        without: without(&leg.explanation).or(leg.staff_id),
    };
    let counted = assignment::choose(tx, &reference, &wanted).await?;
    let chosen = counted.person();
    if chosen.is_none() && leg.staff_id.is_none() && !waits(&leg) {
        return Ok(());
    }
    if let Some(person) = &chosen
        && counted.assignment.strategy == Strategy::RoundRobin
    {
        routing::store::assignment::take_turn(tx, heir, person.id).await?;
    }
    let said = said(&counted, leg.staff_id);
    let mut explanation = leg.explanation.clone();
    explain(&mut explanation, "assignment", json(&counted.explain())?);
    explain(&mut explanation, "person", json(&chosen)?);
    let person = chosen.map(|person| (person.id, person.name));
    give(tx, &mut loaded, leg.id, person, Some(explanation)).await?;
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

/// What the timeline says of a choice: names in its sealed text alone, since its data go into the event log, too.
fn said(counted: &Counted, before: Option<StaffId>) -> Said {
    let strategy = counted.assignment.strategy;
    let chosen = counted.person();
    let told = match &chosen {
        Some(person) => format!("按“{}”分派给{}", strategy.chinese(), person.name),
        None => format!("按“{}”无可分派人员，留在岗位收件箱", strategy.chinese()),
    };
    Said {
        internal_text: Some(told),
        data: value!({
            "staff_id": chosen.as_ref().map(|person| person.id), "staff_before": before, "strategy": strategy,
            "because": chosen.map(|person| person.because),
        }),
        ..Said::default()
    }
}

/// Whether a leg waits for the choice of a person: whoever is chosen is told, and nobody before.
pub fn waits(leg: &leg_row::Model) -> bool {
    leg.staff_id.is_none() && leg.explanation.pointer("/assignment/state") == Some(&value!("waiting"))
}

/// What an explanation says of the choice that is still to come.
pub fn to_come(explanation: &mut Value, without: StaffId) {
    explain(
        explanation,
        "assignment",
        value!({ "state": "waiting", WITHOUT: without }),
    );
    explain(explanation, "person", Value::Null);
}

fn without(explanation: &Value) -> Option<StaffId> {
    let id = explanation.get("assignment")?.get(WITHOUT)?.as_str()?;
    id.parse::<Uuid>().ok().map(StaffId)
}
