//! Wire shapes of calls; of handovers in a file of their own.

pub mod handover;

use crate::callbell::rules::call::Command;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Utc};
use entity::id::{CallId, DeviceId, HomeId, StaffId, TicketId, UnitId};
use entity::kind::{
    ActorKind, ArrivalSource, CallEntryKind, CallOutcome, CallState, NoticeChannel, Verification,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

const TEXT_MAX: usize = 1000;

/// Numbers that are one step away from every call.
pub const EMERGENCY_NUMBERS: [&str; 3] = ["110", "119", "120"];

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoorOut {
    /// Building.
    #[schema(example = "3栋")]
    pub building: String,
    /// Entrance.
    #[schema(example = "2单元")]
    pub entrance: String,
    /// Door.
    #[schema(example = "501房")]
    pub door: String,
    /// The sentence to speak.
    #[schema(example = "羊桥社区3栋2单元501房")]
    pub spoken: String,
    /// Who lives there.
    #[schema(example = "张*")]
    pub resident: String,
    /// Which language or dialect they speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Latitude, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
    /// Whether there are notes to be read before one goes in.
    pub has_notes: bool,
}

/// An entry of a call's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallEntryOut {
    /// Its number.
    pub seq: i64,
    /// What.
    pub kind: CallEntryKind,
    /// In words.
    #[schema(example = "接警")]
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By what kind of actor.
    pub actor_kind: ActorKind,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// The state after it.
    pub state: CallState,
    /// Ids, kinds and numbers.
    #[schema(value_type = Object)]
    pub data: Value,
    /// What they wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// An attempt to reach somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryOut {
    /// When.
    pub at: DateTime<Utc>,
    /// By which channel.
    pub channel: NoticeChannel,
    /// Whom, of the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<StaffId>,
    /// The how manieth time.
    pub attempt: i32,
    /// Whether the channel took it.
    pub sent: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An emergency call.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallOut {
    /// Key.
    pub id: CallId,
    /// Where it stands.
    pub state: CallState,
    /// Whether it is a test.
    pub test: bool,
    /// The highest level that has heard of it: 0 community to 3 shift lead.
    pub level: i32,
    /// The community.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Where to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<DoorOut>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// The home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_id: Option<HomeId>,
    /// The paper trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<TicketId>,
    /// The call of this device before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<CallId>,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// When it was pressed by the device's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_at: Option<DateTime<Utc>>,
    /// Whether that clock can't be right.
    pub clock_suspect: bool,
    /// How often it was pressed.
    pub presses: i32,
    /// When it was pressed last.
    pub pressed_at: DateTime<Utc>,
    /// Whether a cancel was pressed: somebody must still look.
    pub cancelled: bool,
    /// Who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<StaffId>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// When somebody first took it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_acked_at: Option<DateTime<Utc>>,
    /// When they set out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub going_at: Option<DateTime<Utc>>,
    /// When they were there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<DateTime<Utc>>,
    /// When it was dealt with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CallOutcome>,
    /// How a false alarm was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// When the next of kin were told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kin_at: Option<DateTime<Utc>>,
    /// Whether it was late, so that a report must say why.
    pub late: bool,
    /// Whether there is one.
    pub reported: bool,
    /// When something happens by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<DateTime<Utc>>,
    /// What may be done now.
    #[schema(example = json!(["acknowledge"]))]
    pub actions: Vec<String>,
    /// One step away.
    #[schema(example = json!(["110", "119", "120"]))]
    pub emergency_numbers: [&'static str; 3],
    /// The log; of a single call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<CallEntryOut>,
    /// Attempts to reach people; of a single call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliveryOut>,
    /// Whether every entry of the log fits the one before; of a single call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intact: Option<bool>,
}

/// Next of kin, for who is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct KinNoteOut {
    /// The name.
    #[schema(example = "李*")]
    pub name: String,
    /// The number.
    #[schema(example = "139****5678")]
    pub phone: String,
    /// What they are to the resident.
    #[schema(example = "女儿")]
    pub relation: String,
}

/// What a helper must know.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotesOut {
    /// How to get in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// What to know of their health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medical: Option<String>,
    /// The resident's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Next of kin, in order.
    pub kin: Vec<KinNoteOut>,
}

/// What to do with a call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum CallActionIn {
    /// 接警: take it on, to be followed by `go` before the lease runs out.
    Acknowledge,
    /// 出发: set out.
    Go,
    /// 无法前往: not able to go, it rings one level up at once.
    CannotGo {
        /// Why.
        #[schema(example = "在另一处救助，无法脱身")]
        text: String,
    },
    /// 到场: there.
    Arrive {
        /// By what it is known.
        source: Option<ArrivalSource>,
    },
    /// 现场报平安: all right, still there.
    CheckIn,
    /// 交接: take it over with the shift.
    TakeOver,
    /// 处置完毕: dealt with.
    Resolve {
        /// How it ended.
        outcome: CallOutcome,
        /// How a false alarm was verified.
        verified_by: Option<Verification>,
        /// What was found and done.
        #[schema(example = "老人起身时滑倒，已扶起，无外伤，家属已到")]
        text: String,
    },
    /// 超时说明: why it was late.
    Report {
        /// Why.
        #[schema(example = "电梯停运，步行上九楼")]
        text: String,
    },
}

impl CallActionIn {
    /// Checks the texts.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn check(&self) -> Result<(), AppError> {
        let mut fields = Fields::default();
        if let Self::CannotGo { text } | Self::Resolve { text, .. } | Self::Report { text } = self {
            fields.text("/text", text, TEXT_MAX);
        }
        fields.finish()
    }

    /// What it means by somebody.
    #[must_use]
    pub fn command(&self, by: StaffId) -> Command {
        match self {
            Self::Acknowledge => Command::Acknowledge(by),
            Self::Go => Command::Go(by),
            Self::CannotGo { .. } => Command::CannotGo(by),
            Self::Arrive { source } => Command::Arrive(by, source.unwrap_or(ArrivalSource::Hand)),
            Self::CheckIn => Command::CheckIn(by),
            Self::TakeOver => Command::TakeOver(by),
            Self::Resolve {
                outcome, verified_by, ..
            } => Command::Resolve(by, *outcome, *verified_by),
            Self::Report { .. } => Command::Report,
        }
    }

    /// What somebody wrote.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::CannotGo { text } | Self::Resolve { text, .. } | Self::Report { text } => {
                Some(text.trim().to_owned())
            }
            _ => None,
        }
    }
}

/// A call for somebody who can't press.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "text": "邻居来电：3栋2单元501老人在楼道跌倒，无法起身"}))]
pub struct NewCallIn {
    /// The home, if it is known.
    pub home_id: Option<HomeId>,
    /// Else the community.
    pub unit_id: Option<UnitId>,
    /// What is known: who called, where it is, what happened.
    #[schema(example = "邻居来电：3栋2单元501老人在楼道跌倒，无法起身")]
    pub text: String,
}

impl NewCallIn {
    /// Checks the fields.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn check(&self) -> Result<(), AppError> {
        let mut fields = Fields::default();
        fields.text("/text", &self.text, TEXT_MAX);
        if self.home_id.is_none() && self.unit_id.is_none() {
            fields.add("/home_id", Rule::Required);
        }
        fields.finish()
    }
}

/// How to listen.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// What there is, and then the end: for clients that ask again and again instead of listening.
    pub once: Option<bool>,
}

/// Which calls to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallsQuery {
    /// `open` (unless given): not dealt with yet. `unfinished`: not closed. `all`.
    pub which: Option<String>,
    /// Of this unit and those below it.
    pub unit_id: Option<UnitId>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}
