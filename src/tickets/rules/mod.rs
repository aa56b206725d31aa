//! What hotline exists for: the life of a ticket, decided by functions of values.

pub mod chain;
pub mod likeness;
pub mod lifecycle;
pub mod number;
