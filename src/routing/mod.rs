//! Routing rules: which unit a request goes to before the catalogue's default. Owns `routing_rule`.

pub mod commands;
mod dto;
mod http;
pub mod queries;
pub mod rules;
pub mod store;

pub use http::routes;
