//! How a member of staff is reached when they are on duty.

use crate::id::StaffId;
use sea_orm::entity::prelude::*;

/// A row of `duty_contact`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: StaffId,
    pub phone_sealed: Option<Vec<u8>>,
    pub email_sealed: Option<Vec<u8>>,
    /// Channels in the order in which they are tried.
    #[sea_orm(column_type = "JsonBinary")]
    pub channels: Json,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
