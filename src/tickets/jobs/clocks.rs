//! A timer of a ticket fires: it looks at the state first, since what it was set for may be over.

use super::recount::recount;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::reference::Desk;
use crate::tickets::commands::callback;
use crate::tickets::store::{self, Doer, Said, happen, timer, write_ticket};
use entity::id::{ClockId, TicketId};
use entity::kind::EntryKind;
use entity::{clock, durable_timer};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;

/// Fires a timer.
///
/// # Errors
/// When the database does not answer.
pub async fn fire(tx: &Tx, desk: &Desk, due: &durable_timer::Model) -> Result<(), AppError> {
    match due.kind.as_str() {
        timer::CLOCK => run_out(tx, desk, ClockId(due.subject_id)).await,
        timer::CALLBACK => {
            let reference = desk.reference().await?;
            callback::lapse(tx, &desk.kit, &reference, TicketId(due.subject_id)).await
        }
        timer::RECOUNT => recount(tx, desk, due.subject_id).await,
        _ => Ok(()),
    }
}

/// A clock that is due, runs, and was not marked yet.
async fn running(tx: &Tx, id: ClockId) -> Result<Option<clock::Model>, AppError> {
    let row = clock::Entity::find_by_id(id).one(tx).await?;
    Ok(row.filter(|row| row.stopped_at.is_none() && row.breached_at.is_none() && row.due_at <= tx.now()))
}

/// A clock ran out while it ran: it is marked, the timeline says so, the log tells those who watch.
async fn run_out(tx: &Tx, desk: &Desk, id: ClockId) -> Result<(), AppError> {
    let Some(row) = running(tx, id).await? else {
        return Ok(());
    };
    let mut loaded = store::lock(tx, row.ticket_id).await?;
    // Who was stopping it while the lock was waited for was in time.
    if running(tx, id).await?.is_none() {
        return Ok(());
    }
    let said = Said {
        data: json!({ "clock": row.kind, "due_at": row.due_at }),
        ..Said::default()
    };
    clock::Entity::update(clock::ActiveModel {
        id: Set(id),
        breached_at: Set(Some(tx.now())),
        ..Default::default()
    })
    .exec(tx)
    .await?;
    happen(
        tx,
        &desk.kit.vault,
        &mut loaded,
        EntryKind::Overdue,
        &said,
        Doer::SYSTEM,
    )?;
    write_ticket(tx, &mut loaded).await
}
