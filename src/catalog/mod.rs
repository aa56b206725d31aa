//! The service catalogue: who handles what, in what time, with which form. Communities propose services of their
//! own (特色服务), the sub-district decides. Owns `service` and `term`.

pub mod commands;
mod dto;
mod http;
pub mod import;
pub mod queries;
pub mod rules;
pub mod store;

pub use http::routes;
