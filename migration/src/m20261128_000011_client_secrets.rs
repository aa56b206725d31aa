//! Clients show a secret for a token that lives for minutes (OAuth 2.0), and have leave for parts of the API alone.

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
    "DROP INDEX api_client_token",
    "ALTER TABLE api_client DROP COLUMN token_hash",
    "ALTER TABLE api_client ADD COLUMN scopes {json} NOT NULL DEFAULT '[]'",
    r"CREATE TABLE client_secret (
            id {uuid} NOT NULL,
            client_id {uuid} NOT NULL REFERENCES api_client (id),
            hash text NOT NULL,
            created_at {at} NOT NULL,
            last_used_at {at},
            revoked_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX client_secret_client ON client_secret (client_id, id)",
];

const DOWN: &[&str] = &[
    "DROP TABLE client_secret",
    "ALTER TABLE api_client DROP COLUMN scopes",
    "ALTER TABLE api_client ADD COLUMN token_hash {bytes}",
    "CREATE UNIQUE INDEX api_client_token ON api_client (token_hash)",
];
