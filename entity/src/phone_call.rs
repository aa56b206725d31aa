//! Phone calls, as telephone exchanges tell of them.

use crate::id::{ClientId, PhoneCallId, StaffId};
use crate::kind::{MissedState, PhoneCallState};
use sea_orm::entity::prelude::*;

/// A row of `phone_call`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhoneCallId,
    /// The exchange.
    pub client_id: ClientId,
    /// The call's id there.
    #[sea_orm(column_type = "Text")]
    pub external_id: String,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    pub state: PhoneCallState,
    pub caller_sealed: Option<Vec<u8>>,
    pub caller_index: Option<Vec<u8>>,
    /// The number that was called.
    #[sea_orm(column_type = "Text", nullable)]
    pub line: Option<String>,
    /// Who has it, or had it last, by the exchange's word.
    #[sea_orm(column_type = "Text", nullable)]
    pub agent: Option<String>,
    pub staff_id: Option<StaffId>,
    /// Who had it since when: `[[at, agent], …]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub agents: Json,
    /// Where the exchange keeps the recording.
    #[sea_orm(column_type = "Text", nullable)]
    pub recording: Option<String>,
    /// The first that was told of it.
    pub began_at: DateTimeUtc,
    pub ringing_at: Option<DateTimeUtc>,
    pub answered_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    /// When it was given up that its end will be heard.
    pub given_up_at: Option<DateTimeUtc>,
    pub missed: Option<MissedState>,
    /// How often it was tried to call back.
    pub attempts: i32,
    pub missed_by: Option<StaffId>,
    pub missed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
