//! Events told to other systems over HTTP, as Standard Webhooks lays it out: signed, tried again for days, in order for each
//! thing, with a log of each attempt. Each webhook has its own place in the event log, so that what it was not told while
//! it was off comes afterwards. Owns `webhook`, `webhook_message` and `webhook_attempt`.

mod commands;
mod deliver;
mod dto;
mod http;
mod jobs;
mod rules;
mod sign;
mod store;

pub use http::routes;
pub use jobs::jobs;
