//! Shifts: who is on duty in a unit, and for how long.

use crate::id::{ShiftId, UnitId};
use crate::kind::DutyPost;
use sea_orm::entity::prelude::*;

/// A row of `shift`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "shift")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShiftId,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// On duty as what.
    pub post: DutyPost,
    pub starts_at: DateTimeUtc,
    /// Not on duty any more from this instant on.
    pub ends_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
    pub version: i64,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
