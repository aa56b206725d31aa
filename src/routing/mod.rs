//! Routing rules: which unit a request goes to before the catalogue's default. Owns `routing_rule`.

pub mod rules;
pub mod store;
