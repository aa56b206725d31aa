//! Who is on duty (值班): shifts of units, who stands in for whom, and how people are reached then. Owns `shift`,
//! `shift_member` and `duty_contact`.

pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod queries;
pub mod rules;
pub mod store;

pub use http::routes;
