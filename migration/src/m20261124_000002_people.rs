//! Staff and their roles; the register of residents and merchants.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "staff",
    "role_grant",
    "staff_absence",
    "handover",
    "household",
    "resident",
    "resident_contact",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run(manager, UP).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::drop_tables(manager, TABLES).await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE staff (
            id {uuid} NOT NULL,
            user_name text NOT NULL,
            display_name text NOT NULL,
            password_hash text NOT NULL,
            totp_secret {bytes},
            totp_step {big} NOT NULL,
            disabled_at {at},
            capacity {int},
            synthetic {bool} NOT NULL,
            version {big} NOT NULL,
            created_at {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE role_grant (
            id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL REFERENCES staff (id),
            role text NOT NULL,
            unit_id {uuid} NOT NULL REFERENCES unit (id),
            unit_path {path} NOT NULL,
            posts {json} NOT NULL,
            valid_from {day} NOT NULL,
            valid_to {day},
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE staff_absence (
            id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL REFERENCES staff (id),
            kind text NOT NULL,
            first_day {day} NOT NULL,
            last_day {day} NOT NULL,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE handover (
            id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL REFERENCES staff (id),
            unit_id {uuid} REFERENCES unit (id),
            cause text NOT NULL,
            target text NOT NULL,
            to_staff_id {uuid} REFERENCES staff (id),
            reason text,
            asked_by {uuid} REFERENCES staff (id),
            moved {big} NOT NULL,
            created_at {at} NOT NULL,
            done_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE household (
            id {uuid} NOT NULL,
            address_sealed {bytes} NOT NULL,
            address_index {bytes} NOT NULL,
            unit_id {uuid} REFERENCES unit (id),
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE resident (
            id {uuid} NOT NULL,
            kind text NOT NULL,
            name_sealed {bytes},
            phone_sealed {bytes},
            phone_index {bytes},
            id_number_sealed {bytes},
            id_number_index {bytes},
            email_sealed {bytes},
            email_index {bytes},
            address_sealed {bytes},
            address_index {bytes},
            unit_id {uuid} REFERENCES unit (id),
            unit_path {path},
            household_id {uuid} REFERENCES household (id),
            labels {json} NOT NULL,
            preference {json},
            password_hash text,
            phone_verified_at {at},
            disabled_at {at},
            synthetic {bool} NOT NULL,
            version {big} NOT NULL,
            created_at {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE resident_contact (
            id {uuid} NOT NULL,
            resident_id {uuid} NOT NULL REFERENCES resident (id),
            name_sealed {bytes} NOT NULL,
            phone_sealed {bytes} NOT NULL,
            phone_index {bytes} NOT NULL,
            relation text NOT NULL,
            may_act {bool} NOT NULL,
            consent_at {at} NOT NULL,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX staff_user_name ON staff (user_name)",
    "CREATE INDEX role_grant_staff ON role_grant (staff_id)",
    "CREATE INDEX role_grant_unit ON role_grant (unit_id)",
    "CREATE INDEX staff_absence_staff ON staff_absence (staff_id, last_day)",
    "CREATE INDEX staff_absence_day ON staff_absence (last_day)",
    "CREATE INDEX handover_staff ON handover (staff_id)",
    "CREATE INDEX household_address ON household (address_index)",
    "CREATE INDEX resident_phone ON resident (phone_index)",
    "CREATE INDEX resident_id_number ON resident (id_number_index)",
    "CREATE INDEX resident_address ON resident (address_index)",
    "CREATE INDEX resident_unit ON resident (unit_path, id)",
    "CREATE INDEX resident_contact_resident ON resident_contact (resident_id)",
    "CREATE INDEX resident_contact_phone ON resident_contact (phone_index)",
];
