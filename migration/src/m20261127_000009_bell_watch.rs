//! What watches the call-bells and those who answer them: technical alarms, handovers, cameras, patrols.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "callbell_alarm",
    "callbell_handover",
    "callbell_fixture",
    "callbell_camera_view",
    "callbell_patrol_read",
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
            "callbell_camera_view",
            "id, call_id, camera_id, staff_id, at, purpose, until",
        )
        .await?;
        // Final is not gone either.
        column::run_either(
            manager,
            "CREATE TRIGGER callbell_call_kept BEFORE DELETE ON callbell_call WHEN OLD.state = 'closed' \
             BEGIN SELECT RAISE(ABORT, 'a closed call is final'); END",
            "CREATE TRIGGER callbell_call_kept BEFORE DELETE ON callbell_call FOR EACH ROW \
             WHEN (OLD.state = 'closed') EXECUTE FUNCTION hotline_closed_call()",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::run_either(
            manager,
            "DROP TRIGGER callbell_call_kept",
            "DROP TRIGGER callbell_call_kept ON callbell_call",
        )
        .await?;
        column::drop_tables(manager, TABLES).await?;
        column::run(manager, DOWN).await
    }
}

const UP: &[&str] = &[
    // What a device tells may come in any order: the newest word on each thing holds, by the device's own count.
    "ALTER TABLE callbell_device ADD COLUMN silent_at {at}",
    "ALTER TABLE callbell_device ADD COLUMN battery_seq {big}",
    "ALTER TABLE callbell_device ADD COLUMN mains_seq {big}",
    "ALTER TABLE callbell_device ADD COLUMN firmware_seq {big}",
    "ALTER TABLE callbell_device ADD COLUMN fault_seq {big}",
    "DROP INDEX callbell_device_seen",
    "CREATE INDEX callbell_device_quiet ON callbell_device (silent_at) WHERE state = 'active' AND silent_since IS NULL",
    "CREATE INDEX callbell_device_silent ON callbell_device (unit_path) WHERE silent_since IS NOT NULL",
    r"CREATE TABLE callbell_alarm (
            id {uuid} NOT NULL,
            kind text NOT NULL,
            subject text NOT NULL,
            device_id {uuid},
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            outage_id {uuid},
            detail text,
            devices {int} NOT NULL,
            state text NOT NULL,
            level {int} NOT NULL,
            told_at {at} NOT NULL,
            opened_at {at} NOT NULL,
            due_at {at} NOT NULL,
            taken_at {at},
            taken_by {uuid},
            taken_name text,
            settled_at {at},
            settled_by {uuid},
            note text,
            version {big} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX callbell_alarm_once ON callbell_alarm (kind, subject) WHERE state <> 'settled'",
    "CREATE INDEX callbell_alarm_unit ON callbell_alarm (unit_path, id)",
    "CREATE INDEX callbell_alarm_open ON callbell_alarm (unit_path, id) WHERE state <> 'settled'",
    "CREATE INDEX callbell_alarm_outage ON callbell_alarm (outage_id) WHERE outage_id IS NOT NULL",
    r"CREATE TABLE callbell_handover (
            id {uuid} NOT NULL,
            from_id {uuid} NOT NULL,
            from_name text NOT NULL,
            to_id {uuid} NOT NULL,
            calls {json} NOT NULL,
            note text,
            offered_at {at} NOT NULL,
            accepted_at {at},
            taken {json} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX callbell_handover_to ON callbell_handover (to_id, id)",
    "CREATE INDEX callbell_handover_from ON callbell_handover (from_id, id)",
    r"CREATE TABLE callbell_fixture (
            id {uuid} NOT NULL,
            kind text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            buildings {json} NOT NULL,
            lat {float},
            lng {float},
            version {big} NOT NULL,
            created_at {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX callbell_fixture_code ON callbell_fixture (kind, code)",
    "CREATE INDEX callbell_fixture_unit ON callbell_fixture (unit_path, id)",
    r"CREATE TABLE callbell_camera_view (
            id {uuid} NOT NULL,
            call_id {uuid} NOT NULL,
            camera_id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL,
            at {at} NOT NULL,
            purpose text NOT NULL,
            until {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX callbell_camera_view_call ON callbell_camera_view (call_id, id)",
    r"CREATE TABLE callbell_patrol_read (
            id {uuid} NOT NULL,
            staff_id {uuid} NOT NULL,
            fixture_id {uuid},
            unit_path {path} NOT NULL,
            lat {float},
            lng {float},
            source text NOT NULL,
            at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX callbell_patrol_read_at ON callbell_patrol_read (at)",
    "CREATE INDEX callbell_patrol_read_staff ON callbell_patrol_read (staff_id, at)",
    // Figures of a month: calls by when they opened.
    "CREATE INDEX callbell_call_opened ON callbell_call (opened_at)",
    "CREATE INDEX callbell_event_tests ON callbell_event (received_at) WHERE kind = 'test'",
    "CREATE INDEX callbell_alarm_opened ON callbell_alarm (opened_at)",
];

const DOWN: &[&str] = &[
    "DROP INDEX callbell_call_opened",
    "DROP INDEX callbell_event_tests",
    "DROP INDEX callbell_device_silent",
    "DROP INDEX callbell_device_quiet",
    "CREATE INDEX callbell_device_seen ON callbell_device (last_seen_at) WHERE state = 'active' AND silent_since IS NULL",
    "ALTER TABLE callbell_device DROP COLUMN fault_seq",
    "ALTER TABLE callbell_device DROP COLUMN firmware_seq",
    "ALTER TABLE callbell_device DROP COLUMN mains_seq",
    "ALTER TABLE callbell_device DROP COLUMN battery_seq",
    "ALTER TABLE callbell_device DROP COLUMN silent_at",
];
