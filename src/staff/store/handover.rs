//! Rows of `handover`, and the timers that carry them out.

use crate::access::authenticate::end_of;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::staff::rules::handles;
use chrono::TimeDelta;
use entity::id::{GrantId, HandoverId, StaffId, UnitId};
use entity::kind::{HandoverCause, HandoverTarget};
use entity::{handover, role_grant};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter,
};

/// The timer that hands tickets over; the subject is the handover.
pub const HANDOVER: &str = "staff.handover";
/// The timer that looks whether somebody's last role in a unit is over; the subject is the grant.
pub const GRANT_OVER: &str = "staff.grant_over";

/// Who is gone may be given a ticket by an instance that has not noticed yet: so long after, it is looked again.
const LOOK_AGAIN_S: i64 = 60;

/// What is to be handed over.
#[derive(Clone, Debug)]
pub struct NewHandover {
    /// Whose tickets.
    pub staff_id: StaffId,
    /// Those of this unit; of all where there is none.
    pub unit_id: Option<UnitId>,
    /// Why.
    pub cause: HandoverCause,
    /// To whom.
    pub target: HandoverTarget,
    /// To which person.
    pub to: Option<StaffId>,
    /// In words.
    pub reason: Option<String>,
    /// By whose wish.
    pub asked_by: Option<StaffId>,
}

/// Writes down a handover, and sets the timer that carries it out.
pub fn begin(tx: &Tx, new: NewHandover) -> handover::Model {
    let row = handover::Model {
        id: tx.ids().id(),
        staff_id: new.staff_id,
        unit_id: new.unit_id,
        cause: new.cause,
        target: new.target,
        to_staff_id: new.to,
        reason: new.reason,
        asked_by: new.asked_by,
        moved: 0,
        created_at: tx.now(),
        done_at: None,
    };
    tx.stage(row.clone().into_active_model().reset_all());
    timers::set(tx, HANDOVER, row.id.0, tx.now());
    if row.cause != HandoverCause::Asked {
        timers::set(
            tx,
            HANDOVER,
            row.id.0,
            tx.now() + TimeDelta::seconds(LOOK_AGAIN_S),
        );
    }
    row
}

/// Has it looked, when a grant has ended by its last day, whether the holder has left the unit.
pub fn watch(tx: &Tx, grant: &role_grant::Model) {
    if let Some(at) = grant.valid_to.map(end_of)
        && handles(grant.role)
        && at > tx.now()
    {
        timers::set(tx, GRANT_OVER, grant.id.0, at);
    }
}

/// A handover.
///
/// # Errors
/// When the database does not answer.
pub async fn find(conn: &impl ConnectionTrait, id: HandoverId) -> Result<Option<handover::Model>, AppError> {
    Ok(handover::Entity::find_by_id(id).one(conn).await?)
}

/// Notes how many more tickets were handed over, and whether those were all.
///
/// # Errors
/// When the database does not answer.
pub async fn note(tx: &Tx, id: HandoverId, moved: i64, done: bool) -> Result<(), AppError> {
    let mut update = handover::Entity::update_many().col_expr(
        handover::Column::Moved,
        Expr::col(handover::Column::Moved).add(moved),
    );
    if done {
        update = update.set(handover::ActiveModel {
            done_at: Set(Some(tx.now())),
            ..Default::default()
        });
    }
    update.filter(handover::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// A grant, if it is there still.
///
/// # Errors
/// When the database does not answer.
pub async fn grant(conn: &impl ConnectionTrait, id: GrantId) -> Result<Option<role_grant::Model>, AppError> {
    Ok(role_grant::Entity::find_by_id(id).one(conn).await?)
}
