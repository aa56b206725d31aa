//! Clocks of a ticket: one row a limit and round.

use crate::id::{ClockId, PolicyId, ProceedingId, TicketId, UnitId};
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
    /// The small life whose clock it is; null for the ticket's own.
    pub proceeding_id: Option<ProceedingId>,
    /// The unit whose duty it is.
    pub unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_path: Option<String>,
    /// Whether figures count it: not that of a ticket that was merged into another or taken back.
    pub counts: bool,
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
    /// When it was due before any extension.
    pub first_due_at: DateTimeUtc,
    /// How much was added to the amount by extensions.
    pub extended: i32,
    /// How many extensions that were.
    pub extensions: i32,
    /// Pauses that are over: `[[from, to], …]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub pauses: Json,
    /// Since when it stands still.
    pub paused_at: Option<DateTimeUtc>,
    /// Whether a plan sets its end, not a limit.
    pub by_plan: bool,
    /// How far people were told: 0 not yet, 1 reminded, 2 overdue, 3 and 4 escalated.
    pub stage: i32,
    pub stopped_at: Option<DateTimeUtc>,
    pub breached_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
