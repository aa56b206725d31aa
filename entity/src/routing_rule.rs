//! Rules that place a ticket before the catalogue's default does.

use crate::id::{RuleId, UnitId};
use crate::kind::{Channel, RequestType};
use sea_orm::entity::prelude::*;

/// A row of `routing_rule`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RuleId,
    /// Lower goes first; ties by id.
    pub rank: i32,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Prefix of a service code.
    #[sea_orm(column_type = "Text", nullable)]
    pub category: Option<String>,
    pub request_type: Option<RequestType>,
    pub channel: Option<Channel>,
    #[sea_orm(column_type = "Text", nullable)]
    pub place_path: Option<String>,
    pub target_unit_id: UnitId,
    #[sea_orm(column_type = "Text", nullable)]
    pub target_post: Option<String>,
    /// Legal or organisational ground, shown in the explanation.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
