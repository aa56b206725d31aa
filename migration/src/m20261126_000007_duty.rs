//! Who is on duty, and how they are reached.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &["duty_contact", "shift", "shift_member"];

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
    r"CREATE TABLE duty_contact (
            staff_id {uuid} NOT NULL,
            phone_sealed {bytes},
            email_sealed {bytes},
            channels {json} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (staff_id)
        ) {strict}",
    r"CREATE TABLE shift (
            id {uuid} NOT NULL,
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            post text NOT NULL,
            starts_at {at} NOT NULL,
            ends_at {at} NOT NULL,
            note text,
            version {big} NOT NULL,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE shift_member (
            id {uuid} NOT NULL,
            shift_id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL,
            ord {int} NOT NULL,
            starts_at {at} NOT NULL,
            ends_at {at} NOT NULL,
            stands_in_for {uuid},
            reason text,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX shift_time ON shift (unit_path, ends_at)",
    "CREATE INDEX shift_member_shift ON shift_member (shift_id, ord)",
    "CREATE INDEX shift_member_staff ON shift_member (staff_id, ends_at)",
];
