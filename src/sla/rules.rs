//! Deadlines: the working calendar and the policy, as values. Pure.

pub mod calendar;
pub mod explain;
pub mod limit;
pub mod policy;
pub mod year;
