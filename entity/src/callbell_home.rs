//! Homes with a bell: where to go, and what to know when one gets there.

use crate::id::{HomeId, ResidentId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `callbell_home`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_home")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HomeId,
    /// The community.
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// Who lives there.
    pub resident_id: Option<ResidentId>,
    #[sea_orm(column_type = "Text")]
    pub building: String,
    #[sea_orm(column_type = "Text")]
    pub entrance: String,
    #[sea_orm(column_type = "Text")]
    pub door: String,
    /// The sentence that is spoken: building, entrance and door.
    pub spoken_sealed: Vec<u8>,
    /// The name of who lives there.
    pub resident_sealed: Vec<u8>,
    /// Their telephone number.
    pub phone_sealed: Option<Vec<u8>>,
    /// Where the key is, which door code.
    pub access_sealed: Option<Vec<u8>>,
    /// What a helper must know.
    pub medical_sealed: Option<Vec<u8>>,
    /// Which language or dialect they speak.
    #[sea_orm(column_type = "Text", nullable)]
    pub language: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub synthetic: bool,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
