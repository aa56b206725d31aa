//! Telephony: what an exchange tells of phone calls, in any order and repeated; the operator's screen; calls that nobody
//! answered, and that are called back (漏接回拨); figures of how fast calls are answered (接通率). Owns `phone_call`.

mod commands;
mod dto;
mod figures;
mod http;
mod jobs;
mod rules;
mod screen;
mod store;
mod view;

pub use http::routes;
pub use jobs::jobs;
