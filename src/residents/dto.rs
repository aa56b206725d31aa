//! Wire shapes of the register.

mod answer;
mod parse;
mod request;

pub use answer::PersonOut;
pub(super) use answer::{ContactOut, MatchOut, MatchesOut, ResidentOut, RevealOut, Why};
pub(super) use request::{ContactIn, ResidentIn, ResidentPatch, RevealField, RevealIn, SearchIn};
