//! The register of residents and merchants. Personal fields are sealed, found by blind index.

use crate::id::{HouseholdId, ResidentId, UnitId};
use crate::kind::ResidentKind;
use sea_orm::entity::prelude::*;

/// A row of `resident`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "resident")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResidentId,
    pub kind: ResidentKind,
    pub name_sealed: Option<Vec<u8>>,
    pub phone_sealed: Option<Vec<u8>>,
    pub phone_index: Option<Vec<u8>>,
    pub id_number_sealed: Option<Vec<u8>>,
    pub id_number_index: Option<Vec<u8>>,
    pub email_sealed: Option<Vec<u8>>,
    pub email_index: Option<Vec<u8>>,
    pub address_sealed: Option<Vec<u8>>,
    pub address_index: Option<Vec<u8>>,
    /// The community.
    pub unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_path: Option<String>,
    pub household_id: Option<HouseholdId>,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    /// How and when somebody wants to be reached: `{"channel": …, "quiet_from": …, "quiet_to": …}`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub preference: Option<Json>,
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    pub phone_verified_at: Option<DateTimeUtc>,
    pub disabled_at: Option<DateTimeUtc>,
    pub synthetic: bool,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
