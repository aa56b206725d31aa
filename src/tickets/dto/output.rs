//! What goes out. What a caller may not see is absent.

use crate::intake::RouteOut;
use chrono::{DateTime, Utc};
use entity::id::{AttachmentId, ProceedingId, ResidentId, StaffId, TicketId, UnitId};
use entity::kind::{
    ActorKind, CallbackState, Channel, ClockKind, EntryKind, Lamp, LimitUnit, ProceedingKind,
    ProceedingState, RequestType, ReturnGround, Role, Standing, TicketResult, TicketState, Urgency,
    Visibility,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A ticket in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketRow {
    /// Key.
    pub id: TicketId,
    /// The number, in groups that are easy to say.
    #[schema(example = "261124 4829 17309")]
    pub number: String,
    /// In one line.
    #[schema(example = "广场舞噪声扰民")]
    pub title: String,
    /// Where it stands.
    pub state: TicketState,
    /// 1, and one more for each rework.
    pub round: i32,
    /// The type.
    pub request_type: RequestType,
    /// The service's code.
    #[schema(example = "120302")]
    pub category: String,
    /// How urgent.
    pub urgency: Urgency,
    /// The way in.
    pub channel: Channel,
    /// Where it happened.
    #[schema(example = "蓬江区 白沙街道 羊桥社区")]
    pub place: String,
    /// The unit that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// The person there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_name: Option<String>,
    /// The nearest due time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<DateTime<Utc>>,
    /// Whether that time has passed.
    pub overdue: bool,
    /// The lamp of that clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lamp: Option<Lamp>,
    /// Whether it is under supervision (督办).
    pub supervised: bool,
    /// How often the requester pressed for an answer (催办).
    pub urges: i32,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// What came of it, once the requester was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<TicketResult>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
}

/// Who asked, as far as the caller may see.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequesterOut {
    /// The person of the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_id: Option<ResidentId>,
    /// For oneself or for another.
    pub standing: Standing,
    /// How the other agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// The name, masked unless it is one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张*")]
    pub name: Option<String>,
    /// The number, masked unless it is one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1234")]
    pub phone: Option<String>,
}

/// A clock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockOut {
    /// What it measures.
    pub kind: ClockKind,
    /// For which round.
    pub round: i32,
    /// The limit's number.
    pub amount: i32,
    /// The limit's unit.
    pub unit: LimitUnit,
    /// Since when it runs.
    pub started_at: DateTime<Utc>,
    /// When it runs out.
    pub due_at: DateTime<Utc>,
    /// When it would have run out without extension or pause.
    pub first_due_at: DateTime<Utc>,
    /// How many extensions were given.
    pub extensions: i32,
    /// Since when it stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<DateTime<Utc>>,
    /// Whether a plan sets its end, not a limit.
    pub by_plan: bool,
    /// The proceeding whose clock it is; none for the ticket's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proceeding_id: Option<ProceedingId>,
    /// When it was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// Whether it ran out before it was stopped.
    pub breached: bool,
    /// Whether it ends in a year whose holidays are not published.
    pub provisional: bool,
}

/// A small life beside the ticket's own: a return, an extension, a suspension, a part that another unit does, a
/// milestone, a supervision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProceedingOut {
    /// Key.
    pub id: ProceedingId,
    /// What it is.
    pub kind: ProceedingKind,
    /// In Chinese.
    #[schema(example = "退单")]
    pub label: String,
    /// Where it stands.
    pub state: ProceedingState,
    /// The unit that asked, or that is called upon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Its name of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// Of a return: the ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<ReturnGround>,
    /// Of a return: the unit believed responsible, and in the end the one that got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_unit_id: Option<UnitId>,
    /// Of an extension: how much, in the unit of the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i32>,
    /// What was asked, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// What was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// When it is to be looked at again, or to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// A file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttachmentOut {
    /// Key.
    pub id: AttachmentId,
    /// Its name.
    #[schema(example = "现场.jpg")]
    pub name: String,
    /// Its type, by its content.
    #[schema(example = "image/jpeg")]
    pub media_type: String,
    /// Its size.
    pub size_bytes: i64,
    /// SHA-256 of what is kept, in hexadecimal.
    #[schema(example = "b0a1f6d2c4e85a7790d3e1f2a4b6c8d00112233445566778899aabbccddeeff0")]
    pub sha256: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// The entry that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<i64>,
}

/// An entry of the timeline.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryOut {
    /// 1, 2, 3 …; those not shown leave gaps.
    pub seq: i64,
    /// What happened.
    pub kind: EntryKind,
    /// In Chinese.
    #[schema(example = "签收")]
    pub label: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, by kind.
    pub actor_kind: ActorKind,
    /// Who; for the requester only the unit is named. Where the requester acted (`resident`): the app that did it for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// For which unit, by its name of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<TicketState>,
    /// The state after.
    pub to: TicketState,
    /// Whether the requester sees it.
    pub public: bool,
    /// For the requester.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_text: Option<String>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_text: Option<String>,
    /// More, by kind; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
    /// Its hash in the chain, in hexadecimal.
    #[schema(example = "b0a1f6d2c4e85a7790d3e1f2a4b6c8d00112233445566778899aabbccddeeff0")]
    pub hash: String,
}

