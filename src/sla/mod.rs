//! Deadlines.
pub mod rules;
