//! Other systems that hear of events: where they are, what waits for them, and how each attempt went.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &["webhook", "webhook_message", "webhook_attempt"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::drop_tables(manager, TABLES).await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE webhook (
            id {uuid} NOT NULL,
            client_id {uuid},
            created_by {uuid},
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            url text NOT NULL,
            description text,
            types {json} NOT NULL,
            signing text NOT NULL,
            secret_sealed {bytes} NOT NULL,
            former_sealed {bytes},
            former_until {at},
            state text NOT NULL,
            off_reason text,
            failing_since {at},
            position {big} NOT NULL,
            created_at {at} NOT NULL,
            version {big} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE webhook_message (
            id {uuid} NOT NULL,
            webhook_id {uuid} NOT NULL,
            event_id {uuid} NOT NULL,
            kind text NOT NULL,
            subject_id {uuid} NOT NULL,
            position {big} NOT NULL,
            body text NOT NULL,
            state text NOT NULL,
            attempts {int} NOT NULL,
            next_at {at} NOT NULL,
            leased_by {uuid},
            leased_until {at},
            created_at {at} NOT NULL,
            ended_at {at},
            last_status {int},
            last_error text,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE webhook_attempt (
            id {uuid} NOT NULL,
            message_id {uuid} NOT NULL,
            attempt {int} NOT NULL,
            at {at} NOT NULL,
            took_ms {int} NOT NULL,
            status {int},
            error text,
            answer text,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX webhook_unit ON webhook (unit_path, id)",
    "CREATE INDEX webhook_behind ON webhook (position) WHERE state = 'active'",
    "CREATE UNIQUE INDEX webhook_message_once ON webhook_message (webhook_id, event_id)",
    "CREATE INDEX webhook_message_due ON webhook_message (next_at, webhook_id) WHERE state = 'pending'",
    "CREATE INDEX webhook_message_order ON webhook_message (webhook_id, subject_id, position) WHERE state = 'pending'",
    "CREATE INDEX webhook_message_list ON webhook_message (webhook_id, id)",
    "CREATE INDEX webhook_message_ended ON webhook_message (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX webhook_attempt_message ON webhook_attempt (message_id, id)",
];
