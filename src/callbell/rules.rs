//! The rules of the call-bell: pure.

pub mod alarm;
pub mod around;
pub mod call;
pub mod figures;
pub mod hearing;
pub mod ladder;
pub mod message;
pub mod shift_end;
