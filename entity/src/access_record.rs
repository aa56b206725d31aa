//! Who looked at a ticket, and at what of it: append-only.

use crate::id::{AccessId, TicketId, UnitId};
use crate::kind::{ActorKind, Looked, Role};
use sea_orm::entity::prelude::*;

/// A row of `access_record`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "access_record")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: TicketId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccessId,
    pub at: DateTimeUtc,
    pub what: Looked,
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub actor_name: Option<String>,
    pub role: Role,
    pub unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub request_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
