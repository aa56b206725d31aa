//! Messages to people: SMS through a gateway, e-mail, the in-app inbox. A message is written in the transaction of
//! what it tells, sent by a job under a lease, tried again, and kept as dead when nothing helps. Owns `notice` and `delivery`.

mod channel;
mod dto;
mod http;
mod jobs;
pub mod rules;
pub mod store;

pub use channel::Channels;
pub use http::routes;
pub use jobs::jobs;
