//! The event log, its consumers, notices and durable timers.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &["event", "consumer_cursor", "notice", "durable_timer"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run(manager, UP).await?;
        column::run_either(
            manager,
            "SELECT 1",
            "CREATE INDEX event_unplaced ON event (seq) WHERE position IS NULL",
        )
        .await?;
        column::append_only(
            manager,
            "event",
            "seq, id, kind, subject_kind, subject_id, unit_path, data, at",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::drop_tables(manager, TABLES).await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE event (
            seq {counted},
            position {position},
            id {uuid} NOT NULL,
            kind text NOT NULL,
            subject_kind text NOT NULL,
            subject_id {uuid} NOT NULL,
            unit_path {path},
            data {json} NOT NULL,
            at {at} NOT NULL
        ) {strict}",
    r"CREATE TABLE consumer_cursor (
            id text NOT NULL,
            position {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE notice (
            id {uuid} NOT NULL,
            recipient_kind text NOT NULL,
            recipient_id {uuid},
            channel text NOT NULL,
            lane text NOT NULL,
            template text NOT NULL,
            ticket_id {uuid},
            call_id {uuid},
            others_sealed {bytes},
            address_sealed {bytes},
            body_sealed {bytes} NOT NULL,
            dedup_key text NOT NULL,
            state text NOT NULL,
            attempts {int} NOT NULL,
            next_at {at} NOT NULL,
            leased_by {uuid},
            leased_until {at},
            last_error text,
            created_at {at} NOT NULL,
            sent_at {at},
            read_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE durable_timer (
            id {uuid} NOT NULL,
            kind text NOT NULL,
            subject_id {uuid} NOT NULL,
            due_at {at} NOT NULL,
            attempts {int} NOT NULL,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX event_position ON event (position)",
    "CREATE UNIQUE INDEX notice_dedup ON notice (dedup_key)",
    "CREATE INDEX notice_pending ON notice (lane DESC, next_at, id) WHERE state = 'pending'",
    "CREATE INDEX notice_sending ON notice (leased_until, recipient_id) WHERE leased_until IS NOT NULL",
    "CREATE INDEX notice_call ON notice (call_id, id) WHERE call_id IS NOT NULL",
    "CREATE INDEX notice_recipient ON notice (recipient_id, id) WHERE recipient_id IS NOT NULL",
    "CREATE INDEX timer_due ON durable_timer (due_at)",
    "CREATE INDEX timer_calls ON durable_timer (due_at) WHERE kind = 'callbell.call'",
    "CREATE INDEX timer_subject ON durable_timer (subject_id)",
];
