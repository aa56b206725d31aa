//! Technical alarms: what is wrong with a bell, with many, or with who should answer.

use crate::id::{AlarmId, DeviceId, StaffId, UnitId};
use crate::kind::{AlarmKind, AlarmState};
use sea_orm::entity::prelude::*;

/// A row of `callbell_alarm`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_alarm")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AlarmId,
    pub kind: AlarmKind,
    /// What it is about: of a kind there is one that is not settled.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    pub device_id: Option<DeviceId>,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// The outage that it is a part of: nobody is told of it by itself.
    pub outage_id: Option<AlarmId>,
    /// What is known of it, without personal data.
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
    /// How many devices it is about.
    pub devices: i32,
    pub state: AlarmState,
    /// The highest level that was told.
    pub level: i32,
    /// When somebody was last told.
    pub told_at: DateTimeUtc,
    pub opened_at: DateTimeUtc,
    /// When somebody is to have seen to it.
    pub due_at: DateTimeUtc,
    pub taken_at: Option<DateTimeUtc>,
    pub taken_by: Option<StaffId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub taken_name: Option<String>,
    pub settled_at: Option<DateTimeUtc>,
    /// Nobody where it settled by itself.
    pub settled_by: Option<StaffId>,
    /// What was done.
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
