//! Next of kin of a home, in the order in which they are told.

use crate::id::{HomeId, KinId};
use crate::kind::KinPolicy;
use sea_orm::entity::prelude::*;

/// A row of `callbell_kin`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callbell_kin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: KinId,
    pub home_id: HomeId,
    pub ord: i32,
    pub name_sealed: Vec<u8>,
    pub phone_sealed: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub relation: String,
    /// When they are told.
    pub policy: KinPolicy,
    /// When the resident agreed that they are told.
    pub consent_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
