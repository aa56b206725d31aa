//! The emergency call-bell (平安救助铃): a press is never lost and never left alone. Owns `callbell_home`,
//! `callbell_kin`, `callbell_device`, `callbell_event`, `callbell_quarantine`, `callbell_ladder`, `callbell_call`,
//! `callbell_entry`, `callbell_alarm`, `callbell_handover`, `callbell_fixture`, `callbell_camera_view` and
//! `callbell_patrol_read`.

mod alarms;
mod around;
pub mod calls;
pub mod commands;
mod dto;
mod figures;
mod http;
pub mod import;
pub mod ingest;
mod jobs;
pub mod rules;
pub mod store;
mod target;
mod world;

pub use calls::{goes_on, swept_at};
pub use http::routes;
pub use jobs::jobs;
