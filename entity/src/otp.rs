//! One-time codes sent to a phone.

use crate::id::OtpId;
use sea_orm::entity::prelude::*;

/// A row of `otp`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "otp")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OtpId,
    pub phone_index: Vec<u8>,
    pub code_mac: Vec<u8>,
    pub attempts: i32,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
