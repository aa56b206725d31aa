//! Tickets. Who asked stands in `ticket_requester`, who has it in `assignment`.

use crate::id::{PhoneCallId, ServiceId, StaffId, TicketId, UnitId};
use crate::kind::{Channel, RequestType, TicketResult, TicketState, Urgency};
use sea_orm::entity::prelude::*;

/// A row of `ticket`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketId,
    #[sea_orm(column_type = "Text")]
    pub number: String,
    pub state: TicketState,
    /// 1, and one more for each rework.
    pub round: i32,
    pub request_type: RequestType,
    pub service_id: ServiceId,
    /// The service's code of the day.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    pub urgency: Urgency,
    pub channel: Channel,
    /// The phone call in which it was registered.
    pub phone_call_id: Option<PhoneCallId>,
    /// The number that it had in another system, from which it was brought over.
    #[sea_orm(column_type = "Text", nullable)]
    pub former_number: Option<String>,
    /// Phone and identity numbers masked.
    #[sea_orm(column_type = "Text")]
    pub title: String,
    pub content_sealed: Vec<u8>,
    pub form_sealed: Option<Vec<u8>>,
    pub place_unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub place_path: String,
    /// Names of the day, district to community.
    #[sea_orm(column_type = "Text")]
    pub place_name: String,
    pub address_sealed: Option<Vec<u8>>,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub confidential: bool,
    pub anonymous: bool,
    pub sensitive: bool,
    pub wants_reply: bool,
    pub result: Option<TicketResult>,
    /// How often it was given to a unit.
    pub routes: i32,
    /// Whether it may be given back no more (禁止退单).
    pub no_return: bool,
    /// The state to which it goes back when what holds it up is over.
    pub came_from: Option<TicketState>,
    /// The ticket into which it was merged.
    pub primary_id: Option<TicketId>,
    /// How many tickets are merged into it.
    pub followers: i32,
    /// How many small lives beside its own were ever begun.
    pub proceedings: i32,
    /// Whether it is under supervision (督办).
    pub supervised: bool,
    /// Whether it runs by a plan of milestones (疑难件).
    pub hard_case: bool,
    /// How often the requester urged (催办).
    pub urges: i32,
    pub urged_at: Option<DateTimeUtc>,
    /// Whether the refusal was appealed against.
    pub appealed: bool,
    /// Who refused it.
    pub rejected_by: Option<StaffId>,
    pub replied_by: Option<StaffId>,
    /// Whether first contact was made in this round.
    pub contacted: bool,
    /// Whether the requester rated this round.
    pub rated: bool,
    /// Length of the timeline.
    pub entries: i64,
    /// Hash of its last entry.
    pub head: Vec<u8>,
    /// Nearest due time of a running clock.
    pub next_due_at: Option<DateTimeUtc>,
    /// When the lamp of that clock turns yellow, and orange.
    pub yellow_at: Option<DateTimeUtc>,
    pub orange_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub closed_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
