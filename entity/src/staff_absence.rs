//! Leave (休假): days on which somebody is given no tickets unless they are named.

use crate::id::{AbsenceId, StaffId};
use crate::kind::AbsenceKind;
use sea_orm::entity::prelude::*;

/// A row of `staff_absence`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_absence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AbsenceId,
    pub staff_id: StaffId,
    pub kind: AbsenceKind,
    pub first_day: Date,
    /// Inclusive.
    pub last_day: Date,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
