//! Working hours of a unit and of those below it, as dated data.

use crate::id::{HoursId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `unit_hours`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_hours")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HoursId,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// `[["08:30","12:00"],["14:30","17:30"]]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub windows: Json,
    /// Days of the weekend on which it works as well: `["saturday"]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub weekends: Json,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
