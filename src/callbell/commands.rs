//! What is done with homes, devices and ladders.

pub mod devices;
pub mod homes;
pub mod ladders;
