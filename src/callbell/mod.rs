//! The emergency call-bell (平安救助铃): a press is never lost and never left alone. Owns `callbell_home`,
//! `callbell_kin`, `callbell_device`, `callbell_event`, `callbell_quarantine`, `callbell_ladder`, `callbell_call`
//! and `callbell_entry`.

pub mod calls;
pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod ingest;
pub mod rules;
pub mod store;

pub use calls::jobs;
pub use http::routes;
