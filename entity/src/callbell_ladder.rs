//! Ladders of units that have one of their own.

use crate::id::UnitId;
use sea_orm::entity::prelude::*;

/// A row of `callbell_ladder`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_ladder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub unit_path: String,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "JsonBinary")]
    pub ladder: Json,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
