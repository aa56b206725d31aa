//! Integrators' clients: kiosks, sites and partners that register tickets by a secret, which is told once
//! and kept as a hash, and by what they have leave for. Owns `api_client` and `client_secret`.

mod commands;
mod dto;
mod http;
pub mod redirect;
pub mod store;

pub use http::routes;
