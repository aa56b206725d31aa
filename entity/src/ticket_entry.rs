//! The append-only timeline of a ticket, hash-chained over ciphertext.

use crate::id::{TicketId, UnitId};
use crate::kind::{ActorKind, EntryKind, Role, TicketState};
use sea_orm::entity::prelude::*;

/// A row of `ticket_entry`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: TicketId,
    /// 1, 2, 3 …
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: EntryKind,
    pub at: DateTimeUtc,
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub actor_name: Option<String>,
    pub role: Option<Role>,
    pub unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_name: Option<String>,
    pub from_state: Option<TicketState>,
    pub to_state: TicketState,
    /// Whether the requester sees it.
    pub public: bool,
    pub public_sealed: Option<Vec<u8>>,
    pub internal_sealed: Option<Vec<u8>>,
    /// Ids, kinds and times.
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Json,
    pub hash: Vec<u8>,
    #[sea_orm(column_type = "Text", nullable)]
    pub request_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
