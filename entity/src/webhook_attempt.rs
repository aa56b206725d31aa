//! Attempts to tell another system.

use crate::id::{WebhookAttemptId, WebhookMessageId};
use sea_orm::entity::prelude::*;

/// A row of `webhook_attempt`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookAttemptId,
    pub message_id: WebhookMessageId,
    pub attempt: i32,
    pub at: DateTimeUtc,
    /// Milliseconds until the answer, or until it failed.
    pub took_ms: i32,
    pub status: Option<i32>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// The first bytes of the answer.
    #[sea_orm(column_type = "Text", nullable)]
    pub answer: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
