//! The organisation: district, sub-districts, communities, grids, departments, providers.

use crate::id::UnitId;
use crate::kind::UnitKind;
use sea_orm::entity::prelude::*;

/// A row of `unit`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnitId,
    /// Official code (12 digits for the national list) or a local one.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    pub kind: UnitKind,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub parent_id: Option<UnitId>,
    /// Materialised path of ids of the day, `/440703/440703002/`: a subtree is a range of it.
    #[sea_orm(column_type = "Text")]
    pub path: String,
    /// Other names and street names found in addresses.
    #[sea_orm(column_type = "JsonBinary")]
    pub aliases: Json,
    /// GeoJSON polygon.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub area: Option<Json>,
    /// Codes of the powers that the unit holds.
    #[sea_orm(column_type = "JsonBinary")]
    pub powers: Json,
    /// Office telephone and address, public.
    #[sea_orm(column_type = "Text", nullable)]
    pub contact: Option<String>,
    /// Made for demonstration.
    pub synthetic: bool,
    /// The unit that took over when this one ended.
    pub successor_id: Option<UnitId>,
    pub valid_from: Date,
    /// Last day, inclusive.
    pub valid_to: Option<Date>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
