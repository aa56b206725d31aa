//! What is due later; fires once.

use crate::id::TimerId;
use sea_orm::entity::prelude::*;

/// A row of `durable_timer`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_timer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TimerId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub subject_id: Uuid,
    pub due_at: DateTimeUtc,
    pub attempts: i32,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