/// A ticket, as far as the caller may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketOut {
    /// What a list shows of it.
    #[serde(flatten)]
    pub row: TicketRow,
    /// In full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The service's name.
    #[schema(example = "广场舞噪声")]
    pub category_name: String,
    /// The service's own form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub form: Option<Map<String, Value>>,
    /// The address of the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Latitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
    /// Whether the handling unit must not learn who asks.
    pub confidential: bool,
    /// Whether a reply is wanted.
    pub wants_reply: bool,
    /// Until when an answer is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised_at: Option<DateTime<Utc>>,
    /// Who asked.
    pub requesters: Vec<RequesterOut>,
    /// The unit that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// The person there; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<StaffId>,
    /// Why it is there; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub explanation: Option<Value>,
    /// Clocks.
    pub clocks: Vec<ClockOut>,
    /// Small lives beside its own, in the order of their beginning.
    pub proceedings: Vec<ProceedingOut>,
    /// Whether it may be given back no more (禁止退单).
    pub no_return: bool,
    /// Whether it runs by a plan of milestones (疑难件).
    pub hard_case: bool,
    /// The ticket into which it was merged; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<TicketId>,
    /// How many tickets are merged into it.
    pub followers: i32,
    /// What happened.
    pub timeline: Vec<EntryOut>,
    /// Files.
    pub attachments: Vec<AttachmentOut>,
    /// What the caller may do now: words for `action`.
    pub actions: Vec<String>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

/// A ticket as whoever has its number and code may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LookupOut {
    /// The ticket.
    pub ticket: TicketOut,
    /// The link by which the result can be rated, while it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
}

/// What a third party needs to do its part, and nothing of who asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkSlipOut {
    /// The number.
    #[schema(example = "261124 4829 17309")]
    pub number: String,
    /// The service's name.
    #[schema(example = "广场舞噪声")]
    pub category_name: String,
    /// How urgent.
    pub urgency: Urgency,
    /// Where, down to the community.
    #[schema(example = "蓬江区 白沙街道 羊桥社区")]
    pub place: String,
    /// In one line.
    #[schema(example = "广场舞噪声扰民")]
    pub title: String,
    /// In full, numbers and the requester's name blotted out; absent of a confidential or sensitive request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<String>,
    /// What is still to be done by other units.
    pub tasks: Vec<String>,
    /// Until when an answer is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised_at: Option<DateTime<Utc>>,
}

/// A ticket that was registered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegisteredOut {
    /// The ticket.
    pub ticket: TicketOut,
    /// Where it went, and why; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteOut>,
    /// What was received and when, signed.
    pub receipt: ReceiptOut,
    /// Of an anonymous request: the code with which it can be followed. It is shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4829-1730-5512")]
    pub extraction_code: Option<String>,
}

/// A signed receipt: a JWS (RFC 7515) of type `receipt+jwt` that anybody can verify with the published keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptOut {
    /// The number.
    #[schema(example = "261124 4829 17309")]
    pub number: String,
    /// When the request was received.
    pub received_at: DateTime<Utc>,
    /// Length of the timeline.
    pub entries: i64,
    /// Hash of its last entry, in hexadecimal.
    #[schema(example = "b0a1f6d2c4e85a7790d3e1f2a4b6c8d00112233445566778899aabbccddeeff0")]
    pub head: String,
    /// All of this, signed.
    #[schema(example = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiLnpLrkvosifQ.c2lnbmF0dXJlLW9mLWFuLWV4YW1wbGU")]
    pub jws: String,
}

/// Whether a timeline is unbroken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerificationOut {
    /// Whether every entry fits the one before and the last one the ticket.
    pub intact: bool,
    /// Length of the timeline.
    pub entries: i64,
    /// Hash of its last entry, in hexadecimal.
    #[schema(example = "b0a1f6d2c4e85a7790d3e1f2a4b6c8d00112233445566778899aabbccddeeff0")]
    pub head: String,
    /// The first entry that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_broken: Option<i64>,
}

/// A matter that may be the same.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SimilarOut {
    /// The ticket.
    #[serde(flatten)]
    pub row: TicketRow,
    /// `same_person` or `same_place`.
    #[schema(example = "same_place")]
    pub because: String,
    /// How alike the texts are, 0 to 1.
    #[schema(example = 0.62)]
    pub likeness: f64,
}

/// Somebody of the register, masked, with their tickets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallerOut {
    /// The person.
    pub resident_id: ResidentId,
    /// The name, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张*")]
    pub name: Option<String>,
    /// Where they live, at most the community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    /// Open and recent tickets, newest first.
    pub tickets: Vec<TicketRow>,
}

/// Tickets of a unit by state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueOut {
    /// The unit; absent for what no unit has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// The state.
    pub state: TicketState,
    /// How many.
    pub n: i64,
}

/// Counts of queues.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueuesOut {
    /// By unit and state, without those of none.
    pub queues: Vec<QueueOut>,
    /// Tickets with a clock that has run out; at most 1,000 are counted.
    pub overdue: u64,
}

/// What was hidden.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RevealedRequesterOut {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张三")]
    pub name: Option<String>,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "13900000001")]
    pub phone: Option<String>,
}

/// A call-back, for who has the link.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallbackOut {
    /// The number of the ticket.
    #[schema(example = "261124 4829 17309")]
    pub number: String,
    /// In one line.
    #[schema(example = "广场舞噪声扰民")]
    pub title: String,
    /// The reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_reply: Option<String>,
    /// Where the call-back stands.
    pub state: CallbackState,
    /// Until when it can be answered.
    pub expires_at: DateTime<Utc>,
}
