//! Whose turn it was last in a unit that takes turns.

use crate::id::{StaffId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `routing_turn`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_turn")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    pub staff_id: StaffId,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
