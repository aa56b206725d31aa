//! Small lives beside a ticket's own: begun, answered and ended by what happens.

use super::legs::{end_assist, write_assist};
use super::{Doer, Loaded, label};
use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded};
use crate::platform::error::AppError;
use crate::tickets::rules::lifecycle::{Change, Open};
use chrono::{DateTime, Utc};
use entity::id::{ProceedingId, TicketId, UnitId};
use entity::kind::{ActorKind, ProceedingKind, ProceedingState, ReturnGround};
use entity::proceeding;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

/// What is asked by what begins.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The unit that asks or is called upon: key, path and name of the day.
    pub unit: Option<(UnitId, String, String)>,
    /// What and why.
    pub text: Option<String>,
    /// Of a return: the ground.
    pub ground: Option<ReturnGround>,
    /// Of a return: the unit believed responsible.
    pub target: Option<UnitId>,
    /// Of an extension: how much.
    pub amount: Option<i32>,
    /// When it must be looked at again, or be done.
    pub due_at: Option<DateTime<Utc>>,
}

/// Writes what an event changes of the small lives.
pub(super) async fn write(
    tx: &Tx,
    vault: &Vault,
    loaded: &mut Loaded,
    change: &Change,
    (asked, answer): (&mut std::slice::Iter<'_, Asked>, Option<&String>),
    doer: Doer<'_>,
) -> Result<(), AppError> {
    match change {
        Change::Opened(open) => {
            let asked = asked.next().cloned().unwrap_or_default();
            begin(tx, vault, loaded, open, asked)
        }
        Change::Answered(id) => {
            go_on(tx, vault, loaded, (*id, ProceedingState::Answered), answer, doer).await
        }
        Change::Ended(id, state) => {
            // What lapses was not answered.
            let answer = answer.filter(|_| *state != ProceedingState::Lapsed);
            go_on(tx, vault, loaded, (*id, *state), answer, doer).await
        }
        // The unit that a return asks for is the one that gets it in the end.
        Change::Lead { unit, .. } => ruled(tx, loaded, *unit).await,
        _ => Ok(()),
    }
}

fn begin(tx: &Tx, vault: &Vault, loaded: &mut Loaded, open: &Open, asked: Asked) -> Result<(), AppError> {
    let lead = loaded
        .lead()
        .map(|leg| (leg.unit_id, leg.unit_path.clone(), leg.unit_name.clone()));
    let unit = asked.unit.or(lead);
    let row = proceeding::Model {
        id: open.id,
        ticket_id: loaded.ticket.id,
        kind: open.kind,
        state: open.state,
        unit_id: unit.as_ref().map(|(id, _, _)| *id),
        unit_path: unit.as_ref().map(|(_, path, _)| path.clone()),
        unit_name: unit.as_ref().map(|(_, _, name)| name.clone()),
        ground: asked.ground,
        target_unit_id: asked.target,
        amount: asked.amount,
        category: loaded.ticket.category.clone(),
        asked_sealed: seal(vault, asked.text.as_ref())?,
        answered_sealed: None,
        opened_by: open.by,
        opened_at: tx.now(),
        due_at: asked.due_at,
        ended_by: None,
        ended_at: None,
    };
    if let (true, Some(unit)) = (is_task(open.kind), unit) {
        write_assist(tx, loaded, unit);
    }
    loaded.ticket.proceedings += 1;
    tx.stage(row.clone().into_active_model().reset_all());
    loaded.proceedings.push(row);
    Ok(())
}

async fn go_on(
    tx: &Tx,
    vault: &Vault,
    loaded: &mut Loaded,
    (id, state): (ProceedingId, ProceedingState),
    answer: Option<&String>,
    doer: Doer<'_>,
) -> Result<(), AppError> {
    let sealed = seal(vault, answer)?;
    let Some(row) = loaded.proceedings.iter_mut().find(|row| row.id == id) else {
        return Ok(());
    };
    row.state = state;
    row.answered_sealed = sealed.or(row.answered_sealed.take());
    if state != ProceedingState::Answered {
        row.ended_at = Some(tx.now());
        let (kind, actor) = doer.actor.identity();
        row.ended_by = actor.filter(|_| kind == ActorKind::Staff).map(Into::into);
    }
    let row = row.clone();
    proceeding::Entity::update(row.clone().into_active_model().reset_all())
        .exec(tx)
        .await?;
    let unit = row.unit_id.filter(|_| is_task(row.kind));
    let another = loaded
        .proceedings
        .iter()
        .any(|other| other.ended_at.is_none() && is_task(other.kind) && other.unit_id == unit);
    match unit {
        Some(unit) if !another => end_assist(tx, loaded, unit).await,
        _ => Ok(()),
    }
}

/// Where a return that was agreed to leads.
async fn ruled(tx: &Tx, loaded: &mut Loaded, unit: UnitId) -> Result<(), AppError> {
    let last = loaded
        .proceedings
        .iter_mut()
        .rev()
        .find(|row| row.kind == ProceedingKind::Return)
        .filter(|row| row.state == ProceedingState::Granted && row.target_unit_id != Some(unit));
    let Some(row) = last else { return Ok(()) };
    row.target_unit_id = Some(unit);
    let row = row.clone().into_active_model().reset_all();
    proceeding::Entity::update(row).exec(tx).await?;
    Ok(())
}

fn is_task(kind: ProceedingKind) -> bool {
    matches!(kind, ProceedingKind::Task | ProceedingKind::Whistle)
}

fn seal(vault: &Vault, text: Option<&String>) -> Result<Option<Vec<u8>>, AppError> {
    text.map(|text| vault.seal_text(label::PROCEEDING, text))
        .transpose()
}

/// The small lives of a ticket, in the order of their beginning.
///
/// # Errors
/// When the database does not answer.
pub async fn of_ticket(
    conn: &impl ConnectionTrait,
    id: TicketId,
) -> Result<Vec<proceeding::Model>, AppError> {
    let rows = proceeding::Entity::find()
        .filter(proceeding::Column::TicketId.eq(id))
        .order_by_asc(proceeding::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// The small lives of several tickets, in the order of their beginning.
///
/// # Errors
/// When the database does not answer.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    ids: &[TicketId],
) -> Result<Vec<proceeding::Model>, AppError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = proceeding::Entity::find()
        .filter(proceeding::Column::TicketId.is_in(padded(ids)))
        .order_by_asc(proceeding::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}
