//! Points of the electronic patrol.

use crate::id::{PatrolPointId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `callbell_patrol_point`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_patrol_point")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PatrolPointId,
    /// What the tag says.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// Names of the buildings beside it.
    #[sea_orm(column_type = "JsonBinary")]
    pub buildings: Json,
    pub lat: f64,
    pub lng: f64,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
