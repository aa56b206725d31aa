//! Deadlines: the working calendar, of each unit, and the policy. Owns `calendar_year`, `calendar_day`, `unit_hours`,
//! `closure` and `deadline_policy`.

pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod queries;
pub mod rules;
pub mod store;

pub use dto::DeadlineOut;
pub use http::routes;
