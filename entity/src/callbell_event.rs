//! What devices told, word by word.

use crate::id::{BellEventId, CallId, DeviceId};
use crate::kind::{BellKind, BellSource};
use sea_orm::entity::prelude::*;

/// A row of `callbell_event`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BellEventId,
    pub device_id: DeviceId,
    /// Made by the device, once an event.
    #[sea_orm(column_type = "Text")]
    pub event_id: String,
    pub seq: Option<i64>,
    pub kind: BellKind,
    pub source: BellSource,
    /// By the device's own clock, which may be wrong.
    pub device_at: Option<DateTimeUtc>,
    pub received_at: DateTimeUtc,
    pub clock_suspect: bool,
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
    pub body: Vec<u8>,
    /// The call that it opened or joined.
    pub call_id: Option<CallId>,
}

impl ActiveModelBehavior for ActiveModel {}
