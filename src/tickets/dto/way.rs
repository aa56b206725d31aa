//! The way of a ticket from unit to unit.

use chrono::{DateTime, Utc};
use entity::id::{ProceedingId, UnitId};
use entity::kind::{LegNature, ProceedingState, ReturnGround};
use serde::Serialize;
use utoipa::ToSchema;

/// Who had a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandsOut {
    /// In the order of their beginning.
    pub items: Vec<HandOut>,
}

/// A unit that had a ticket, or a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandOut {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name of the day.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Lead or assisting.
    pub nature: LegNature,
    /// The person there; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_name: Option<String>,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; absent while it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// How long, in minutes.
    pub minutes: i64,
    /// How much of that was working time, in minutes.
    pub working_minutes: i64,
}

/// How returns were ruled before.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrecedentsOut {
    /// Of this service: returns that were agreed to.
    pub granted: u64,
    /// Of this service: returns that were not.
    pub refused: u64,
    /// The latest rulings, the same unit's first.
    pub items: Vec<PrecedentOut>,
}

/// A ruling.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrecedentOut {
    /// Key of the return.
    pub id: ProceedingId,
    /// Number of the ticket.
    #[schema(example = "261124 4829 17309")]
    pub number: String,
    /// The unit that asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// Whether it is the unit that asks now.
    pub same_unit: bool,
    /// The ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<ReturnGround>,
    /// Agreed to or not.
    pub ruling: ProceedingState,
    /// The unit that got the ticket, or was believed responsible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_unit_name: Option<String>,
    /// What was asked, numbers of persons masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The reason of the ruling, numbers of persons masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// When it was ruled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruled_at: Option<DateTime<Utc>>,
}
