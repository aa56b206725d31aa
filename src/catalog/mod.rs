//! The service catalogue. Owns `service` and `term`.

pub mod rules;
