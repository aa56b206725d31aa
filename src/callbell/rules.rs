//! The rules of the call-bell: pure.

pub mod call;
pub mod ladder;
pub mod message;
