//! Black-box tests: the real application over real HTTP, each test with a database of its own, on SQLite and, when
//! `TEST_DATABASE_URL` names a server, on PostgreSQL.

mod support;

mod administration;
mod auth;
mod bad_input;
mod idempotency;
mod main_job;
