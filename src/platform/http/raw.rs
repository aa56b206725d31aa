//! A body as it came, where an operation takes more than one media type.

use super::json::{MAX_BODY_BYTES, is_json, utf8};
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};

/// The media type of files of lines (RFC 4180).
const CSV: &str = "text/csv";
/// Largest body that is no JSON, in bytes: a file that people hand on.
const MAX_FILE_BYTES: usize = 262_144;

/// A body, its media type and its fingerprint.
#[derive(Debug)]
pub struct Raw {
    /// The media type without its parameters, in small letters.
    pub media: String,
    /// What came.
    pub bytes: Bytes,
    /// SHA-256 of the bytes, to tell a repeated request from another one.
    pub digest: Vec<u8>,
}

impl Raw {
    /// Whether it says that it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        is_json(&self.media)
    }

    /// The text of a file of lines.
    ///
    /// # Errors
    /// `UnsupportedMediaType` where it is something else, `MalformedBody` when it is no UTF-8.
    pub fn csv(&self) -> Result<&str, AppError> {
        if self.media != CSV {
            let refused = AppError::new(Code::UnsupportedMediaType);
            return Err(refused.say(format!("请使用 {CSV}"), format!("Send {CSV}")));
        }
        utf8(&self.bytes)
    }

    /// The fingerprint of an import. The key of a try is none for the import that follows it: its answer would say that
    /// all is done.
    #[must_use]
    pub fn digest_of_import(&self, dry_run: bool) -> Vec<u8> {
        sha256(&[&self.digest, &[u8::from(dry_run)]])
    }
}

impl FromRequest for Raw {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let payload = payload.take();
        let limit = if is_json(&media) {
            MAX_BODY_BYTES
        } else {
            MAX_FILE_BYTES
        };
        async move {
            let bytes = read(payload, limit).await?;
            Ok(Self {
                digest: sha256(&[&bytes]),
                media,
                bytes,
            })
        }
        .boxed_local()
    }
}

/// The media type of a request without its parameters, in small letters.
pub fn media(request: &HttpRequest) -> String {
    let given = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Reads a body of at most so many bytes.
pub(super) async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, AppError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|error| AppError::new(Code::MalformedBody).because(anyhow::anyhow!("{error}")))?;
        if body.len() + chunk.len() > limit {
            return Err(AppError::new(Code::BodyTooLarge)
                .say(format!("最多 {limit} 字节"), format!("At most {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
