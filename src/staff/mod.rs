//! Members of staff: who they are, the roles that they hold where and how long, their passwords, their leave, and who
//! takes over when they go. Owns `staff`, `role_grant`, `staff_absence` and `handover`; ends the log-ins of those who
//! are disabled or get a new password.

pub mod commands;
mod dto;
mod http;
mod queries;
pub mod rules;
pub mod store;

pub use dto::{Account, StaffIn};
pub use http::routes;
