//! Files of lines, read in the background: people and merchants, staff, tickets of former systems. Each line is taken or
//! refused by itself and told of; what breaks off goes on behind the last line that was dealt with. Owns `import` and
//! `import_line`.

mod commands;
mod dto;
mod http;
mod jobs;
mod kinds;
mod read;
mod store;
mod take;

pub use http::routes;
pub use jobs::jobs;
