//! Sessions, one-time codes, throttling, signing keys, clients, kept answers and the audit log.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "session",
    "otp",
    "throttle",
    "signing_key",
    "api_client",
    "idempotency",
    "audit",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run(manager, UP).await?;
        column::append_only(
            manager,
            "audit",
            "id, at, actor_kind, actor_id, actor_name, role, action, subject_kind, subject_id, detail, request_id",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::drop_tables(manager, TABLES).await?;
        column::drop_append_only(manager).await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE session (
            id {uuid} NOT NULL,
            subject_kind text NOT NULL,
            subject_id {uuid} NOT NULL,
            client text NOT NULL,
            secret_hash {bytes} NOT NULL,
            previous_hash {bytes},
            successor_sealed {bytes},
            second_factor {bool} NOT NULL,
            rotated_at {at} NOT NULL,
            expires_at {at} NOT NULL,
            revoked_at {at},
            revoked_why text,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE otp (
            id {uuid} NOT NULL,
            phone_index {bytes} NOT NULL,
            code_mac {bytes} NOT NULL,
            attempts {int} NOT NULL,
            expires_at {at} NOT NULL,
            used_at {at},
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE throttle (
            id {bytes} NOT NULL,
            failures {int} NOT NULL,
            blocked_until {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE signing_key (
            id text NOT NULL,
            public_key {bytes} NOT NULL,
            private_sealed {bytes} NOT NULL,
            created_at {at} NOT NULL,
            retires_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE api_client (
            id {uuid} NOT NULL,
            name text NOT NULL,
            token_hash {bytes} NOT NULL,
            channel text NOT NULL,
            unit_id {uuid} NOT NULL REFERENCES unit (id),
            unit_path {path} NOT NULL,
            created_at {at} NOT NULL,
            expires_at {at},
            revoked_at {at},
            version {big} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE idempotency (
            id {bytes} NOT NULL,
            request_hash {bytes} NOT NULL,
            answer_sealed {bytes} NOT NULL,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE audit (
            id {uuid} NOT NULL,
            at {at} NOT NULL,
            actor_kind text NOT NULL,
            actor_id {uuid},
            actor_name text,
            role text,
            action text NOT NULL,
            subject_kind text NOT NULL,
            subject_id text NOT NULL,
            detail {json} NOT NULL,
            request_id text,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX session_subject ON session (subject_id)",
    "CREATE INDEX otp_phone ON otp (phone_index, created_at)",
    "CREATE UNIQUE INDEX api_client_token ON api_client (token_hash)",
    "CREATE INDEX idempotency_created ON idempotency (created_at)",
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE INDEX audit_subject ON audit (subject_kind, subject_id)",
];
