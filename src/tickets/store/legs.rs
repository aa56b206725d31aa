//! Legs of a ticket's way: which unit has it, and who there.

use super::{Loaded, Said};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::tickets::rules::lifecycle::Change;
use entity::assignment;
use entity::id::{StaffId, TicketId, UnitId};
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
            started_at: tx.now(),
            ended_at: None,
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
            let leg = said
                .leg
                .clone()
                .ok_or_else(|| AppError::new(Code::Internal))?
                .into_row(tx, loaded.ticket.id);
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
            if let Some(leg) = loaded.legs.iter_mut().find(|leg| leg.nature == LegNature::Lead) {
                leg.staff_id = Some(*person);
                leg.staff_name = said.person_name.clone().or_else(|| leg.staff_name.clone());
                assignment::Entity::update_many()
                    .col_expr(assignment::Column::StaffId, Expr::value(Some(person.0)))
                    .col_expr(assignment::Column::StaffName, Expr::value(leg.staff_name.clone()))
                    .filter(assignment::Column::Id.eq(leg.id))
                    .exec(tx)
                    .await?;
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
        started_at: tx.now(),
        ended_at: None,
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

async fn end_leg(tx: &Tx, leg: &assignment::Model) -> Result<(), AppError> {
    assignment::Entity::update_many()
        .col_expr(assignment::Column::EndedAt, Expr::value(Some(tx.now())))
        .filter(assignment::Column::Id.eq(leg.id))
        .exec(tx)
        .await?;
    Ok(())
}
