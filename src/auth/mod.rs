//! Logging in and out: staff by user name and password (and a second factor), residents by telephone and a code or a
//! password. Sessions are families of refresh tokens. Residents let apps
//! act for them by a code and PKCE. Owns `session`, `otp`, `throttle` and `authorization_code`.

pub mod authorize;
mod commands;
mod dto;
mod exchange;
mod http;
mod jobs;
pub mod keys;
pub mod oauth;
mod otp;
mod page;
mod sessions;
pub mod throttle;

pub use http::{routes, well_known};
pub use jobs::jobs;
pub use otp::demonstration_code;
