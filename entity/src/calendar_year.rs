//! Whether a year's holidays are published.

use crate::kind::CalendarStatus;
use sea_orm::entity::prelude::*;

/// A row of `calendar_year`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_year")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub year: i32,
    pub status: CalendarStatus,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// Raised by each import.
    pub version: i32,
    pub imported_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
