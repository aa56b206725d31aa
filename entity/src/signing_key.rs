//! Keys that sign tokens and receipts.

use sea_orm::entity::prelude::*;

/// A row of `signing_key`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// The `kid`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub public_key: Vec<u8>,
    pub private_sealed: Vec<u8>,
    pub created_at: DateTimeUtc,
    /// After this instant the key is no longer published.
    pub retires_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
