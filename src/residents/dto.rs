//! Wire shapes of the register.

mod answer;
mod parse;
mod request;

pub use answer::RegisteredPersonOut;
pub(super) use answer::{ContactOut, MatchOut, MatchesOut, ResidentOut, RevealedResidentOut, Why};
pub(super) use request::{ResidentContactIn, ResidentIn, ResidentPatch, RevealField, RevealIn, SearchIn};
