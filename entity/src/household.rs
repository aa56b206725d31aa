//! People who share a dwelling.

use crate::id::{HouseholdId, UnitId};
use sea_orm::entity::prelude::*;

/// A row of `household`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "household")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HouseholdId,
    pub address_sealed: Vec<u8>,
    pub address_index: Vec<u8>,
    pub unit_id: Option<UnitId>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
