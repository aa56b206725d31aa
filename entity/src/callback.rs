//! Call-backs: what the requester says of the result.

use crate::id::{CallbackId, TicketId, UnitId};
use crate::kind::{ActorKind, CallbackState};
use sea_orm::entity::prelude::*;

/// A row of `callback`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callback")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallbackId,
    pub ticket_id: TicketId,
    pub round: i32,
    /// The unit whose work is rated.
    pub unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_path: Option<String>,
    pub token_hash: Vec<u8>,
    pub state: CallbackState,
    /// Whether figures count it: not what follows from another ticket.
    pub counts: bool,
    /// Attempts in different parts of days: a second one in the same part does not count.
    pub attempts: i32,
    /// When somebody last tried.
    pub tried_at: Option<DateTimeUtc>,
    pub contacted: Option<bool>,
    pub solved: Option<bool>,
    /// 5 very satisfied … 1 very dissatisfied (好差评).
    pub satisfied: Option<i32>,
    pub opinion_sealed: Option<Vec<u8>>,
    pub answered_by: Option<ActorKind>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
