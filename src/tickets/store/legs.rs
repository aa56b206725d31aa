//! Legs of a ticket's way: which unit has it, and who there.

use super::{Loaded, Said, timer};
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::reference::Reference;
use crate::staff;
use crate::tickets::rules::lifecycle::Change;
use crate::tickets::rules::open::is_open;
use entity::assignment;
use entity::id::{AssignmentId, StaffId, TicketId, UnitId};
use entity::kind::LegNature;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

/// A leg as it stands in the timeline: names of the day.
#[derive(Clone, Debug)]
pub struct LegData {
    /// The unit.
    pub unit_id: UnitId,
    /// Its path of the day.
    pub unit_path: String,
    /// Its name of the day.
    pub unit_name: String,
    /// The person.
    pub staff_id: Option<StaffId>,
    /// The person's name.
    pub staff_name: Option<String>,
    /// The post.
    pub post: Option<String>,
    /// Whether the person is chosen in a moment, when open tickets are counted.
    pub waits: bool,
    /// Why it came here.
    pub explanation: Value,
}

impl LegData {
    /// What the timeline keeps of it.
    #[must_use]
    pub fn words(&self) -> Value {
        json!({ "unit": self.unit_name, "unit_id": self.unit_id, "staff": self.staff_name, "staff_id": self.staff_id })
    }

    fn into_row(self, tx: &Tx, ticket: TicketId) -> assignment::Model {
        assignment::Model {
            id: tx.ids().id(),
            ticket_id: ticket,
            nature: LegNature::Lead,
            unit_id: self.unit_id,
            unit_path: self.unit_path,
            unit_name: self.unit_name,
            staff_id: self.staff_id,
            staff_name: self.staff_name,
            post: self.post,
            explanation: self.explanation,
            counts: true,
            started_at: tx.now(),
            ended_at: None,
            closed_at: None,
        }
    }
}

