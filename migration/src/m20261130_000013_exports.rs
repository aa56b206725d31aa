//! Lists as files, written in the background.

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
        column::drop_tables(manager, &["export"]).await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE export (
            id {uuid} NOT NULL,
            actor_kind {text} NOT NULL,
            actor_id {uuid} NOT NULL,
            second_factor {bool} NOT NULL,
            filters_sealed {bytes} NOT NULL,
            format {text} NOT NULL,
            reason {text} NOT NULL,
            state {text} NOT NULL,
            written {big} NOT NULL,
            expected {big},
            size_bytes {big},
            sha256 {bytes},
            reach_digest {bytes},
            failure {text},
            attempts {int} NOT NULL,
            leased_by {uuid},
            leased_until {at},
            created_at {at} NOT NULL,
            finished_at {at},
            expires_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX export_of ON export (actor_id, id)",
    "CREATE INDEX export_to_do ON export (id) WHERE state IN ('waiting', 'running')",
    "CREATE INDEX export_expires ON export (expires_at)",
];
