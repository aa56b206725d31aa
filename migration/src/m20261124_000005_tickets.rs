//! Tickets, for whom, who has them, their clocks, timeline, files and call-backs.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "ticket",
    "ticket_requester",
    "assignment",
    "clock",
    "proceeding",
    "ticket_entry",
    "attachment",
    "callback",
    "queue_count",
    "access_record",
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
            "ticket_entry",
            "ticket_id, seq, kind, at, actor_kind, actor_id, actor_name, role, unit_id, unit_name, from_state, \
             to_state, public, public_sealed, internal_sealed, data, hash, request_id",
        )
        .await?;
        column::append_only(
            manager,
            "access_record",
            "ticket_id, id, at, what, actor_kind, actor_id, actor_name, role, unit_id, unit_name, request_id",
        )
        .await?;
        // Words of one or two characters are found by bigrams that the application makes.
        column::run_either(
            manager,
            "CREATE VIRTUAL TABLE ticket_search USING fts5(ticket_id UNINDEXED, terms, tokenize = 'unicode61')",
            "CREATE TABLE ticket_search (ticket_id uuid PRIMARY KEY, terms text NOT NULL, \
             bigrams tsvector GENERATED ALWAYS AS (terms::tsvector) STORED)",
        )
        .await?;
        column::run_either(
            manager,
            "SELECT 1",
            "CREATE INDEX ticket_search_bigrams ON ticket_search USING gin (bigrams)",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column::drop_tables(manager, &["ticket_search"]).await?;
        column::drop_tables(manager, TABLES).await
    }
}

