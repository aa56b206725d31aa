//! The register of residents and merchants, their households and the people who may act for them. Personal fields
//! are sealed and found by blind index; they are shown masked, and plain only on a reason that the audit log keeps.
//! Owns `resident`, `household` and `resident_contact`.

pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod preference;
mod queries;
pub mod rules;
mod seal;
pub mod store;
pub mod view;

pub use dto::RegisteredPersonOut;
pub use http::routes;
