//! Requests and their way from the caller to the community worker and back. Owns `ticket`, `ticket_requester`,
//! `assignment`, `clock`, `proceeding`, `ticket_entry`, `ticket_search`, `callback`, `queue_count` and `access_record`.

pub mod commands;
pub mod dto;
mod facts;
mod http;
mod jobs;
pub mod queries;
pub mod rules;
mod store;
mod texts;
mod view;

pub use http::routes;
pub use jobs::{CONSUMERS, jobs};
pub use store::{RECHECK_DAYS, add_to_queues, case, course, label, reflect, timer, whole_limit};
