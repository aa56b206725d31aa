//! Open calls that somebody offers to a colleague at the end of a shift.

use crate::id::{CallHandoverId, StaffId};
use sea_orm::entity::prelude::*;

/// A row of `callbell_handover`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_handover")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallHandoverId,
    pub from_id: StaffId,
    #[sea_orm(column_type = "Text")]
    pub from_name: String,
    pub to_id: StaffId,
    /// Ids of the calls.
    #[sea_orm(column_type = "JsonBinary")]
    pub calls: Json,
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
    pub offered_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
    /// Those of them that were still to be taken over then.
    #[sea_orm(column_type = "JsonBinary")]
    pub taken: Json,
}

impl ActiveModelBehavior for ActiveModel {}
