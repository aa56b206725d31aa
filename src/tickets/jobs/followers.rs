//! Tickets that were merged into one: what was approved for that one holds for them; when it was taken back, they go
//! on alone.

use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::reference::Desk;
use crate::tickets::commands::callback;
use crate::tickets::facts;
use crate::tickets::rules::lifecycle::{By, Command, Place};
use crate::tickets::store::{self, Doer, LegData, Loaded, Plan, Said, apply, timer, write_ticket};
use entity::id::TicketId;
use entity::kind::{TicketResult, TicketState};
use entity::ticket;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

/// Tickets that are taken along in one transaction.
const BATCH: u64 = 50;

/// Takes some of the tickets along that were merged into this one; a timer goes on with the next.
///
/// # Errors
/// When the database does not answer.
pub async fn take_along(tx: &Tx, desk: &Desk, primary: TicketId) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, primary).await?;
    let over = matches!(
        loaded.ticket.state,
        TicketState::Callback
            | TicketState::Closed
            | TicketState::Withdrawn
            | TicketState::Rejected
            | TicketState::Redirected
    );
    if !over {
        return Ok(());
    }
    // What no unit answered holds for nobody else.
    let answered =
        matches!(loaded.ticket.state, TicketState::Callback | TicketState::Closed) && loaded.lead().is_some();
    let followers: Vec<TicketId> = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(ticket::Column::PrimaryId.eq(primary))
        .filter(ticket::Column::State.eq(TicketState::Merged))
        .order_by_asc(ticket::Column::Id)
        .limit(BATCH)
        .into_tuple()
        .all(tx)
        .await?;
    let Some(_) = followers.first() else { return Ok(()) };
    let reply = store::approved_reply(tx, &desk.kit.vault, primary).await?;
    for id in &followers {
        let (command, said) = if answered {
            follow(&loaded, reply.clone())?
        } else {
            let said = Said {
                public: true,
                data: json!({ "by_itself": true }),
                ..Said::default()
            };
            (Command::Unmerge, said)
        };
        if one(tx, desk, *id, &command, said).await? {
            loaded.ticket.followers -= 1;
        }
    }
    write_ticket(tx, &mut loaded).await?;
    timers::set(tx, timer::FOLLOWERS, primary.0, tx.now());
    Ok(())
}

fn follow(primary: &Loaded, reply: Option<String>) -> Result<(Command, Said), AppError> {
    let leg = primary.lead().ok_or_else(|| AppError::new(Code::Internal))?;
    let place = Place {
        unit: leg.unit_id,
        person: leg.staff_id,
    };
    let leg = LegData {
        unit_id: leg.unit_id,
        unit_path: leg.unit_path.clone(),
        unit_name: leg.unit_name.clone(),
        staff_id: leg.staff_id,
        staff_name: leg.staff_name.clone(),
        post: leg.post.clone(),
        waits: false,
        explanation: json!({ "ground": { "kind": "merged", "text": primary.ticket.number } }),
    };
    let said = Said {
        public_text: reply,
        public: true,
        data: json!({ "from": primary.ticket.number, "from_id": primary.ticket.id }),
        leg: Some(leg),
        ..Said::default()
    };
    let command = Command::Follow {
        place,
        by: primary.ticket.replied_by,
        result: primary.ticket.result.unwrap_or(TicketResult::Explained),
    };
    Ok((command, said))
}

/// Whether it was taken along: not if it was taken back, or made alone, in the meantime.
async fn one(tx: &Tx, desk: &Desk, id: TicketId, command: &Command, said: Said) -> Result<bool, AppError> {
    let mut loaded = store::lock(tx, id).await?;
    let reference = desk.reference().await?;
    let mut plan = Plan::new(facts::life(&loaded));
    if plan.decide(command, By::default(), said).is_err() {
        return Ok(false);
    }
    apply(
        tx,
        (&desk.kit.vault, &reference),
        &mut loaded,
        &plan,
        Doer::SYSTEM,
    )
    .await?;
    if matches!(command, Command::Follow { .. }) {
        callback::open(tx, &desk.kit, &loaded, false).await?;
    }
    Ok(true)
}