/// Writes who has the ticket.
pub(super) async fn write_leg(
    tx: &Tx,
    loaded: &mut Loaded,
    change: &Change,
    said: &Said,
) -> Result<(), AppError> {
    match change {
        Change::Lead { .. } | Change::Follow { .. } => {
            let data = said.leg.clone().ok_or_else(|| AppError::new(Code::Internal))?;
            if data.waits {
                timers::set(tx, timer::ASSIGN, loaded.ticket.id.0, tx.now());
            }
            let leg = assignment::Model {
                counts: !matches!(change, Change::Follow { .. }),
                ..data.into_row(tx, loaded.ticket.id)
            };
            for old in loaded.legs.iter().filter(|old| old.nature == LegNature::Lead) {
                end_leg(tx, old).await?;
            }
            loaded.legs.retain(|old| old.nature != LegNature::Lead);
            tx.stage(leg.clone().into_active_model().reset_all());
            loaded.legs.push(leg);
        }
        Change::Unled => {
            for old in loaded.legs.iter().filter(|old| old.nature == LegNature::Lead) {
                end_leg(tx, old).await?;
            }
            loaded.legs.retain(|old| old.nature != LegNature::Lead);
        }
        Change::Person(person) => {
            if let Some(leg) = loaded.lead()
                && (leg.staff_id != Some(*person) || said.person_name.is_some())
            {
                let id = leg.id;
                // Who signs for what nobody has, or another had, is not named by the command.
                let name = match said.person_name.clone() {
                    Some(name) => name,
                    None => staff::store::find(tx, *person).await?.display_name,
                };
                give(tx, loaded, id, Some((*person, name)), None).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Writes that a unit has a part of it in hands.
pub(super) fn write_assist(tx: &Tx, loaded: &mut Loaded, (id, path, name): (UnitId, String, String)) {
    let known = |leg: &assignment::Model| leg.nature == LegNature::Assist && leg.unit_id == id;
    if loaded.legs.iter().any(known) {
        return;
    }
    let leg = assignment::Model {
        id: tx.ids().id(),
        ticket_id: loaded.ticket.id,
        nature: LegNature::Assist,
        unit_id: id,
        unit_path: path,
        unit_name: name,
        staff_id: None,
        staff_name: None,
        post: None,
        explanation: json!({}),
        counts: true,
        started_at: tx.now(),
        ended_at: None,
        closed_at: None,
    };
    tx.stage(leg.clone().into_active_model().reset_all());
    loaded.legs.push(leg);
}

/// Writes that a unit has no part of it in hands any more.
pub(super) async fn end_assist(tx: &Tx, loaded: &mut Loaded, unit: UnitId) -> Result<(), AppError> {
    let theirs = |leg: &assignment::Model| leg.nature == LegNature::Assist && leg.unit_id == unit;
    for leg in loaded.legs.iter().filter(|leg| theirs(leg)) {
        end_leg(tx, leg).await?;
    }
    loaded.legs.retain(|leg| !theirs(leg));
    Ok(())
}

/// Gives a leg to a person, or to its unit's inbox; the explanation stays unless there is a new one.
///
/// # Errors
/// When the database does not answer.
pub async fn give(
    tx: &Tx,
    loaded: &mut Loaded,
    id: AssignmentId,
    person: Option<(StaffId, String)>,
    explanation: Option<Value>,
) -> Result<(), AppError> {
    let Some(leg) = loaded.legs.iter_mut().find(|leg| leg.id == id) else {
        return Err(AppError::new(Code::Internal));
    };
    let (staff_id, staff_name) = person.unzip();
    leg.staff_id = staff_id;
    leg.staff_name = staff_name;
    let mut update = assignment::Entity::update_many()
        .col_expr(
            assignment::Column::StaffId,
            Expr::value(leg.staff_id.map(|id| id.0)),
        )
        .col_expr(assignment::Column::StaffName, Expr::value(leg.staff_name.clone()));
    if let Some(explanation) = explanation {
        leg.explanation = explanation;
        update = update.col_expr(
            assignment::Column::Explanation,
            Expr::value(leg.explanation.clone()),
        );
    }
    update.filter(assignment::Column::Id.eq(leg.id)).exec(tx).await?;
    Ok(())
}

/// Marks the legs of a ticket that is over, so that nobody counts them as work; of one that is taken up again they count
/// once more, and whoever is gone meanwhile is looked after in a moment.
pub(super) async fn follow(tx: &Tx, reference: &Reference, loaded: &mut Loaded) -> Result<(), AppError> {
    let over = (!is_open(loaded.ticket.state)).then(|| tx.now());
    let changed = |leg: &assignment::Model| leg.closed_at.is_some() != over.is_some();
    if !loaded.legs.iter().any(changed) {
        return Ok(());
    }
    for leg in &mut loaded.legs {
        leg.closed_at = over;
    }
    assignment::Entity::update_many()
        .col_expr(assignment::Column::ClosedAt, Expr::value(over))
        .filter(assignment::Column::TicketId.eq(loaded.ticket.id))
        .filter(assignment::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    let there = |leg: &assignment::Model| {
        let units = [leg.unit_id, reference.directory.heir(leg.unit_id)];
        let mut roster = reference
            .roster
            .iter()
            .filter(|colleague| colleague.takes_tickets());
        roster.any(|colleague| Some(colleague.id) == leg.staff_id && units.contains(&colleague.unit))
    };
    if over.is_none() && loaded.lead().is_some_and(|leg| !there(leg)) {
        timers::set(tx, timer::ASSIGN, loaded.ticket.id.0, tx.now());
    }
    Ok(())
}

/// Writes whether figures count that units had a ticket: not where it was taken back, or is treated with another.
pub(super) async fn write_counts(tx: &Tx, ticket: TicketId, counts: bool) -> Result<(), AppError> {
    assignment::Entity::update_many()
        .col_expr(assignment::Column::Counts, Expr::value(counts))
        .filter(assignment::Column::TicketId.eq(ticket))
        .exec(tx)
        .await?;
    Ok(())
}

async fn end_leg(tx: &Tx, leg: &assignment::Model) -> Result<(), AppError> {
    assignment::Entity::update_many()
        .col_expr(assignment::Column::EndedAt, Expr::value(Some(tx.now())))
        .filter(assignment::Column::Id.eq(leg.id))
        .exec(tx)
        .await?;
    Ok(())
}
