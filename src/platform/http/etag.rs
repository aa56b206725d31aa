//! Versions: a change names the version that it saw (RFC 9110 §13.1.1, RFC 6585 §3).

use crate::platform::error::{AppError, Code};
use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// The version that the client saw; 428 when it names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl IfMatch {
    /// A version that was named elsewhere than in a header.
    #[must_use]
    pub fn version(version: i64) -> Self {
        Self(version)
    }

    /// Refuses when the version has moved on.
    ///
    /// # Errors
    /// `StaleVersion`.
    pub fn check(self, version: i64) -> Result<(), AppError> {
        if self.0 == version {
            return Ok(());
        }
        Err(AppError::new(Code::StaleVersion).with("version", version))
    }
}

impl FromRequest for IfMatch {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.headers().get(IF_MATCH) {
            None => Err(AppError::new(Code::PreconditionRequired)),
            // A tag that is not ours can't be the current one.
            Some(tag) => tag
                .to_str()
                .ok()
                .and_then(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok())
                .map(Self)
                .ok_or_else(|| AppError::new(Code::StaleVersion)),
        })
    }
}
