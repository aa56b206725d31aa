//! Members of staff: who logs in. What they may do stands in `role_grant`.

use crate::id::StaffId;
use sea_orm::entity::prelude::*;

/// A row of `staff`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StaffId,
    #[sea_orm(column_type = "Text")]
    pub user_name: String,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// Argon2id, PHC string.
    #[sea_orm(column_type = "Text")]
    pub password_hash: String,
    /// Sealed.
    pub totp_secret: Option<Vec<u8>>,
    /// Last time step used, so that a code is used once.
    pub totp_step: i64,
    pub disabled_at: Option<DateTimeUtc>,
    /// Open tickets at most that are given without somebody's choosing; none where there is no limit.
    pub capacity: Option<i32>,
    pub synthetic: bool,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
