//! The event log for other systems, as a list and as a stream: what happened, where, to what. Ids and kinds only; who may
//! read the thing itself asks for it. Owns no table: the log is the ledger's.

mod dto;
mod http;
mod queries;
pub mod rules;

pub use dto::EventOut;
pub use http::routes;
