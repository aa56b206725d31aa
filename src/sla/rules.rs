//! Deadlines: the working calendar and the policy, as values. Pure.

pub mod calendar;
pub mod policy;
