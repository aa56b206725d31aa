//! Logging in and out: staff by user name and password (and a second factor), residents by telephone and a code or a
//! password. Sessions are families of refresh tokens. Owns `session`, `otp` and `throttle`.

mod commands;
mod dto;
mod http;
mod jobs;
pub mod keys;
pub mod oauth;
mod otp;
mod sessions;
pub mod throttle;

pub use http::{routes, well_known};
pub use jobs::jobs;
pub use otp::demonstration_code;
