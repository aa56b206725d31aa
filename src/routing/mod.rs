//! Routing rules: which unit a request goes to before the catalogue's default; and assignment policies: which person
//! there gets it. Owns `routing_rule`, `assignment_policy` and `routing_turn`.

pub mod commands;
mod dto;
mod http;
pub mod queries;
pub mod rules;
pub mod store;

pub use http::routes;
