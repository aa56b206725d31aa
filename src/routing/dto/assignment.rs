//! Wire shapes of assignment policies.

use crate::platform::error::{AppError, Fields, Rule};
use crate::routing::commands::assignment::NewPolicy;
use chrono::NaiveDate;
use entity::assignment_policy;
use entity::id::{AssignmentPolicyId, UnitId};
use entity::kind::Strategy;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How the tickets of a unit, and of those below it without a policy of their own, find their person.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentPolicyOut {
    /// Key.
    pub id: AssignmentPolicyId,
    /// The unit.
    pub unit_id: UnitId,
    /// Its path.
    #[schema(example = "/440703/440703002/")]
    pub unit_path: String,
    /// `manual` leaves tickets in the unit's inbox; `by_post`, as without a policy, takes who covers the post, else a
    /// handler, else the lead; `least_load` and `round_robin` take one of the handlers, else of the leads.
    pub strategy: Strategy,
    /// The ground.
    #[schema(example = "街道派单办法第 3 条")]
    pub reason: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl From<assignment_policy::Model> for AssignmentPolicyOut {
    fn from(row: assignment_policy::Model) -> Self {
        Self {
            id: row.id,
            unit_id: row.unit_id,
            unit_path: row.unit_path,
            strategy: row.strategy,
            reason: row.reason,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            version: row.version,
        }
    }
}

/// Which policies to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssignmentPoliciesQuery {
    /// Only those of this unit itself.
    pub unit_id: Option<UnitId>,
    /// Only policies valid on this day.
    pub on: Option<NaiveDate>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A new policy. Two of one unit may follow one another, not overlap.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "strategy": "least_load", "reason": "街道派单办法第 3 条"}))]
pub struct AssignmentPolicyIn {
    /// For this unit and those below it.
    pub unit_id: UnitId,
    /// The strategy.
    pub strategy: Strategy,
    /// The ground.
    #[schema(example = "街道派单办法第 3 条")]
    pub reason: String,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// The end of a policy: tickets that were given by it stay where they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentPolicyPatch {
    /// Last day: the policy is retired after it.
    #[schema(example = "2026-12-31")]
    pub valid_to: NaiveDate,
}

impl AssignmentPolicyIn {
    /// Checks all fields.
    pub fn parse(self, today: NaiveDate) -> Result<NewPolicy, AppError> {
        let mut fields = Fields::default();
        let valid_from = self.valid_from.unwrap_or(today);
        if self.valid_to.is_some_and(|last| last < valid_from) {
            fields.add("/valid_to", Rule::Range(format!("{valid_from}..")));
        }
        let reason = fields.text("/reason", &self.reason, super::REASON_MAX);
        fields.finish()?;
        Ok(NewPolicy {
            unit_id: self.unit_id,
            strategy: self.strategy,
            reason,
            valid_from,
            valid_to: self.valid_to,
        })
    }
}
