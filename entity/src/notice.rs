//! Messages to people, sent by lease and retry.

use crate::id::{CallId, NoticeId, TicketId};
use crate::kind::{ActorKind, Lane, NoticeChannel, NoticeState};
use sea_orm::entity::prelude::*;

/// A row of `notice`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoticeId,
    pub recipient_kind: ActorKind,
    pub recipient_id: Option<Uuid>,
    pub channel: NoticeChannel,
    pub lane: Lane,
    #[sea_orm(column_type = "Text")]
    pub template: String,
    pub ticket_id: Option<TicketId>,
    /// The emergency call that it is about.
    pub call_id: Option<CallId>,
    /// Sealed: the channels that are tried at once when this one fails.
    pub others_sealed: Option<Vec<u8>>,
    pub address_sealed: Option<Vec<u8>>,
    pub body_sealed: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub dedup_key: String,
    pub state: NoticeState,
    pub attempts: i32,
    pub next_at: DateTimeUtc,
    pub leased_by: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
    pub sent_at: Option<DateTimeUtc>,
    pub read_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
