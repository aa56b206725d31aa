//! Open311 GeoReport v2: requests registered, read and followed in the words of that protocol, by the same commands and
//! queries as everybody else's. Beside `/api/v1`, with a document and errors of its own. Owns no table.
//!
//! Where the protocol leaves it to the operator: what was asked is personal, so reading requests needs a key, too.

mod answer;
mod body;
mod dto;
mod http;
mod key;
mod map;
mod media;
mod params;
mod requests;
mod services;
mod submit;
mod updates;
mod xml;

pub use http::{PATH, document, routes};
