//! Who looked at a ticket.

use chrono::{DateTime, Utc};
use entity::access_record;
use entity::kind::{ActorKind, Looked, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A look at a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessOut {
    /// When.
    pub at: DateTime<Utc>,
    /// At what.
    pub what: Looked,
    /// The same in Chinese.
    #[schema(example = "查阅工单")]
    pub label: String,
    /// Who: staff, an integrator's program, or an app that the caller let in (`resident`).
    pub actor_kind: ActorKind,
    /// In which role.
    pub role: Role,
    /// Of which unit, as it was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// The name, for those who supervise; that of an app for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
}

impl AccessOut {
    /// As one sees it who may know the names, or not.
    #[must_use]
    pub fn new(row: access_record::Model, names: bool) -> Self {
        Self {
            at: row.at,
            what: row.what,
            label: row.what.chinese().to_owned(),
            actor_kind: row.actor_kind,
            role: row.role,
            unit_name: row.unit_name,
            actor_name: row
                .actor_name
                .filter(|_| names || row.actor_kind == ActorKind::Resident),
        }
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessQuery {
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}
