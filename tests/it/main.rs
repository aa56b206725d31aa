//! Black-box tests: the real application over real HTTP, each test with a database of its own, on SQLite and, when
//! `TEST_DATABASE_URL` names a server, on PostgreSQL.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::as_conversions,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test that fails says so by panicking"
)]

mod support;

mod administration;
mod assignment;
mod attachments;
mod auth;
mod authz;
mod bad_input;
mod bells;
mod calendar;
mod calls;
mod cli;
mod contract;
mod deadlines;
mod duty;
mod events;
mod exports;
mod generate;
mod idempotency;
mod imports;
mod instances;
mod kill;
mod lanes;
mod life;
mod limits;
mod lists;
mod main_job;
mod notices;
mod open311;
mod privacy;
mod residents;
mod schema;
mod simulate;
mod staged;
mod telephony;
mod tiers;
mod webhooks;
