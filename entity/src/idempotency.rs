//! Answers kept for repeated requests.

use sea_orm::entity::prelude::*;

/// A row of `idempotency`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Keyed hash of actor, operation and key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    pub request_hash: Vec<u8>,
    pub answer_sealed: Vec<u8>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
