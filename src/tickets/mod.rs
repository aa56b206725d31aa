//! Tickets.
pub mod rules;
