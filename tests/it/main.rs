//! Black-box tests: the real application over real HTTP, each test with a database of its own, on SQLite and, when
//! `TEST_DATABASE_URL` names a server, on PostgreSQL.

mod support;

mod authz;
mod contract;
mod main_job;
mod privacy;
mod schema;
mod tiers;
