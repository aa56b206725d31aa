//! Who is on duty (值班): shifts of units, who stands in for whom, and how people are reached then. Owns `shift`,
//! `shift_member` and `duty_contact`.

pub mod rules;
