//! HTTP in: strict input, typed answers, problem documents, cursors, versions, repeated requests.

pub mod answer;
pub mod deprecation;
pub mod etag;
pub mod idempotency;
pub mod json;
pub mod method;
pub mod page;
pub mod raw;
pub mod request;
mod strict;
pub mod upload;
