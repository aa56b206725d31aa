//! Residents let clients act for them: codes, and log-ins that belong to a client.

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
    r"CREATE TABLE authorization_code (
            code_hash {bytes} NOT NULL,
            client_id {uuid} NOT NULL REFERENCES api_client (id),
            redirect_uri {text} NOT NULL,
            challenge {text} NOT NULL,
            scope {text} NOT NULL,
            resident_id {uuid} NOT NULL REFERENCES resident (id),
            expires_at {at} NOT NULL,
            used_at {at},
            session_id {uuid},
            PRIMARY KEY (code_hash)
        ) {strict}",
    "CREATE INDEX authorization_code_expires ON authorization_code (expires_at)",
    "ALTER TABLE session ADD COLUMN client_id {uuid}",
    "ALTER TABLE session ADD COLUMN scope {text}",
    "ALTER TABLE api_client ADD COLUMN redirect_uris {json} NOT NULL DEFAULT '[]'",
];

const DOWN: &[&str] = &[
    "ALTER TABLE api_client DROP COLUMN redirect_uris",
    "ALTER TABLE session DROP COLUMN scope",
    "ALTER TABLE session DROP COLUMN client_id",
    "DROP TABLE authorization_code",
];
