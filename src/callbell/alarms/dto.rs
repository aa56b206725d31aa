//! Wire shapes of technical alarms.

use super::raise::Act;
use crate::platform::error::{AppError, Fields};
use chrono::{DateTime, Utc};
use entity::callbell_alarm;
use entity::id::{AlarmId, DeviceId, StaffId, UnitId};
use entity::kind::{AlarmKind, AlarmState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const NOTE_MAX: usize = 500;

/// A technical alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmOut {
    /// Key.
    pub id: AlarmId,
    /// What it is about.
    pub kind: AlarmKind,
    /// In words.
    #[schema(example = "设备失联")]
    pub name: String,
    /// Where it stands.
    pub state: AlarmState,
    /// What is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "BELL-0001 最后一次心跳 2026-11-26T08:00:00+00:00")]
    pub detail: Option<String>,
    /// The device, of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// How many devices it is about.
    pub devices: i32,
    /// The community.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// The outage that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outage_id: Option<AlarmId>,
    /// The highest level that was told: 0 community to 3 shift lead.
    pub level: i32,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// When somebody is to have seen to it: the end of the working day.
    pub due_at: DateTime<Utc>,
    /// When somebody took it in hands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<DateTime<Utc>>,
    /// Who did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<StaffId>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_name: Option<String>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<DateTime<Utc>>,
    /// Who ended it; nobody where it ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<StaffId>,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl AlarmOut {
    /// Of a row, with the unit's name.
    pub fn new(row: callbell_alarm::Model, unit_name: String) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.kind.chinese().to_owned(),
            state: row.state,
            detail: row.detail,
            device_id: row.device_id,
            devices: row.devices,
            unit_id: row.unit_id,
            unit_name,
            outage_id: row.outage_id,
            level: row.level,
            opened_at: row.opened_at,
            due_at: row.due_at,
            taken_at: row.taken_at,
            taken_by: row.taken_by,
            taken_name: row.taken_name,
            settled_at: row.settled_at,
            settled_by: row.settled_by,
            note: row.note,
        }
    }
}

/// What to do with an alarm.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum AlarmActionIn {
    /// 受理: take it in hands, it stops climbing for three working days.
    Take,
    /// 已处理: it was seen to.
    Settle {
        /// How.
        #[schema(example = "已上门更换电池，测试正常")]
        note: String,
    },
}

impl AlarmActionIn {
    /// Checks the text.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(self) -> Result<Act, AppError> {
        match self {
            Self::Take => Ok(Act::Take),
            Self::Settle { note } => {
                let mut fields = Fields::default();
                fields.text("/note", &note, NOTE_MAX);
                fields.finish()?;
                Ok(Act::Settle(note.trim().to_owned()))
            }
        }
    }
}

/// Which alarms to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlarmsQuery {
    /// Also those that are settled.
    pub all: Option<bool>,
    /// Only of this kind.
    pub kind: Option<AlarmKind>,
    /// Of this unit and those below it.
    pub unit_id: Option<UnitId>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}
