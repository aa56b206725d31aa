//! How the tickets of a unit, and of those below it, find their person.

use crate::id::{AssignmentPolicyId, UnitId};
use crate::kind::Strategy;
use sea_orm::entity::prelude::*;

/// A row of `assignment_policy`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentPolicyId,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    pub strategy: Strategy,
    /// The ground, shown in the explanation.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub valid_from: Date,
    /// Last day, inclusive.
    pub valid_to: Option<Date>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
