//! Bells and what belongs to them.

use crate::id::{DeviceId, HomeId, UnitId};
use crate::kind::{DeviceKind, DeviceState};
use sea_orm::entity::prelude::*;

/// A row of `callbell_device`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeviceId,
    #[sea_orm(column_type = "Text")]
    pub serial: String,
    pub kind: DeviceKind,
    pub home_id: Option<HomeId>,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// Signs what it sends.
    pub secret_sealed: Vec<u8>,
    pub state: DeviceState,
    pub silenced_until: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub silenced_why: Option<String>,
    /// The device in whose place it is.
    pub replaces_id: Option<DeviceId>,
    /// Seconds between two signs of life.
    pub heartbeat_s: i32,
    pub last_seen_at: Option<DateTimeUtc>,
    /// When it counts as silent, unless something is heard of it before.
    pub silent_at: Option<DateTimeUtc>,
    pub last_seq: Option<i64>,
    /// Per cent.
    pub battery: Option<i32>,
    /// The number of the message that told of it; likewise below.
    pub battery_seq: Option<i64>,
    pub mains_ok: Option<bool>,
    pub mains_seq: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub firmware: Option<String>,
    pub firmware_seq: Option<i64>,
    /// Since when nothing was heard of it that should have been.
    pub silent_since: Option<DateTimeUtc>,
    /// What is wrong with it.
    #[sea_orm(column_type = "Text", nullable)]
    pub fault: Option<String>,
    pub fault_seq: Option<i64>,
    /// False alarms have come so often that somebody should look.
    pub visit_wanted: bool,
    /// Until when a press is a test.
    pub test_until: Option<DateTimeUtc>,
    /// When a test last came through.
    pub tested_at: Option<DateTimeUtc>,
    /// Where in the home it is.
    #[sea_orm(column_type = "Text", nullable)]
    pub location: Option<String>,
    pub synthetic: bool,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
