//! Looks through cameras; append-only.

use crate::id::{CallId, CameraViewId, FixtureId, StaffId};
use sea_orm::entity::prelude::*;

/// A row of `callbell_camera_view`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_camera_view")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CameraViewId,
    pub call_id: CallId,
    pub camera_id: FixtureId,
    pub staff_id: StaffId,
    pub at: DateTimeUtc,
    /// What for.
    #[sea_orm(column_type = "Text")]
    pub purpose: String,
    /// Until when the link was good.
    pub until: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
