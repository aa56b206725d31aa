//! Wire shapes of workload.

use chrono::NaiveDate;
use entity::id::{StaffId, UnitId};
use entity::kind::{Role, TicketState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whose workload.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkloadQuery {
    /// Whether people of the units below are shown, too, as far as the caller reaches.
    pub below: Option<bool>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What somebody who can be given tickets of a unit has to do. Tickets of all units in which they hold a role count.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkloadOut {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Who.
    pub staff_id: StaffId,
    /// Name.
    #[schema(example = "经办人（示例）")]
    pub staff_name: String,
    /// As what.
    pub roles: Vec<Role>,
    /// Open tickets.
    #[schema(example = 7)]
    pub open: u64,
    /// Open tickets by state.
    pub states: Vec<StateCount>,
    /// Open tickets of which something is overdue.
    #[schema(example = 1)]
    pub overdue: u64,
    /// Open tickets at most that are given without somebody's choosing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 30)]
    pub capacity: Option<u64>,
    /// On leave today, until this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away_until: Option<NaiveDate>,
}

/// How many tickets are in a state.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateCount {
    /// The state.
    pub state: TicketState,
    /// How many.
    #[schema(example = 3)]
    pub n: u64,
}
