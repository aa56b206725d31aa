//! Clocks of a ticket: one row a limit and round.

use crate::id::{ClockId, PolicyId, TicketId};
use crate::kind::{ClockKind, LimitUnit};
use sea_orm::entity::prelude::*;

/// A row of `clock`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "clock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClockId,
    pub ticket_id: TicketId,
    pub kind: ClockKind,
    pub round: i32,
    pub amount: i32,
    pub unit: LimitUnit,
    /// Null where the service's own limit ruled.
    pub policy_id: Option<PolicyId>,
    pub calendar_version: i32,
    /// Ends in a year whose holidays are not published.
    pub provisional: bool,
    pub started_at: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub stopped_at: Option<DateTimeUtc>,
    pub breached_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
