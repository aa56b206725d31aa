//! The desk of the administrators: settings that change at run time, the audit log, the keys that sign.
//! Owns no table.

mod commands;
mod dto;
mod http;
mod queries;
mod rules;

pub use http::routes;
