//! What hotline exists for: the life of a ticket, decided by functions of values.

pub mod approval;
pub mod attempts;
pub mod chain;
pub mod escalation;
pub mod figures;
pub mod lifecycle;
pub mod likeness;
pub mod number;
pub mod open;
