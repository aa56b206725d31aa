//! The parts of the way, in order.

pub mod call;
pub mod callback;
pub mod desk;
pub mod extended;
pub mod kiosk;
pub mod later;
pub mod mobile;
pub mod pool;
pub mod reasons;
mod receipt;
mod registered;
pub mod returned;
pub mod supervised;
pub mod together;
pub mod worker;
pub mod wrong;

pub use registered::Registered;

/// 羊桥社区 of 白沙街道, where the walk takes place.
pub const COMMUNITY: &str = "440703002101";
/// 演示综合执法局, a department of the district.
pub const DEPARTMENT: &str = "department-demo";
/// Where tickets are.
pub const TICKETS: &str = "/api/v1/tickets";
