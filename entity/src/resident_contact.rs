//! People who may act for a resident.

use crate::id::{ContactId, ResidentId};
use sea_orm::entity::prelude::*;

/// A row of `resident_contact`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "resident_contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    pub resident_id: ResidentId,
    pub name_sealed: Vec<u8>,
    pub phone_sealed: Vec<u8>,
    pub phone_index: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub relation: String,
    pub may_act: bool,
    /// When the resident agreed.
    pub consent_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
