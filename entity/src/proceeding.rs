//! Small lives beside a ticket's own: a return, an extension, a suspension, a task, a whistle, a milestone, a
//! supervision.

use crate::id::{ProceedingId, StaffId, TicketId, UnitId};
use crate::kind::{ProceedingKind, ProceedingState, ReturnGround};
use sea_orm::entity::prelude::*;

/// A row of `proceeding`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "proceeding")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProceedingId,
    pub ticket_id: TicketId,
    pub kind: ProceedingKind,
    pub state: ProceedingState,
    /// The unit that asked, or that is called upon.
    pub unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_path: Option<String>,
    /// The unit's name of the day.
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_name: Option<String>,
    /// Of a return: the ground.
    pub ground: Option<ReturnGround>,
    /// Of a return: the unit believed responsible, and in the end the one that got it.
    pub target_unit_id: Option<UnitId>,
    /// Of an extension: how much, in the unit of the clock.
    pub amount: Option<i32>,
    /// The service's code of the day.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    /// What was asked, and why.
    pub asked_sealed: Option<Vec<u8>>,
    /// What was answered.
    pub answered_sealed: Option<Vec<u8>>,
    pub opened_by: Option<StaffId>,
    pub opened_at: DateTimeUtc,
    /// When it must be looked at again, or be done.
    pub due_at: Option<DateTimeUtc>,
    pub ended_by: Option<StaffId>,
    pub ended_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
