//! Changing the catalogue: the administrator's services, and the communities' own.

mod maintain;
mod propose;

pub use maintain::{Change, create, update};
pub use propose::{Decision, Proposal, decide, propose};
