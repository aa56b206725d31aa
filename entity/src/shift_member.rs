//! Members of a shift, in the order in which they are called.

use crate::id::{ShiftId, ShiftMemberId, StaffId};
use crate::kind::StandInReason;
use sea_orm::entity::prelude::*;

/// A row of `shift_member`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "shift_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShiftMemberId,
    pub shift_id: ShiftId,
    pub staff_id: StaffId,
    /// 0 is called first; the others are deputies.
    pub ord: i32,
    /// The shift's own times, unless somebody stands in for a part of it.
    pub starts_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    /// Whose place it is.
    pub stands_in_for: Option<StaffId>,
    /// Why.
    pub reason: Option<StandInReason>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
