//! Deadlines: the working calendar and the policy. Owns `calendar_year`, `calendar_day` and `deadline_policy`.

pub mod rules;
pub mod store;
