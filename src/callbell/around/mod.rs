//! Around a call: cameras and points of the electronic patrol (点位), who is on patrol near it, and looks through cameras.
//! A camera is a reference: no picture comes here.

mod commands;
mod dto;
pub mod http;
mod nearby;
mod store;

pub use store::{KEPT_DAYS, forget_before};
