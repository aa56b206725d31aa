//! Files: the row goes first, so that no file is orphaned or lost.

use crate::id::{AttachmentId, TicketId};
use crate::kind::{ActorKind, AttachmentState, Visibility};
use sea_orm::entity::prelude::*;

/// A row of `attachment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttachmentId,
    pub ticket_id: Option<TicketId>,
    pub entry_seq: Option<i64>,
    pub state: AttachmentState,
    pub visibility: Visibility,
    pub name_sealed: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub media_type: String,
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
    pub uploader_kind: ActorKind,
    pub uploader_id: Uuid,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
