//! For whom a ticket was opened.

use crate::id::{ClientId, RequesterId, ResidentId, TicketId};
use crate::kind::Standing;
use sea_orm::entity::prelude::*;

/// A row of `ticket_requester`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_requester")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RequesterId,
    pub ticket_id: TicketId,
    pub resident_id: Option<ResidentId>,
    pub client_id: Option<ClientId>,
    pub standing: Standing,
    pub on_behalf_of: Option<ResidentId>,
    /// How the other agreed, where staff asks for them.
    pub consent_sealed: Option<Vec<u8>>,
    pub name_sealed: Option<Vec<u8>>,
    pub phone_sealed: Option<Vec<u8>>,
    pub phone_index: Option<Vec<u8>>,
    /// Of an anonymous requester's extraction code.
    pub extraction_hash: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
