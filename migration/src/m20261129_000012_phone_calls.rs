//! Phone calls, as telephone exchanges tell of them, and the tickets that were registered in them.

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
    r"CREATE TABLE phone_call (
            id {uuid} NOT NULL,
            client_id {uuid} NOT NULL REFERENCES api_client (id),
            external_id {text} NOT NULL,
            unit_path {path} NOT NULL,
            state {text} NOT NULL,
            caller_sealed {bytes},
            caller_index {bytes},
            line {text},
            agent {text},
            staff_id {uuid} REFERENCES staff (id),
            agents {json} NOT NULL,
            recording {text},
            began_at {at} NOT NULL,
            ringing_at {at},
            answered_at {at},
            ended_at {at},
            missed {text},
            attempts {int} NOT NULL,
            missed_by {uuid} REFERENCES staff (id),
            missed_at {at},
            created_at {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX phone_call_once ON phone_call (client_id, external_id)",
    "CREATE INDEX phone_call_began ON phone_call (began_at, id)",
    "CREATE INDEX phone_call_missed ON phone_call (id) WHERE missed = 'waiting'",
    "CREATE INDEX phone_call_caller ON phone_call (caller_index, answered_at) WHERE caller_index IS NOT NULL",
    "ALTER TABLE ticket ADD COLUMN phone_call_id {uuid}",
    "CREATE INDEX ticket_phone_call ON ticket (phone_call_id) WHERE phone_call_id IS NOT NULL",
];

const DOWN: &[&str] = &[
    "DROP INDEX ticket_phone_call",
    "ALTER TABLE ticket DROP COLUMN phone_call_id",
    "DROP TABLE phone_call",
];
