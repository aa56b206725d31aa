//! Emergency calls.

use crate::id::{CallId, DeviceId, HomeId, StaffId, TicketId, UnitId};
use crate::kind::{CallOutcome, CallState, Verification};
use sea_orm::entity::prelude::*;

/// A row of `callbell_call`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallId,
    /// The paper trail; none of a test.
    pub ticket_id: Option<TicketId>,
    pub device_id: Option<DeviceId>,
    pub home_id: Option<HomeId>,
    /// The community.
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    pub state: CallState,
    /// The rung of the ladder that was rung last.
    pub rung: i32,
    pub rung_at: DateTimeUtc,
    /// The highest level that has heard of it.
    pub level: i32,
    /// Who has it.
    pub owner_id: Option<StaffId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub owner_name: Option<String>,
    pub opened_at: DateTimeUtc,
    pub first_acked_at: Option<DateTimeUtc>,
    pub acked_at: Option<DateTimeUtc>,
    pub going_at: Option<DateTimeUtc>,
    pub arrived_at: Option<DateTimeUtc>,
    /// How often it was told that they are not there yet.
    pub overdue: i32,
    /// When they were last heard of on the scene, or missed there.
    pub heard_at: Option<DateTimeUtc>,
    pub resolved_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    pub outcome: Option<CallOutcome>,
    pub verification: Option<Verification>,
    pub presses: i32,
    pub pressed_at: DateTimeUtc,
    /// When it was pressed, by the device's clock.
    pub device_at: Option<DateTimeUtc>,
    pub clock_suspect: bool,
    pub cancelled: bool,
    pub test: bool,
    /// Whether there are next of kin to be told.
    pub has_kin: bool,
    pub kin_at: Option<DateTimeUtc>,
    /// Whether a report says why it was late.
    pub reported: bool,
    /// The call of this device before.
    pub previous_id: Option<CallId>,
    /// As it was when the call opened.
    #[sea_orm(column_type = "JsonBinary")]
    pub ladder: Json,
    pub entries: i64,
    /// Hash of the last entry.
    pub head: Vec<u8>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
