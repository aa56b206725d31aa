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

pub use act::{facts, seen};
pub use apply::{Doer, Said, TEXT as ENTRY_TEXT, command, first_broken, link, note};
pub use jobs::jobs;
pub use open::{Opening, open};
pub use ring::{KIN, RING};
pub use row::{is_late, lock, often_false, open_of};
pub use watchdog::{goes_on, swept_at};
