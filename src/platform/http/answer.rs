//! Typed answers: the body's type is the documented one, the status is part of the answer.

use crate::platform::error::{AppError, Code};
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// A JSON answer, serialised once: it can be kept and given again to a repeated request.
#[derive(Debug)]
pub struct Answer<T> {
    kept: Kept,
    body: PhantomData<fn() -> T>,
}

/// An answer as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    body: String,
    #[serde(skip)]
    replayed: bool,
}

impl<T: Serialize> Answer<T> {
    /// 200 with a body.
    ///
    /// # Errors
    /// When the body can't be serialised.
    pub fn ok(body: &T) -> Result<Self, AppError> {
        Self::with_status(StatusCode::OK, body)
    }

    /// 201 with a body and where it can be found.
    ///
    /// # Errors
    /// When the body can't be serialised.
    pub fn created(body: &T, location: String) -> Result<Self, AppError> {
        let mut answer = Self::with_status(StatusCode::CREATED, body)?;
        answer.kept.location = Some(location);
        Ok(answer)
    }

    /// Adds the version as a strong `ETag`.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.kept.etag = Some(format!("\"{version}\""));
        self
    }

    fn with_status(status: StatusCode, body: &T) -> Result<Self, AppError> {
        let body =
            serde_json::to_string(body).map_err(|error| AppError::new(Code::Internal).because(error))?;
        let kept = Kept {
            status: status.as_u16(),
            etag: None,
            location: None,
            body,
            replayed: false,
        };
        Ok(Self {
            kept,
            body: PhantomData,
        })
    }
}

impl<T> Answer<T> {
    /// The body, to be said in other words.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn value(&self) -> Result<serde_json::Value, AppError> {
        serde_json::from_str(&self.kept.body).map_err(|error| AppError::new(Code::Internal).because(error))
    }

    /// Whether it was given before.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.kept.replayed
    }

    /// The answer as it is kept.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The version of its `ETag`.
    #[must_use]
    pub fn version_of(&self) -> Option<i64> {
        let tag = self.kept.etag.as_ref()?;
        tag.trim_matches('"').parse().ok()
    }

    /// An answer given before.
    #[must_use]
    pub fn replay(mut kept: Kept) -> Self {
        kept.replayed = true;
        Self {
            kept,
            body: PhantomData,
        }
    }
}

impl<T> Responder for Answer<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.kept.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/json"));
        if let Some(etag) = self.kept.etag {
            response.insert_header((ETAG, etag));
        }
        if let Some(location) = self.kept.location {
            response.insert_header((LOCATION, location));
        }
        if self.kept.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        response.body(self.kept.body)
    }
}

/// 204.
#[derive(Debug)]
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}
