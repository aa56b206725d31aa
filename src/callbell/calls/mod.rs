//! Calls: opened by a press, taken on by name, rung until then.

mod act;
mod apply;
mod dto;
mod handover;
pub mod http;
mod jobs;
mod open;
mod ring;
mod row;
mod stream;
mod view;
mod watchdog;

pub use apply::{Doer, Said, command, first_broken, link};
pub use jobs::jobs;
pub use open::{Opening, open};
pub use row::open_of;
pub use watchdog::{goes_on, swept_at};
