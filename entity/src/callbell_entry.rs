//! Logs of calls.

use crate::id::CallId;
use crate::kind::{ActorKind, CallEntryKind, CallState};
use sea_orm::entity::prelude::*;

/// A row of `callbell_entry`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: CallEntryKind,
    pub at: DateTimeUtc,
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub actor_name: Option<String>,
    pub from_state: Option<CallState>,
    pub to_state: CallState,
    /// Ids, kinds and numbers.
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Json,
    pub text_sealed: Option<Vec<u8>>,
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
