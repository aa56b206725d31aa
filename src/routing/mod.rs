//! Routing.
pub mod rules;
