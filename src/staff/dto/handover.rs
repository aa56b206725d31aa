//! Wire shapes of handovers.

use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::personal::mask_numbers;
use crate::staff::commands::handover::Asked;
use chrono::{DateTime, Utc};
use entity::handover;
use entity::id::{HandoverId, StaffId, UnitId};
use entity::kind::{HandoverCause, HandoverTarget};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const REASON_MAX: usize = 200;

/// Whose tickets of a unit go to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "target": "strategy", "reason": "调离本社区"}))]
pub struct HandoverIn {
    /// The unit whose tickets they are.
    pub unit_id: UnitId,
    /// To a `person`, to the unit's `inbox`, or to whom the unit's `strategy` chooses.
    pub target: HandoverTarget,
    /// The person, who can be given tickets of the unit.
    pub to_staff_id: Option<StaffId>,
    /// Why; stands in the timeline, for staff.
    #[schema(example = "调离本社区")]
    pub reason: String,
}

impl HandoverIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<Asked, AppError> {
        let mut fields = Fields::default();
        match (self.target, self.to_staff_id) {
            (HandoverTarget::Person, None) => fields.add("/to_staff_id", Rule::Required),
            (HandoverTarget::Inbox | HandoverTarget::Strategy, Some(_)) => {
                fields.add("/to_staff_id", Rule::Unexpected);
            }
            _ => {}
        }
        let reason = fields.text("/reason", &self.reason, REASON_MAX);
        fields.finish()?;
        Ok(Asked {
            unit_id: self.unit_id,
            target: self.target,
            to_staff_id: self.to_staff_id,
            reason: mask_numbers(&reason),
        })
    }
}

/// A handover. It is carried out right after the answer, some tickets in each transaction; the workload shows how far it
/// is.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandoverOut {
    /// Key; each ticket's timeline names it.
    pub id: HandoverId,
    /// Whose tickets.
    pub staff_id: StaffId,
    /// Those of this unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Why.
    pub cause: HandoverCause,
    /// To whom.
    pub target: HandoverTarget,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_staff_id: Option<StaffId>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<handover::Model> for HandoverOut {
    fn from(row: handover::Model) -> Self {
        Self {
            id: row.id,
            staff_id: row.staff_id,
            unit_id: row.unit_id,
            cause: row.cause,
            target: row.target,
            to_staff_id: row.to_staff_id,
            created_at: row.created_at,
        }
    }
}
