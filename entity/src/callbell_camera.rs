//! Cameras of the video surveillance, as references: no picture is kept here.

use crate::id::{CameraId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `callbell_camera`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_camera")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CameraId,
    /// Twenty digits (GB/T 28181).
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// Names of the buildings that it sees; none where it is for the whole community.
    #[sea_orm(column_type = "JsonBinary")]
    pub buildings: Json,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
