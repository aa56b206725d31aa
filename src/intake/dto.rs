//! Wire shapes of places and routes.

use super::deadlines::Question;
use crate::platform::error::{AppError, Fields};
use crate::sla::DeadlineOut;
use crate::sla::rules::year::{YEARS, years_rule};
use chrono::{DateTime, Datelike, Utc};
use entity::id::{AssignmentPolicyId, RuleId, StaffId, UnitId};
use entity::kind::{Channel, RequestType, Strategy, Urgency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place: a unit, a point, an address, or more than one of them.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceIn {
    /// The community or village, if it is known.
    pub unit_id: Option<UnitId>,
    /// The address in words.
    #[schema(example = "白沙街道羊桥社区 12 号")]
    pub address: Option<String>,
    /// Latitude, WGS 84.
    pub lat: Option<f64>,
    /// Longitude, WGS 84.
    pub lng: Option<f64>,
}

/// A unit, in few words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitRef {
    /// Key.
    pub id: UnitId,
    /// Name; of a place: from the district down.
    #[schema(example = "蓬江区 白沙街道 羊桥社区")]
    pub name: String,
    /// Codes from the district down.
    #[schema(example = "/440703/440703002/440703002101/")]
    pub path: String,
}

/// A person, in few words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonOut {
    /// Key.
    pub id: StaffId,
    /// Name.
    #[schema(example = "经办人（示例）")]
    pub name: String,
    /// `covers_post`, `handler_of_unit` or `lead_of_unit`.
    #[schema(example = "covers_post")]
    pub because: String,
}

/// How a person of the unit is found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssignmentOut {
    /// The unit's strategy.
    pub strategy: Strategy,
    /// The policy that sets it; absent where it is the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<AssignmentPolicyId>,
    /// `chosen`; `inbox`: nobody, the unit's inbox; `waiting`: the choice comes in a moment.
    #[schema(example = "chosen")]
    pub state: String,
    /// Who was considered, where open tickets were counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateOut>,
}

/// Somebody who was considered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateOut {
    /// Key.
    pub id: StaffId,
    /// Name.
    #[schema(example = "经办人（示例）")]
    pub name: String,
    /// Open tickets at that moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<u64>,
    /// Open tickets at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// `chosen`, `more_to_do`, `not_their_turn`, `other_post`, `on_leave:` with the last day, `at_capacity`, `disabled` or
    /// `hands_over`.
    #[schema(example = "more_to_do")]
    pub why: String,
}

/// What put a request where it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GroundOut {
    /// `rule`, `own_service` or `catalogue`.
    #[schema(example = "catalogue")]
    pub kind: String,
    /// The rule, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<RuleId>,
    /// In words.
    #[schema(example = "服务目录：由社区办理")]
    pub text: String,
}

/// What was not chosen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedOut {
    /// A rule, a unit, a person.
    #[schema(example = "综合执法队")]
    pub what: String,
    /// One word, and what it concerns.
    #[schema(example = "other_post")]
    pub why: String,
}

/// Where a request goes, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RouteOut {
    /// The service's code.
    #[schema(example = "120302")]
    pub category: String,
    /// Where it happened.
    pub place: UnitRef,
    /// `unit`, `boundary`, `name` or `alias`.
    #[schema(example = "name")]
    pub place_matched_by: String,
    /// What of the address named the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_found: Option<String>,
    /// Whether it goes to the dispatchers' pool, since nothing could place it.
    pub pool: bool,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitRef>,
    /// The person; without one it waits in the unit's inbox, or for the choice that `assignment` tells of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonOut>,
    /// How the person is found; absent for the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentOut>,
    /// The post that handles it.
    #[schema(example = "grid_worker")]
    pub post: String,
    /// What put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<GroundOut>,
    /// What was not chosen, and why.
    pub rejected: Vec<RejectedOut>,
}

/// A request that is not registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulateIn {
    /// The service's code.
    #[schema(example = "120302")]
    pub category: String,
    /// The type; the service's own unless given.
    pub request_type: Option<RequestType>,
    /// The way in; the telephone unless given.
    pub channel: Option<Channel>,
    /// Where.
    pub place: PlaceIn,
}

/// A place to look up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocateIn {
    /// Where.
    pub place: PlaceIn,
}

/// A place that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct LocatedOut {
    /// The smallest unit that it belongs to.
    pub unit: UnitRef,
    /// `unit`, `boundary`, `name` or `alias`.
    #[schema(example = "boundary")]
    pub matched_by: String,
    /// What of the address named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// For which request to count deadlines.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlinesIn {
    /// The service's code.
    #[schema(example = "120302")]
    pub category: String,
    /// The service's own unless given.
    pub request_type: Option<RequestType>,
    /// The service's own unless given.
    pub urgency: Option<Urgency>,
    /// The unit that would have it in hands.
    pub unit_id: Option<UnitId>,
    /// When the limits would begin; now unless given.
    pub at: Option<DateTime<Utc>>,
}

/// Deadlines, one for each clock that has a limit.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlinesOut {
    /// In the order of the lifecycle. Each is counted as if it began at the same instant.
    pub items: Vec<DeadlineOut>,
}

impl DeadlinesIn {
    /// Checks all fields.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(&self, now: DateTime<Utc>) -> Result<Question, AppError> {
        let mut fields = Fields::default();
        let category = fields.text("/category", &self.category, 12);
        let at = self.at.unwrap_or(now);
        if !YEARS.contains(&at.year()) {
            fields.add("/at", years_rule());
        }
        fields.finish()?;
        Ok(Question {
            category,
            request_type: self.request_type,
            urgency: self.urgency,
            unit_id: self.unit_id,
            at,
        })
    }
}
