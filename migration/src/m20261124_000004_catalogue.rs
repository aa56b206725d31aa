//! The service catalogue, routing rules and the deadline policy.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "service",
    "routing_rule",
    "assignment_policy",
    "routing_turn",
    "deadline_policy",
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
    r"CREATE TABLE service (
            id {uuid} NOT NULL,
            code {path} NOT NULL,
            parent_code {path},
            name text NOT NULL,
            name_en text NOT NULL,
            std_code text,
            request_types {json} NOT NULL,
            default_type text NOT NULL,
            urgency text NOT NULL,
            resolve_amount {int},
            resolve_unit text,
            responsible_kind text NOT NULL,
            responsible_post text NOT NULL,
            department_code text,
            powers {json} NOT NULL,
            sensitive {bool} NOT NULL,
            auto_accept {bool} NOT NULL,
            relapse {bool} NOT NULL,
            external_procedure text,
            form {json} NOT NULL,
            selectable {bool} NOT NULL,
            owner_unit_id {uuid} REFERENCES unit (id),
            owner_path {path},
            state text NOT NULL,
            proposed_by {uuid},
            decided_by {uuid},
            valid_from {day} NOT NULL,
            valid_to {day},
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE routing_rule (
            id {uuid} NOT NULL,
            rank {int} NOT NULL,
            name text NOT NULL,
            category {path},
            request_type text,
            channel text,
            place_path {path},
            target_unit_id {uuid} NOT NULL REFERENCES unit (id),
            target_post text,
            reason text NOT NULL,
            valid_from {day} NOT NULL,
            valid_to {day},
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE assignment_policy (
            id {uuid} NOT NULL,
            unit_id {uuid} NOT NULL REFERENCES unit (id),
            unit_path {path} NOT NULL,
            strategy text NOT NULL,
            reason text NOT NULL,
            valid_from {day} NOT NULL,
            valid_to {day},
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE routing_turn (
            unit_id {uuid} NOT NULL REFERENCES unit (id),
            staff_id {uuid} NOT NULL REFERENCES staff (id),
            updated_at {at} NOT NULL,
            PRIMARY KEY (unit_id)
        ) {strict}",
    r"CREATE TABLE deadline_policy (
            id {uuid} NOT NULL,
            clock text NOT NULL,
            request_type text,
            category {path},
            urgency text,
            unit_path {path},
            amount {int} NOT NULL,
            unit text NOT NULL,
            extensions {int} NOT NULL,
            ceiling {int},
            valid_from {day} NOT NULL,
            valid_to {day},
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX service_code ON service (code, valid_from)",
    "CREATE INDEX service_parent ON service (parent_code)",
    "CREATE INDEX routing_rule_rank ON routing_rule (rank)",
    "CREATE INDEX assignment_policy_unit ON assignment_policy (unit_id)",
];
