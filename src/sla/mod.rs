//! Deadlines: the working calendar and the policy. Owns `calendar_year`, `calendar_day` and `deadline_policy`.

pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod queries;
pub mod rules;
pub mod store;

pub use dto::DeadlineOut;
pub use http::routes;
