//! What comes in.

use crate::intake::PlaceIn;
use crate::platform::personal::Personal;
use chrono::{DateTime, Utc};
use entity::id::{AttachmentId, PhoneCallId, ResidentId, StaffId, UnitId};
use entity::kind::{Channel, Lamp, RedirectLine, RequestType, Standing, TicketState, Urgency};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Who asks, as an operator hears it or a kiosk takes it down.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactIn {
    /// The telephone number as it was said: spaces, +86, a landline with extension.
    #[schema(value_type = Option<String>, example = "138 1234 1234")]
    pub phone: Option<Personal>,
    /// The name.
    #[schema(value_type = Option<String>, example = "张三")]
    pub name: Option<Personal>,
    /// The person of the register, if one was chosen.
    pub resident_id: Option<ResidentId>,
}

/// A request to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"requester": {"phone": "138 1234 1234", "name": "张三"}, "category": "120302", "title": "广场舞噪声扰民", "content": "每晚七点到十点，小区广场音响声音很大，影响老人休息。", "place": {"address": "白沙街道羊桥社区 12 号"}}))]
pub struct RegisterIn {
    /// Who asks; a resident who is logged in leaves it out.
    pub requester: Option<ContactIn>,
    /// For oneself or for another.
    pub standing: Option<Standing>,
    /// For whom, if it is for another who is registered and agreed.
    pub on_behalf_of: Option<ResidentId>,
    /// How the other agreed; staff who ask for somebody else say so, and it is kept.
    #[schema(example = "本人电话口头同意")]
    pub consent: Option<String>,
    /// Without a name: reports and suggestions only. The answer holds a code with which the matter can be followed.
    #[serde(default)]
    pub anonymous: bool,
    /// What is wanted; the service's own type unless given.
    pub request_type: Option<RequestType>,
    /// The service's code.
    #[schema(example = "120302")]
    pub category: String,
    /// How urgent; staff only, the service's own unless given.
    pub urgency: Option<Urgency>,
    /// The way in; staff only, the telephone unless given.
    pub channel: Option<Channel>,
    /// Staff only: the phone call in which it is registered.
    pub phone_call_id: Option<PhoneCallId>,
    /// In one line.
    #[schema(example = "广场舞噪声扰民")]
    pub title: String,
    /// In full.
    #[schema(example = "每晚七点到十点，小区广场音响声音很大，影响老人休息。")]
    pub content: String,
    /// Where.
    pub place: PlaceIn,
    /// The service's own form.
    #[schema(value_type = Option<Object>)]
    pub form: Option<Map<String, Value>>,
    /// Whether the handling unit must not learn who asks.
    #[serde(default)]
    pub confidential: bool,
    /// Whether a reply is wanted; it is unless said otherwise.
    #[serde(default = "yes")]
    pub wants_reply: bool,
    /// Files uploaded before.
    #[serde(default)]
    pub attachments: Vec<AttachmentId>,
    /// Staff only: leave it registered, to answer, reject or redirect it next.
    #[serde(default)]
    pub hold: bool,
    /// Staff only: the caller is passed on to this line, in the same step. When is in the timeline.
    pub redirect: Option<RedirectLine>,
}

fn yes() -> bool {
    true
}

/// The number of an anonymous request and its code.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupIn {
    /// The number, as it was said.
    #[schema(example = "261124 4829 17309")]
    pub number: String,
    /// The code that was given with it.
    #[schema(example = "4829-1730-5512")]
    pub code: String,
}

/// A caller's number.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerIn {
    /// As it was said or shown.
    #[schema(value_type = String, example = "+86 138 1234 1234")]
    pub phone: Personal,
}

/// A matter that may have been registered already.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarIn {
    /// Who asks; a resident who is logged in leaves it out.
    pub requester: Option<ContactIn>,
    /// The service's code.
    #[schema(example = "120302")]
    pub category: String,
    /// Where.
    pub place: PlaceIn,
    /// What it is about.
    #[schema(example = "广场舞音响太吵")]
    pub text: String,
}

/// Which tickets to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TicketsQuery {
    /// `unsigned`, `mine`, `unit`, `pool`, `approval`, `callback`, `overdue`, `intake`, `returns`, `suspended`,
    /// `supervised`, `hard_cases`: ready-made filters.
    pub queue: Option<String>,
    /// In this state.
    pub state: Option<TicketState>,
    /// In hands of this unit.
    pub unit_id: Option<UnitId>,
    /// In hands of this person.
    pub staff_id: Option<StaffId>,
    /// Of this resident.
    pub resident_id: Option<ResidentId>,
    /// Services whose code begins so.
    pub category: Option<String>,
    /// Of this type.
    pub request_type: Option<RequestType>,
    /// Of this urgency.
    pub urgency: Option<Urgency>,
    /// That came this way.
    pub channel: Option<Channel>,
    /// Whose nearest clock shows this lamp.
    pub lamp: Option<Lamp>,
    /// Whether a clock has run out.
    pub overdue: Option<bool>,
    /// Registered at or after.
    pub from: Option<DateTime<Utc>>,
    /// Registered before.
    pub to: Option<DateTime<Utc>>,
    /// Happened in this unit or below it.
    pub place_id: Option<UnitId>,
    /// The number, as it was said.
    pub number: Option<String>,
    /// Words, Chinese ones of one character up; all must be found.
    pub q: Option<String>,
    /// `newest` or `due`: nearest due time first. Unless given, by due time where a lamp or a queue of work is asked for.
    pub sort: Option<String>,
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Which tickets to export: the filters of their list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"queue": "overdue", "category": "1203", "from": "2026-11-01T00:00:00+08:00"}))]
pub struct TicketFilters {
    /// `unsigned`, `mine`, `unit`, `pool`, `approval`, `callback`, `overdue`, `intake`, `returns`, `suspended`,
    /// `supervised`, `hard_cases`: ready-made filters.
    pub queue: Option<String>,
    /// In this state.
    pub state: Option<TicketState>,
    /// In hands of this unit.
    pub unit_id: Option<UnitId>,
    /// In hands of this person.
    pub staff_id: Option<StaffId>,
    /// Of this resident.
    pub resident_id: Option<ResidentId>,
    /// Services whose code begins so.
    pub category: Option<String>,
    /// Of this type.
    pub request_type: Option<RequestType>,
    /// Of this urgency.
    pub urgency: Option<Urgency>,
    /// That came this way.
    pub channel: Option<Channel>,
    /// Whose nearest clock shows this lamp.
    pub lamp: Option<Lamp>,
    /// Whether a clock has run out.
    pub overdue: Option<bool>,
    /// Registered at or after.
    pub from: Option<DateTime<Utc>>,
    /// Registered before.
    pub to: Option<DateTime<Utc>>,
    /// Happened in this unit or below it.
    pub place_id: Option<UnitId>,
    /// The number, as it was said.
    pub number: Option<String>,
    /// Words, Chinese ones of one character up; all must be found.
    pub q: Option<String>,
}

impl From<TicketFilters> for TicketsQuery {
    fn from(filters: TicketFilters) -> Self {
        Self {
            queue: filters.queue,
            state: filters.state,
            unit_id: filters.unit_id,
            staff_id: filters.staff_id,
            resident_id: filters.resident_id,
            category: filters.category,
            request_type: filters.request_type,
            urgency: filters.urgency,
            channel: filters.channel,
            lamp: filters.lamp,
            overdue: filters.overdue,
            from: filters.from,
            to: filters.to,
            place_id: filters.place_id,
            number: filters.number,
            q: filters.q,
            sort: None,
            limit: None,
            cursor: None,
        }
    }
}
