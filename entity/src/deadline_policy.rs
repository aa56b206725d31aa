//! Limits as dated data; the most specific line wins.

use crate::id::PolicyId;
use crate::kind::{ClockKind, LimitUnit, RequestType, Urgency};
use sea_orm::entity::prelude::*;

/// A row of `deadline_policy`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deadline_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PolicyId,
    pub clock: ClockKind,
    pub request_type: Option<RequestType>,
    /// Prefix of a service code.
    #[sea_orm(column_type = "Text", nullable)]
    pub category: Option<String>,
    pub urgency: Option<Urgency>,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_path: Option<String>,
    pub amount: i32,
    pub unit: LimitUnit,
    /// How often it may be extended.
    pub extensions: i32,
    /// The most it may come to with extensions, in its unit.
    pub ceiling: Option<i32>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
