//! Calls: opened by a press, taken on by name, rung until then.

mod act;
mod apply;
mod dto;
pub mod http;
mod jobs;
mod open;
mod ring;
mod row;
mod stream;
mod view;

pub use apply::{Doer, Said, World, command};
pub use jobs::jobs;
pub use open::{Opening, open};
pub use row::open_of;
