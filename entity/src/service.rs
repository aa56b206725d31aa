//! The service catalogue: who handles what, in what time, with which form.

use crate::id::{ServiceId, StaffId, UnitId};
use crate::kind::{LimitUnit, RequestType, ResponsibleKind, ServiceState, Urgency};
use sea_orm::entity::prelude::*;

/// A row of `service`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ServiceId,
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub parent_code: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub name_en: String,
    /// GB/T 39666 or DB44/T 2479, filled in by the operator.
    #[sea_orm(column_type = "Text", nullable)]
    pub std_code: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub request_types: Json,
    pub default_type: RequestType,
    pub urgency: Urgency,
    pub resolve_amount: Option<i32>,
    pub resolve_unit: Option<LimitUnit>,
    pub responsible_kind: ResponsibleKind,
    #[sea_orm(column_type = "Text")]
    pub responsible_post: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub department_code: Option<String>,
    /// Powers that the owner must hold.
    #[sea_orm(column_type = "JsonBinary")]
    pub powers: Json,
    pub sensitive: bool,
    /// May be accepted without an operator's look.
    pub auto_accept: bool,
    pub relapse: bool,
    #[sea_orm(column_type = "Text", nullable)]
    pub external_procedure: Option<String>,
    /// The small JSON-Schema subset of `catalog::rules::form`.
    #[sea_orm(column_type = "JsonBinary")]
    pub form: Json,
    pub selectable: bool,
    /// A community's own special service (特色服务).
    pub owner_unit_id: Option<UnitId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub owner_path: Option<String>,
    pub state: ServiceState,
    pub proposed_by: Option<StaffId>,
    pub decided_by: Option<StaffId>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
