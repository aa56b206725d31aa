//! What happens before a ticket is there: where a place belongs, which service is meant, where it would go. Owns no
//! table; tickets and simulations use the same functions, so that they can't disagree.

pub mod assignment;
mod deadlines;
mod dto;
mod http;
pub mod place;
pub mod route;

pub use dto::{PlaceIn, RejectedOut, RouteOut};
pub use http::routes;
