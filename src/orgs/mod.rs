//! The organisation: district, sub-districts and towns, communities and villages, departments, providers.
//! Units have validity dates and successors; a ticket keeps the names of its day. Owns `unit`.

pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod rules;
pub mod store;

pub use http::routes;
