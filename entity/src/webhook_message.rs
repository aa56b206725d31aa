//! What other systems are told, and how far that got.

use crate::id::{EventId, WebhookId, WebhookMessageId};
use crate::kind::MessageState;
use sea_orm::entity::prelude::*;

/// A row of `webhook_message`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookMessageId,
    pub webhook_id: WebhookId,
    pub event_id: EventId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Messages about one thing follow each other.
    pub subject_id: Uuid,
    pub position: i64,
    /// Ids and kinds, never personal data.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    pub state: MessageState,
    pub attempts: i32,
    pub next_at: DateTimeUtc,
    pub leased_by: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub last_status: Option<i32>,
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
