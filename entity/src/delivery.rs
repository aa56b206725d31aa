//! Attempts to reach people in an emergency.

use crate::id::{CallId, DeliveryId, NoticeId};
use crate::kind::NoticeChannel;
use sea_orm::entity::prelude::*;

/// A row of `delivery`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub call_id: CallId,
    pub notice_id: NoticeId,
    pub recipient_id: Option<Uuid>,
    pub channel: NoticeChannel,
    pub attempt: i32,
    pub at: DateTimeUtc,
    pub sent: bool,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
