//! Tickets by unit and state, folded from the event log.

use crate::id::UnitId;
use crate::kind::TicketState;
use sea_orm::entity::prelude::*;

/// A row of `queue_count`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub state: TicketState,
    pub n: i64,
}

impl ActiveModelBehavior for ActiveModel {}
