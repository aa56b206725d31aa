//! What stands in a community and helps who goes there: cameras, as references, and points of the electronic patrol.

use crate::id::{FixtureId, UnitId};
use crate::kind::FixtureKind;
use sea_orm::entity::prelude::*;

/// A row of `callbell_fixture`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_fixture")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FixtureId,
    pub kind: FixtureKind,
    /// Of a camera twenty digits (GB/T 28181), of a patrol point what its tag says.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// Names of the buildings beside it; none where it is for the whole community.
    #[sea_orm(column_type = "JsonBinary")]
    pub buildings: Json,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