const UP: &[&str] = &[
    r"CREATE TABLE ticket (
            id {uuid} NOT NULL,
            number text NOT NULL,
            state text NOT NULL,
            round {int} NOT NULL,
            request_type text NOT NULL,
            service_id {uuid} NOT NULL REFERENCES service (id),
            category {path} NOT NULL,
            urgency text NOT NULL,
            channel text NOT NULL,
            title text NOT NULL,
            content_sealed {bytes} NOT NULL,
            form_sealed {bytes},
            place_unit_id {uuid} NOT NULL REFERENCES unit (id),
            place_path {path} NOT NULL,
            place_name text NOT NULL,
            address_sealed {bytes},
            lat {float},
            lng {float},
            confidential {bool} NOT NULL,
            anonymous {bool} NOT NULL,
            sensitive {bool} NOT NULL,
            wants_reply {bool} NOT NULL,
            result text,
            routes {int} NOT NULL,
            no_return {bool} NOT NULL,
            came_from text,
            primary_id {uuid},
            followers {int} NOT NULL,
            proceedings {int} NOT NULL,
            supervised {bool} NOT NULL,
            hard_case {bool} NOT NULL,
            urges {int} NOT NULL,
            urged_at {at},
            appealed {bool} NOT NULL,
            rejected_by {uuid},
            replied_by {uuid},
            contacted {bool} NOT NULL,
            rated {bool} NOT NULL,
            entries {big} NOT NULL,
            head {bytes} NOT NULL,
            next_due_at {at},
            yellow_at {at},
            orange_at {at},
            created_at {at} NOT NULL,
            closed_at {at},
            updated_at {at} NOT NULL,
            version {big} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE ticket_requester (
            id {uuid} NOT NULL,
            ticket_id {uuid} NOT NULL REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            resident_id {uuid} REFERENCES resident (id),
            client_id {uuid} REFERENCES api_client (id),
            standing text NOT NULL,
            on_behalf_of {uuid},
            consent_sealed {bytes},
            name_sealed {bytes},
            phone_sealed {bytes},
            phone_index {bytes},
            extraction_hash {bytes},
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE assignment (
            id {uuid} NOT NULL,
            ticket_id {uuid} NOT NULL REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            nature text NOT NULL,
            unit_id {uuid} NOT NULL REFERENCES unit (id),
            unit_path {path} NOT NULL,
            unit_name text NOT NULL,
            staff_id {uuid} REFERENCES staff (id),
            staff_name text,
            post text,
            explanation {json} NOT NULL,
            counts {bool} NOT NULL,
            started_at {at} NOT NULL,
            ended_at {at},
            closed_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE clock (
            id {uuid} NOT NULL,
            ticket_id {uuid} NOT NULL REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            proceeding_id {uuid},
            unit_id {uuid},
            unit_path {path},
            counts {bool} NOT NULL,
            kind text NOT NULL,
            round {int} NOT NULL,
            amount {int} NOT NULL,
            unit text NOT NULL,
            policy_id {uuid},
            calendar_version {int} NOT NULL,
            provisional {bool} NOT NULL,
            started_at {at} NOT NULL,
            due_at {at} NOT NULL,
            first_due_at {at} NOT NULL,
            extended {int} NOT NULL,
            extensions {int} NOT NULL,
            pauses {json} NOT NULL,
            paused_at {at},
            by_plan {bool} NOT NULL,
            stage {int} NOT NULL,
            stopped_at {at},
            breached_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE proceeding (
            id {uuid} NOT NULL,
            ticket_id {uuid} NOT NULL REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            kind text NOT NULL,
            state text NOT NULL,
            unit_id {uuid} REFERENCES unit (id),
            unit_path {path},
            unit_name text,
            ground text,
            target_unit_id {uuid} REFERENCES unit (id),
            amount {int},
            category {path} NOT NULL,
            asked_sealed {bytes},
            answered_sealed {bytes},
            opened_by {uuid},
            opened_at {at} NOT NULL,
            due_at {at},
            ended_by {uuid},
            ended_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE ticket_entry (
            ticket_id {uuid} NOT NULL REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            seq {big} NOT NULL,
            kind text NOT NULL,
            at {at} NOT NULL,
            actor_kind text NOT NULL,
            actor_id {uuid},
            actor_name text,
            role text,
            unit_id {uuid} REFERENCES unit (id),
            unit_name text,
            from_state text,
            to_state text NOT NULL,
            public {bool} NOT NULL,
            public_sealed {bytes},
            internal_sealed {bytes},
            data {json} NOT NULL,
            hash {bytes} NOT NULL,
            request_id text,
            PRIMARY KEY (ticket_id, seq)
        ) {strict}",
    r"CREATE TABLE attachment (
            id {uuid} NOT NULL,
            ticket_id {uuid} REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            entry_seq {big},
            state text NOT NULL,
            visibility text NOT NULL,
            name_sealed {bytes} NOT NULL,
            media_type text NOT NULL,
            size_bytes {big} NOT NULL,
            sha256 {bytes} NOT NULL,
            uploader_kind text NOT NULL,
            uploader_id {uuid} NOT NULL,
            created_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE callback (
            id {uuid} NOT NULL,
            ticket_id {uuid} NOT NULL REFERENCES ticket (id) DEFERRABLE INITIALLY DEFERRED,
            round {int} NOT NULL,
            unit_id {uuid},
            unit_path {path},
            token_hash {bytes} NOT NULL,
            state text NOT NULL,
            counts {bool} NOT NULL,
            attempts {int} NOT NULL,
            tried_at {at},
            contacted {bool},
            solved {bool},
            satisfied {int},
            opinion_sealed {bytes},
            answered_by text,
            created_at {at} NOT NULL,
            expires_at {at} NOT NULL,
            answered_at {at},
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE queue_count (
            unit_id {uuid} NOT NULL,
            state text NOT NULL,
            n {big} NOT NULL,
            PRIMARY KEY (unit_id, state)
        ) {strict}",
    // Without a foreign key: its check would wait for whoever is changing the ticket.
    r"CREATE TABLE access_record (
            ticket_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            at {at} NOT NULL,
            what text NOT NULL,
            actor_kind text NOT NULL,
            actor_id {uuid},
            actor_name text,
            role text NOT NULL,
            unit_id {uuid},
            unit_name text,
            request_id text,
            PRIMARY KEY (ticket_id, id)
        ) {strict}",
    "CREATE UNIQUE INDEX ticket_number ON ticket (number)",
    "CREATE INDEX ticket_state ON ticket (state, id)",
    "CREATE INDEX ticket_place ON ticket (place_path, id)",
    // With the lamps: who looks for yellow ones passes over the orange ones without reading their rows.
    "CREATE INDEX ticket_due ON ticket (next_due_at, id, orange_at, yellow_at) WHERE next_due_at IS NOT NULL",
    // Queues of work by what is due next: a page is read from its beginning, however long the queue.
    // One for each of the two states in which thousands are due. One with the state in front would be read from end to end
    // for what is due in any state.
    "CREATE INDEX ticket_dispatched_due ON ticket (next_due_at, id) WHERE state = 'dispatched' AND next_due_at IS NOT NULL",
    "CREATE INDEX ticket_in_progress_due ON ticket (next_due_at, id) WHERE state = 'in_progress' AND next_due_at IS NOT NULL",
    "CREATE INDEX ticket_category ON ticket (category, id)",
    "CREATE INDEX requester_ticket ON ticket_requester (ticket_id)",
    "CREATE INDEX requester_resident ON ticket_requester (resident_id, ticket_id) WHERE resident_id IS NOT NULL",
    "CREATE INDEX requester_phone ON ticket_requester (phone_index, ticket_id) WHERE phone_index IS NOT NULL",
    "CREATE INDEX requester_client ON ticket_requester (client_id, ticket_id) WHERE client_id IS NOT NULL",
    "CREATE UNIQUE INDEX assignment_lead ON assignment (ticket_id) WHERE nature = 'lead' AND ended_at IS NULL",
    "CREATE INDEX assignment_ticket ON assignment (ticket_id)",
    "CREATE INDEX assignment_unit ON assignment (unit_path, ticket_id) WHERE ended_at IS NULL",
    "CREATE INDEX assignment_staff ON assignment (staff_id, ticket_id) WHERE ended_at IS NULL AND staff_id IS NOT NULL",
    "CREATE INDEX ticket_primary ON ticket (primary_id, id) WHERE primary_id IS NOT NULL",
    // A person's open tickets: small, however many they closed.
    "CREATE INDEX assignment_load ON assignment (staff_id, ticket_id) WHERE ended_at IS NULL AND closed_at IS NULL AND staff_id IS NOT NULL",
    "CREATE INDEX clock_ticket ON clock (ticket_id)",
    "CREATE INDEX clock_running ON clock (ticket_id) WHERE stopped_at IS NULL",
    "CREATE INDEX ticket_supervised ON ticket (id) WHERE supervised",
    "CREATE INDEX ticket_hard ON ticket (id) WHERE hard_case",
    "CREATE INDEX assignment_hands ON assignment (unit_path, ticket_id) WHERE nature = 'lead' AND ended_at IS NULL AND closed_at IS NULL",
    "CREATE INDEX clock_due ON clock (kind, due_at) WHERE kind IN ('sign', 'resolve')",
    "CREATE INDEX callback_answered ON callback (answered_at) WHERE answered_at IS NOT NULL",
    "CREATE INDEX proceeding_ticket ON proceeding (ticket_id)",
    "CREATE INDEX proceeding_open ON proceeding (kind, id) WHERE ended_at IS NULL",
    "CREATE INDEX proceeding_ruled ON proceeding (category, id) WHERE kind = 'return' AND ended_at IS NOT NULL",
    "CREATE INDEX attachment_ticket ON attachment (ticket_id) WHERE ticket_id IS NOT NULL",
    "CREATE INDEX attachment_loose ON attachment (created_at) WHERE state <> 'bound'",
    "CREATE UNIQUE INDEX callback_round ON callback (ticket_id, round)",
    "CREATE UNIQUE INDEX callback_token ON callback (token_hash)",
];
