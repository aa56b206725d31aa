//! Somebody's open tickets go to others: what is to be done, and how far it is.

use crate::id::{HandoverId, StaffId, UnitId};
use crate::kind::{HandoverCause, HandoverTarget};
use sea_orm::entity::prelude::*;

/// A row of `handover`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "handover")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HandoverId,
    /// Whose tickets.
    pub staff_id: StaffId,
    /// Those of this unit; of all where there is none.
    pub unit_id: Option<UnitId>,
    pub cause: HandoverCause,
    pub target: HandoverTarget,
    /// Who gets them, where the target is a person.
    pub to_staff_id: Option<StaffId>,
    /// Numbers masked.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Who asked for it; none where it happened by itself.
    pub asked_by: Option<StaffId>,
    /// Tickets handed over so far.
    pub moved: i64,
    pub created_at: DateTimeUtc,
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
