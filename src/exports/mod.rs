//! Lists as files: asked for over HTTP, written in the background piece by piece, kept sealed for some days.
//! Owns `export`.

mod commands;
mod dto;
mod http;
mod jobs;
mod rules;
mod sheet;
mod store;
mod write;

pub use http::routes;
pub use jobs::jobs;
