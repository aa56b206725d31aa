//! The deadlines of a ticket.

use crate::sla::DeadlineOut;
use chrono::{DateTime, Utc};
use entity::id::ProceedingId;
use entity::kind::Lamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Clocks of a ticket, each with its explanation.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketDeadlinesOut {
    /// In the order of their start. The requester sees that of the resolution.
    pub items: Vec<TicketDeadlineOut>,
}

/// A clock of a ticket, and why it ends when it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketDeadlineOut {
    /// The deadline.
    #[serde(flatten)]
    pub deadline: DeadlineOut,
    /// For which round.
    pub round: i32,
    /// When it was stopped: what it measures was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// Whether it ran out before it was stopped.
    pub breached: bool,
    /// When it would have ended without extension or pause.
    pub first_due_at: DateTime<Utc>,
    /// How much of `amount` extensions added.
    pub extended: i32,
    /// Since when it stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<DateTime<Utc>>,
    /// Whether a plan of milestones sets its end, not a limit.
    pub by_plan: bool,
    /// The proceeding whose clock it is; none for the ticket's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proceeding_id: Option<ProceedingId>,
    /// How near its end is; none once it is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lamp: Option<Lamp>,
    /// How much of the limit is used up, in per cent, measured in working time where the limit is; none once it is
    /// stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 35)]
    pub used_percent: Option<u8>,
    /// The version of the calendar's year in which it ends, as it was when the end was counted last.
    pub calendar_version: i32,
    /// Where the working calendar has changed since this was counted: when it would end today. `days` tells that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recount_due_at: Option<DateTime<Utc>>,
}
