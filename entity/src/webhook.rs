//! Other systems that hear of events.

use crate::id::{ClientId, StaffId, UnitId, WebhookId};
use crate::kind::{Signing, WebhookState};
use sea_orm::entity::prelude::*;

/// A row of `webhook`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    /// Whose it is, where a client made it for itself.
    pub client_id: Option<ClientId>,
    pub created_by: Option<StaffId>,
    /// Events of this unit and those below it.
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    #[sea_orm(column_type = "Text")]
    pub url: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Types of events, or their beginnings: `ticket.*`.
    #[sea_orm(column_type = "JsonBinary")]
    pub types: Json,
    pub signing: Signing,
    pub secret_sealed: Vec<u8>,
    /// What signs beside it for a while after it was changed.
    pub former_sealed: Option<Vec<u8>>,
    pub former_until: Option<DateTimeUtc>,
    pub state: WebhookState,
    #[sea_orm(column_type = "Text", nullable)]
    pub off_reason: Option<String>,
    /// Since when nothing was taken any more.
    pub failing_since: Option<DateTimeUtc>,
    /// Up to where in the log messages have been written for it.
    pub position: i64,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
