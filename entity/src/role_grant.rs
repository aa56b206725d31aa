//! A role held by a person in a unit, with its validity.

use crate::id::{GrantId, StaffId, UnitId};
use crate::kind::Role;
use sea_orm::entity::prelude::*;

/// A row of `role_grant`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "role_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    pub staff_id: StaffId,
    pub role: Role,
    pub unit_id: UnitId,
    /// The unit's path on the day of the grant.
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    /// Line posts (条线) that the person covers.
    #[sea_orm(column_type = "JsonBinary")]
    pub posts: Json,
    pub valid_from: Date,
    /// Last day, inclusive.
    pub valid_to: Option<Date>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
