//! What is asked and sent.

use super::{ResolveLimit, Responsible};
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::{RequestType, ServiceState, Urgency};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// Which services to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServicesQuery {
    /// Only what can be asked for at this unit's place today: headings are left out, and so are special services
    /// of other communities.
    pub unit_id: Option<UnitId>,
    /// Only what takes requests of this type.
    pub request_type: Option<RequestType>,
    /// Only what stands directly below this code; an empty one asks for the top.
    #[param(example = "0101")]
    pub parent: Option<String>,
    /// Only what has this in its name.
    #[param(example = "调解")]
    pub q: Option<String>,
    /// Where it stands; `active` unless given. Others are shown to those who propose and decide them.
    pub state: Option<ServiceState>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A new service. Its code, as two digits a level, must begin with its parent's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "as in the row")]
#[schema(example = json!({"code": "010199", "parent": "0101", "name": "示例服务", "name_en": "Example service", "request_types": ["consult"], "default_type": "consult", "urgency": "p2", "responsible": {"unit_kind": "community", "post": "mediator"}}))]
pub struct ServiceIn {
    /// Local code: 2, 4 or 6 digits.
    #[schema(example = "010199")]
    pub code: String,
    /// Code of the heading above; only two digits have none.
    #[schema(example = "0101")]
    pub parent: Option<String>,
    /// Name.
    #[schema(example = "示例服务")]
    pub name: String,
    /// English name.
    #[schema(example = "Example service")]
    pub name_en: String,
    /// Code in GB/T 39666 or DB44/T 2479.
    pub std_code: Option<String>,
    /// Types of request that it takes.
    pub request_types: Vec<RequestType>,
    /// The type unless the caller says otherwise; one of `request_types`.
    pub default_type: RequestType,
    /// The urgency unless the operator says otherwise.
    pub urgency: Urgency,
    /// Its own limit for the resolution.
    pub resolve_limit: Option<ResolveLimit>,
    /// Who handles it.
    pub responsible: Responsible,
    /// Powers that whoever handles it must hold.
    #[serde(default)]
    pub powers: Vec<String>,
    /// Whether it touches sensitive personal information.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether it may be accepted without an operator's look.
    #[serde(default)]
    pub auto_accept: bool,
    /// Whether the matter tends to come back.
    #[serde(default)]
    pub relapse: bool,
    /// The statutory procedure that goes on elsewhere.
    pub external_procedure: Option<String>,
    /// Its own form: a small subset of JSON Schema; without fields unless given.
    #[serde(default = "no_fields")]
    #[schema(value_type = Option<Object>)]
    pub form: Value,
    /// Whether requests can be registered under it.
    #[serde(default = "yes")]
    pub selectable: bool,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// A change of a service: what is absent stays; `null` takes away what a service may lack.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent stays, null takes away")]
#[schema(example = json!({"name": "长者饭堂送餐", "urgency": "p3", "relapse": true}))]
pub struct ServicePatch {
    /// Name.
    pub name: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Code in GB/T 39666 or DB44/T 2479.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub std_code: Option<Option<String>>,
    /// Types of request that it takes.
    pub request_types: Option<Vec<RequestType>>,
    /// The type unless the caller says otherwise.
    pub default_type: Option<RequestType>,
    /// The urgency unless the operator says otherwise.
    pub urgency: Option<Urgency>,
    /// Its own limit for the resolution.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ResolveLimit>)]
    pub resolve_limit: Option<Option<ResolveLimit>>,
    /// Who handles it.
    pub responsible: Option<Responsible>,
    /// Powers that whoever handles it must hold.
    pub powers: Option<Vec<String>>,
    /// Whether it touches sensitive personal information.
    pub sensitive: Option<bool>,
    /// Whether it may be accepted without an operator's look.
    pub auto_accept: Option<bool>,
    /// Whether the matter tends to come back.
    pub relapse: Option<bool>,
    /// The statutory procedure that goes on elsewhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub external_procedure: Option<Option<String>>,
    /// Its own form.
    #[schema(value_type = Option<Object>)]
    pub form: Option<Value>,
    /// Whether requests can be registered under it.
    pub selectable: Option<bool>,
    /// Last day: the service is retired after it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Option<Option<NaiveDate>>,
}

/// A special service (特色服务) that a community proposes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalIn {
    /// The community; the caller's unit unless given.
    pub unit_id: Option<UnitId>,
    /// Name.
    #[schema(example = "长者饭堂送餐")]
    pub name: String,
    /// English name.
    #[schema(example = "Meals delivered to the elderly")]
    pub name_en: String,
    /// Types of request that it takes.
    pub request_types: Vec<RequestType>,
    /// The type unless the caller says otherwise; one of `request_types`.
    pub default_type: RequestType,
    /// Its own limit for the resolution.
    pub resolve_limit: Option<ResolveLimit>,
    /// The post that handles it; that of the category of special services unless given.
    pub post: Option<String>,
    /// Whether it touches sensitive personal information.
    #[serde(default)]
    pub sensitive: bool,
    /// Its own form; without fields unless given.
    #[serde(default = "no_fields")]
    #[schema(value_type = Option<Object>)]
    pub form: Value,
}

/// What becomes of a proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionIn {
    /// Whether the service is offered from today on.
    #[schema(example = true)]
    pub approve: bool,
    /// Why; required when it is refused. Without personal data: it is kept in the audit log.
    #[schema(example = "符合本社区需求，材料齐全")]
    pub reason: Option<String>,
}

fn no_fields() -> Value {
    json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false })
}

fn yes() -> bool {
    true
}

/// Tells `null` from absence.
#[expect(clippy::option_option, reason = "absent stays, null takes away")]
fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
