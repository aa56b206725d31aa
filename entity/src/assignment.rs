//! Legs of a ticket's way: which unit had it, and who there.

use crate::id::{AssignmentId, StaffId, TicketId, UnitId};
use crate::kind::LegNature;
use sea_orm::entity::prelude::*;

/// A row of `assignment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    pub ticket_id: TicketId,
    pub nature: LegNature,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// The unit's name of the day.
    #[sea_orm(column_type = "Text")]
    pub unit_name: String,
    pub staff_id: Option<StaffId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub staff_name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub post: Option<String>,
    /// Why it came here.
    #[sea_orm(column_type = "JsonBinary")]
    pub explanation: Json,
    /// Whether figures count it: not what follows from another ticket.
    pub counts: bool,
    pub started_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    /// When the ticket was over while this unit had it; none while it is open. So that a person's open tickets are
    /// counted without looking at closed ones.
    pub closed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
