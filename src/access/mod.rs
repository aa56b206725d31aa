//! *Who, and what they may do*: actors, the policy, sessions, and the extractor that joins them. Owns `signing_key`.

pub mod actor;
pub mod authenticate;
pub mod permit;
pub mod policy;
pub mod tokens;

pub use actor::{Acting, Actor};
pub use permit::Permit;
pub use policy::{Leave, Op, Reach, op, program_leaves};
