//! Files read in the background, what came of each line, and the numbers that tickets had elsewhere.

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
    r"CREATE TABLE import (
            id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL REFERENCES staff (id),
            second_factor {bool} NOT NULL,
            kind {text} NOT NULL,
            format {text} NOT NULL,
            dry_run {bool} NOT NULL,
            state {text} NOT NULL,
            size_bytes {big},
            sha256 {bytes},
            lines {big} NOT NULL,
            created {big} NOT NULL,
            unchanged {big} NOT NULL,
            refused {big} NOT NULL,
            failure {text},
            attempts {int} NOT NULL,
            leased_by {uuid},
            leased_until {at},
            created_at {at} NOT NULL,
            finished_at {at},
            expires_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX import_of ON import (staff_id, id)",
    "CREATE INDEX import_to_do ON import (id) WHERE state IN ('waiting', 'running')",
    "CREATE INDEX import_expires ON import (expires_at)",
    r"CREATE TABLE import_line (
            import_id {uuid} NOT NULL REFERENCES import (id),
            line {big} NOT NULL,
            outcome {text} NOT NULL,
            key_index {bytes},
            subject_id {uuid},
            message {text},
            PRIMARY KEY (import_id, line)
        ) {strict}",
    "CREATE INDEX import_line_key ON import_line (import_id, key_index) WHERE key_index IS NOT NULL",
    "CREATE INDEX import_line_outcome ON import_line (import_id, outcome, line)",
    "ALTER TABLE ticket ADD COLUMN former_number {text}",
    "CREATE UNIQUE INDEX ticket_former_number ON ticket (former_number) WHERE former_number IS NOT NULL",
];

const DOWN: &[&str] = &[
    "DROP INDEX ticket_former_number",
    "ALTER TABLE ticket DROP COLUMN former_number",
    "DROP TABLE import_line",
    "DROP TABLE import",
];
