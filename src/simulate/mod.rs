//! Simulators of what speaks to the service from outside, for tests, demonstrations and measurements. They know no more
//! of it than its HTTP interface.

pub mod bell;
pub mod bells;
mod district;
pub mod exchange;

pub use bell::{Bell, Line};
pub use bells::{Plan, Report, run};
pub use district::register;
