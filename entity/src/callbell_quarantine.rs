//! What came and could not be trusted or understood: kept, and shown to the district.

use crate::id::{QuarantineId, StaffId};
use crate::kind::{BellSource, QuarantineReason};
use sea_orm::entity::prelude::*;

/// A row of `callbell_quarantine`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_quarantine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuarantineId,
    pub received_at: DateTimeUtc,
    pub source: BellSource,
    pub reason: QuarantineReason,
    #[sea_orm(column_type = "Text", nullable)]
    pub remote: Option<String>,
    /// As it called itself.
    #[sea_orm(column_type = "Text", nullable)]
    pub serial: Option<String>,
    pub body: Vec<u8>,
    pub seen_by: Option<StaffId>,
    pub seen_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
