//! Phone calls of which nothing more is heard.

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
    "ALTER TABLE phone_call ADD COLUMN given_up_at {at}",
    // Nobody is called back about calls of long ago: those that are not over were given up when they were last heard of.
    "UPDATE phone_call SET given_up_at = updated_at, state = CASE WHEN answered_at IS NULL THEN 'abandoned' ELSE 'ended' END \
     WHERE state IN ('ringing', 'talking')",
    "CREATE INDEX phone_call_going ON phone_call (updated_at) WHERE state IN ('ringing', 'talking')",
];

const DOWN: &[&str] = &[
    "DROP INDEX phone_call_going",
    "ALTER TABLE phone_call DROP COLUMN given_up_at",
];
