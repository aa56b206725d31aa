//! *How*, without one word of the domain: clock, ids, database, errors, secrets, HTTP in and out.
//! Owns `idempotency`.

pub mod blob;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod error;
pub mod glance;
pub mod http;
pub mod id;
pub mod jobs;
pub mod kit;
pub mod limit;
pub mod outbound;
pub mod period;
pub mod personal;
pub mod report;
pub mod snapshot;
pub mod telemetry;
