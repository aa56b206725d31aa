//! Where people on patrol were; kept for a while only.

use crate::id::{FixtureId, PatrolReadId, StaffId};
use crate::kind::PatrolSource;
use sea_orm::entity::prelude::*;

/// A row of `callbell_patrol_read`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_patrol_read")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PatrolReadId,
    pub staff_id: StaffId,
    pub fixture_id: Option<FixtureId>,
    /// The community.
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub source: PatrolSource,
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
