//! The schema's history: one change a file, with its way back; never edited once released.

mod column;
mod m20261124_000001_organisation;
mod m20261124_000002_people;
mod m20261124_000003_access;
mod m20261124_000004_catalogue;
mod m20261124_000005_tickets;
mod m20261124_000006_ledger;
mod m20261126_000007_duty;
mod m20261126_000008_callbell;
mod m20261127_000009_bell_watch;
mod m20261128_000010_webhooks;
mod m20261128_000011_client_secrets;
mod m20261129_000012_phone_calls;
mod m20261130_000013_exports;
mod m20261130_000014_imports;
mod m20261130_000015_authorization_codes;
mod m20261201_000016_lost_calls;
mod m20261201_000017_webhook_queue;

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::prelude::{MigratorTrait, SchemaManager};

/// The ordered list of migrations.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_organisation::Migration),
            Box::new(m20261124_000002_people::Migration),
            Box::new(m20261124_000003_access::Migration),
            Box::new(m20261124_000004_catalogue::Migration),
            Box::new(m20261124_000005_tickets::Migration),
            Box::new(m20261124_000006_ledger::Migration),
            Box::new(m20261126_000007_duty::Migration),
            Box::new(m20261126_000008_callbell::Migration),
            Box::new(m20261127_000009_bell_watch::Migration),
            Box::new(m20261128_000010_webhooks::Migration),
            Box::new(m20261128_000011_client_secrets::Migration),
            Box::new(m20261129_000012_phone_calls::Migration),
            Box::new(m20261130_000013_exports::Migration),
            Box::new(m20261130_000014_imports::Migration),
            Box::new(m20261130_000015_authorization_codes::Migration),
            Box::new(m20261201_000016_lost_calls::Migration),
            Box::new(m20261201_000017_webhook_queue::Migration),
        ]
    }
}
