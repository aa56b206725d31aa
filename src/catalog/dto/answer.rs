//! What is answered.

use crate::catalog::store;
use chrono::NaiveDate;
use entity::id::{ServiceId, UnitId};
use entity::kind::{LimitUnit, RequestType, ResponsibleKind, ServiceState, Urgency};
use entity::service;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A service's own limit for the resolution.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveLimit {
    /// How many.
    #[schema(example = 5)]
    pub amount: i32,
    /// Of what.
    pub unit: LimitUnit,
}

/// Who handles a service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Responsible {
    /// The kind of unit.
    pub unit_kind: ResponsibleKind,
    /// The post there.
    #[schema(example = "mediator")]
    pub post: String,
    /// The department's code, where a department handles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

/// A service of the catalogue, or a heading above services.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "as in the row")]
pub struct ServiceOut {
    /// Key of this period of validity.
    pub id: ServiceId,
    /// Local code: two digits a level; eight for a community's own service.
    #[schema(example = "010101")]
    pub code: String,
    /// Code of the heading above.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0101")]
    pub parent: Option<String>,
    /// Name.
    #[schema(example = "婚姻家事")]
    pub name: String,
    /// English name.
    #[schema(example = "Marriage and family law")]
    pub name_en: String,
    /// Code in GB/T 39666 or DB44/T 2479.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std_code: Option<String>,
    /// Types of request that it takes.
    pub request_types: Vec<RequestType>,
    /// The type unless the caller says otherwise.
    pub default_type: RequestType,
    /// The urgency unless the operator says otherwise.
    pub urgency: Urgency,
    /// Its own limit for the resolution, where the policy's does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve_limit: Option<ResolveLimit>,
    /// Who handles it.
    pub responsible: Responsible,
    /// Powers that whoever handles it must hold.
    pub powers: Vec<String>,
    /// Whether it touches sensitive personal information.
    pub sensitive: bool,
    /// Whether it may be accepted without an operator's look.
    pub auto_accept: bool,
    /// Whether the matter tends to come back.
    pub relapse: bool,
    /// The statutory procedure that goes on elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_procedure: Option<String>,
    /// Its own form: a small subset of JSON Schema.
    #[schema(value_type = Object)]
    pub form: Value,
    /// Whether requests can be registered under it; headings can't be chosen.
    pub selectable: bool,
    /// The community whose special service (特色服务) it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_unit_id: Option<UnitId>,
    /// Where it stands.
    pub state: ServiceState,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl From<service::Model> for ServiceOut {
    fn from(row: service::Model) -> Self {
        let entry = store::entry(&row);
        Self {
            id: row.id,
            code: entry.code,
            parent: entry.parent,
            name: entry.name,
            name_en: entry.name_en,
            std_code: entry.std_code,
            request_types: entry.request_types,
            default_type: entry.default_type,
            urgency: entry.urgency,
            resolve_limit: entry
                .resolve_limit
                .map(|(amount, unit)| ResolveLimit { amount, unit }),
            responsible: Responsible {
                unit_kind: entry.responsible,
                post: entry.post,
                department: entry.department,
            },
            powers: entry.powers,
            sensitive: entry.sensitive,
            auto_accept: entry.auto_accept,
            relapse: entry.relapse,
            external_procedure: entry.external_procedure,
            form: entry.form,
            selectable: entry.selectable,
            owner_unit_id: row.owner_unit_id,
            state: row.state,
            valid_from: entry.valid_from,
            valid_to: entry.valid_to,
            version: row.version,
        }
    }
}
