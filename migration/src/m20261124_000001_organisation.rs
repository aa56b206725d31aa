//! The organisation, its vocabularies, settings and the working calendar.

use crate::column;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "unit",
    "term",
    "setting",
    "calendar_year",
    "calendar_day",
    "unit_hours",
    "closure",
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
    r"CREATE TABLE unit (
            id {uuid} NOT NULL,
            code text NOT NULL,
            kind text NOT NULL,
            name text NOT NULL,
            parent_id {uuid} REFERENCES unit (id),
            path {path} NOT NULL,
            aliases {json} NOT NULL,
            area {json},
            powers {json} NOT NULL,
            contact text,
            synthetic {bool} NOT NULL,
            successor_id {uuid} REFERENCES unit (id),
            valid_from {day} NOT NULL,
            valid_to {day},
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE term (
            kind text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            name_en text NOT NULL,
            data {json} NOT NULL,
            PRIMARY KEY (kind, code)
        ) {strict}",
    r"CREATE TABLE setting (
            id text NOT NULL,
            value {json} NOT NULL,
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE calendar_year (
            year {int} NOT NULL,
            status text NOT NULL,
            source text NOT NULL,
            version {int} NOT NULL,
            imported_at {at} NOT NULL,
            PRIMARY KEY (year)
        ) {strict}",
    r"CREATE TABLE calendar_day (
            day {day} NOT NULL,
            working {bool} NOT NULL,
            year {int} NOT NULL,
            PRIMARY KEY (day)
        ) {strict}",
    r"CREATE TABLE unit_hours (
            id {uuid} NOT NULL,
            unit_id {uuid} NOT NULL REFERENCES unit (id),
            unit_path {path} NOT NULL,
            windows {json} NOT NULL,
            weekends {json} NOT NULL,
            valid_from {day} NOT NULL,
            valid_to {day},
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    r"CREATE TABLE closure (
            id {uuid} NOT NULL,
            unit_id {uuid} REFERENCES unit (id),
            unit_path {path} NOT NULL,
            begins_at {at} NOT NULL,
            ends_at {at} NOT NULL,
            reason text NOT NULL,
            version {big} NOT NULL,
            updated_at {at} NOT NULL,
            PRIMARY KEY (id)
        ) {strict}",
    "CREATE UNIQUE INDEX unit_code ON unit (code, valid_from)",
    "CREATE INDEX unit_path ON unit (path)",
    "CREATE INDEX unit_parent ON unit (parent_id)",
    "CREATE INDEX calendar_day_year ON calendar_day (year)",
];
