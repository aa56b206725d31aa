//! The organisation: district, sub-districts and towns, communities and villages, departments, providers.
//! Owns `unit`.

pub mod rules;
