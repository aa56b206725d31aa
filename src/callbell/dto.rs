//! Wire shapes of the call-bell.

pub mod device;
pub mod home;
pub mod ladder;
