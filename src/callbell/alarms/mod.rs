//! Technical alarms: what is wrong with a bell, with many at once, or with who should answer. They climb by working days
//! until somebody has seen to them.

mod dto;
pub mod http;
mod jobs;
mod raise;
mod store;
mod sweep;
mod upkeep;

pub use jobs::jobs;
pub use raise::{Cause, forget_device, of_device, raise, settle};
pub use store::move_to;
pub use store::open_about;
