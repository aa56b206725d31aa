//! Integrators' clients: kiosks, sites and partners that register tickets by a token. The token is told once
//! and kept as a hash. Owns `api_client`.

mod commands;
mod dto;
mod http;
mod store;

pub use http::routes;
