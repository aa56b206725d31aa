//! Times in which nobody works though the calendar says otherwise (临时停工): a typhoon, a flood.

use crate::id::{ClosureId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `closure`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "closure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClosureId,
    /// With those below it; null for everybody.
    pub unit_id: Option<UnitId>,
    /// `/` for everybody.
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    pub begins_at: DateTimeUtc,
    /// The instant at which work goes on.
    pub ends_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
