//! Messages to other systems in their order, so that one is found without reading all that wait.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run(manager, DOWN).await
    }
}

const UP: &[&str] = &[
    "CREATE INDEX webhook_message_queue ON webhook_message (webhook_id, position) WHERE state = 'pending'",
    "DROP INDEX webhook_message_due",
];

const DOWN: &[&str] = &[
    "CREATE INDEX webhook_message_due ON webhook_message (next_at, webhook_id) WHERE state = 'pending'",
    "DROP INDEX webhook_message_queue",
];
