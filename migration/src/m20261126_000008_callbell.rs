//! The emergency call-bell.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "callbell_home",
    "callbell_kin",
    "callbell_device",
    "callbell_event",
    "callbell_quarantine",
    "callbell_ladder",
    "callbell_call",
    "callbell_entry",
    "delivery",
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
            "callbell_event",
            "id, device_id, event_id, seq, kind, source, device_at, received_at, clock_suspect, digest, body",
        )
        .await?;
        column::append_only(
            manager,
            "callbell_entry",
            "call_id, seq, kind, at, actor_kind, actor_id, actor_name, from_state, to_state, data, text_sealed, hash",
        )
        .await?;
        column::run_either(
            manager,
            "CREATE TRIGGER callbell_call_closed BEFORE UPDATE ON callbell_call WHEN OLD.state = 'closed' \
             BEGIN SELECT RAISE(ABORT, 'a closed call is final'); END",
            "CREATE FUNCTION hotline_closed_call() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'a closed call is final'; END $$",
        )
        .await?;
        column::run_either(
            manager,
            "SELECT 1",
            "CREATE TRIGGER callbell_call_closed BEFORE UPDATE ON callbell_call FOR EACH ROW \
             WHEN (OLD.state = 'closed') EXECUTE FUNCTION hotline_closed_call()",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::drop_tables(manager, TABLES).await?;
        column::run_either(manager, "SELECT 1", "DROP FUNCTION hotline_closed_call()").await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE callbell_home (
            id {uuid} NOT NULL,
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            resident_id {uuid},
            building text NOT NULL,
            entrance text NOT NULL,
            door text NOT NULL,
            spoken_sealed {bytes} NOT NULL,
            resident_sealed {bytes} NOT NULL,
            phone_sealed {bytes},
            access_sealed {bytes},
            medical_sealed {bytes},
            language text,
            labels {json} NOT NULL,
            lat {float},
            lng {float},
            synthetic {bool} NOT NULL,
            version {big} NOT NULL,
            created_at {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callbell_kin (
            id {uuid} NOT NULL,
            home_id {uuid} NOT NULL,
            ord {int} NOT NULL,
            name_sealed {bytes} NOT NULL,
            phone_sealed {bytes} NOT NULL,
            relation text NOT NULL,
            policy text NOT NULL,
            consent_at {at},
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callbell_device (
            id {uuid} NOT NULL,
            serial text NOT NULL,
            kind text NOT NULL,
            home_id {uuid},
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            secret_sealed {bytes} NOT NULL,
            state text NOT NULL,
            silenced_until {at},
            silenced_why text,
            replaces_id {uuid},
            heartbeat_s {int} NOT NULL,
            last_seen_at {at},
            last_seq {big},
            battery {int},
            mains_ok {bool},
            firmware text,
            silent_since {at},
            fault text,
            visit_wanted {bool} NOT NULL,
            test_until {at},
            tested_at {at},
            location text,
            synthetic {bool} NOT NULL,
            version {big} NOT NULL,
            created_at {at} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callbell_event (
            id {uuid} NOT NULL,
            device_id {uuid} NOT NULL,
            event_id text NOT NULL,
            seq {big},
            kind text NOT NULL,
            source text NOT NULL,
            device_at {at},
            received_at {at} NOT NULL,
            clock_suspect {bool} NOT NULL,
            digest {bytes} NOT NULL,
            body {bytes} NOT NULL,
            call_id {uuid},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callbell_quarantine (
            id {uuid} NOT NULL,
            received_at {at} NOT NULL,
            source text NOT NULL,
            reason text NOT NULL,
            remote text,
            serial text,
            body {bytes} NOT NULL,
            seen_by {uuid},
            seen_at {at},
            note text,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callbell_ladder (
            unit_path {path} NOT NULL,
            unit_id {uuid} NOT NULL,
            ladder {json} NOT NULL,
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (unit_path)
        ) {strict}",
    r"CREATE TABLE callbell_call (
            id {uuid} NOT NULL,
            ticket_id {uuid},
            device_id {uuid},
            home_id {uuid},
            unit_id {uuid} NOT NULL,
            unit_path {path} NOT NULL,
            state text NOT NULL,
            rung {int} NOT NULL,
            rung_at {at} NOT NULL,
            level {int} NOT NULL,
            owner_id {uuid},
            owner_name text,
            opened_at {at} NOT NULL,
            first_acked_at {at},
            acked_at {at},
            going_at {at},
            arrived_at {at},
            overdue {int} NOT NULL,
            heard_at {at},
            resolved_at {at},
            closed_at {at},
            outcome text,
            verification text,
            presses {int} NOT NULL,
            pressed_at {at} NOT NULL,
            device_at {at},
            clock_suspect {bool} NOT NULL,
            cancelled {bool} NOT NULL,
            test {bool} NOT NULL,
            has_kin {bool} NOT NULL,
            kin_at {at},
            reported {bool} NOT NULL,
            previous_id {uuid},
            ladder {json} NOT NULL,
            entries {big} NOT NULL,
            head {bytes} NOT NULL,
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callbell_entry (
            call_id {uuid} NOT NULL,
            seq {big} NOT NULL,
            kind text NOT NULL,
            at {at} NOT NULL,
            actor_kind text NOT NULL,
            actor_id {uuid},
            actor_name text,
            from_state text,
            to_state text NOT NULL,
            data {json} NOT NULL,
            text_sealed {bytes},
            hash {bytes} NOT NULL,
            PRIMARY KEY (call_id, seq)
        ) {strict}",
    r"CREATE TABLE delivery (
            id {uuid} NOT NULL,
            call_id {uuid} NOT NULL,
            notice_id {uuid} NOT NULL,
            recipient_id {uuid},
            channel text NOT NULL,
            attempt {int} NOT NULL,
            at {at} NOT NULL,
            sent {bool} NOT NULL,
            error text,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE INDEX callbell_home_unit ON callbell_home (unit_path, id)",
    "CREATE INDEX callbell_home_resident ON callbell_home (resident_id) WHERE resident_id IS NOT NULL",
    "CREATE INDEX callbell_kin_home ON callbell_kin (home_id, ord)",
    "CREATE UNIQUE INDEX callbell_device_serial ON callbell_device (serial)",
    "CREATE INDEX callbell_device_unit ON callbell_device (unit_path, id)",
    "CREATE INDEX callbell_device_home ON callbell_device (home_id) WHERE home_id IS NOT NULL",
    "CREATE INDEX callbell_device_seen ON callbell_device (last_seen_at) WHERE state = 'active' AND silent_since IS NULL",
    "CREATE UNIQUE INDEX callbell_event_once ON callbell_event (device_id, event_id)",
    "CREATE INDEX callbell_quarantine_new ON callbell_quarantine (id) WHERE seen_at IS NULL",
    "CREATE UNIQUE INDEX callbell_call_open ON callbell_call (device_id) WHERE device_id IS NOT NULL AND state NOT IN ('resolved', 'closed')",
    "CREATE INDEX callbell_call_going ON callbell_call (id) WHERE state <> 'closed'",
    "CREATE INDEX callbell_call_device ON callbell_call (device_id, id) WHERE device_id IS NOT NULL",
    "CREATE INDEX callbell_call_unit ON callbell_call (unit_path, id)",
    "CREATE UNIQUE INDEX callbell_call_ticket ON callbell_call (ticket_id) WHERE ticket_id IS NOT NULL",
    "CREATE INDEX delivery_call ON delivery (call_id, id)",
];
