//! Rows of the call-bell's tables.

pub mod devices;
pub mod homes;
pub mod ladders;
pub mod watch;
