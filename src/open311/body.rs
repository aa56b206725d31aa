//! What is posted: a form, by either media type, with files in the one that holds them.

use super::params::Params;
use crate::attachments::store::PER_ENTRY;
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::upload;
use actix_multipart::Multipart;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;

/// The longest form, in bytes, without its files.
const FORM_MAX: usize = 262_144;
/// Fields of a form at most.
const FIELDS_MAX: usize = 200;

/// A file that came with a form.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) claimed_type: Option<String>,
    pub(super) bytes: Bytes,
}

/// A form as it was posted.
#[derive(Debug, Default)]
pub(super) struct Posted {
    pub(super) params: Params,
    pub(super) files: Vec<File>,
}

/// Reads what was posted. `known` finds out who sends it, before a file is taken.
///
/// # Errors
/// `UnsupportedMediaType`, `MalformedBody`, `BodyTooLarge`; `InvalidInput` for too many files; what `known` says.
pub(super) async fn read<C>(
    request: &HttpRequest,
    payload: web::Payload,
    most_bytes: usize,
    known: impl AsyncFn(&Params) -> Result<C, AppError>,
) -> Result<(C, Posted), AppError> {
    let media = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = media.unwrap_or_default().to_ascii_lowercase();
    if media.starts_with("multipart/form-data") {
        return parts(request, payload, most_bytes, known).await;
    }
    if !media.starts_with("application/x-www-form-urlencoded") {
        return Err(AppError::new(Code::UnsupportedMediaType).say(
            "请使用 application/x-www-form-urlencoded 或 multipart/form-data",
            "Send application/x-www-form-urlencoded or multipart/form-data",
        ));
    }
    let bytes = payload
        .to_bytes_limited(FORM_MAX)
        .await
        .map_err(|_| upload::too_large(FORM_MAX))?
        .map_err(|error| AppError::new(Code::MalformedBody).because(anyhow::anyhow!("{error}")))?;
    let params = Params::parse(&bytes).map_err(|error| error.as_code(Code::MalformedBody))?;
    let caller = known(&params).await?;
    Ok((
        caller,
        Posted {
            params,
            files: Vec::new(),
        },
    ))
}

/// Fields that tell who sends it must come before files, unless a header tells.
async fn parts<C>(
    request: &HttpRequest,
    payload: web::Payload,
    most_bytes: usize,
    known: impl AsyncFn(&Params) -> Result<C, AppError>,
) -> Result<(C, Posted), AppError> {
    let malformed = || AppError::new(Code::MalformedBody).say("表单无法解析", "The form can't be parsed");
    let form = Multipart::from_request(request, &mut payload.into_inner()).await;
    let mut form = form.map_err(|error| malformed().because(anyhow::anyhow!("{error}")))?;
    let (mut posted, mut caller) = (Posted::default(), None);
    // What all fields, and all files, may still hold together.
    let (mut text_left, mut file_left) = (FORM_MAX, most_bytes.saturating_mul(2));
    for _ in 0..FIELDS_MAX {
        let Some(field) = form.next().await else {
            let caller = match caller {
                Some(caller) => caller,
                None => known(&posted.params).await?,
            };
            return Ok((caller, posted));
        };
        let field = field.map_err(|error| malformed().because(anyhow::anyhow!("{error}")))?;
        let name = field.name().unwrap_or_default().to_owned();
        let disposition = field.content_disposition();
        let file = disposition
            .and_then(|disposition| disposition.get_filename())
            .map(str::to_owned);
        let Some(file) = file else {
            let value = upload::content(field, text_left).await?;
            text_left -= value.len();
            let value = String::from_utf8(value.to_vec()).map_err(|_| malformed())?;
            posted.params.push(name, value);
            continue;
        };
        if caller.is_none() {
            caller = Some(known(&posted.params).await?);
        }
        let claimed_type = field.content_type().map(ToString::to_string);
        let bytes = upload::content(field, most_bytes.min(file_left)).await?;
        file_left -= bytes.len();
        // Browsers send an empty part for a file that nobody chose.
        if !bytes.is_empty() {
            posted.add(File {
                name: file,
                claimed_type,
                bytes,
            })?;
        }
    }
    Err(malformed())
}

impl Posted {
    /// Tells what was posted from something else, whoever sent it.
    pub(super) fn digest(&self) -> Vec<u8> {
        let mut parts = self.params.parts();
        parts.extend(self.files.iter().map(|file| file.bytes.as_ref()));
        let lengths: Vec<[u8; 8]> = parts.iter().map(|part| part.len().to_be_bytes()).collect();
        let marked: Vec<&[u8]> = lengths
            .iter()
            .zip(&parts)
            .flat_map(|(length, part)| [length.as_slice(), part])
            .collect();
        sha256(&marked)
    }

    fn add(&mut self, file: File) -> Result<(), AppError> {
        if self.files.len() >= PER_ENTRY {
            return Err(AppError::field("media", Rule::TooMany(PER_ENTRY)));
        }
        self.files.push(file);
        Ok(())
    }

    /// Links to files, as `media_url`; one that holds the file itself (RFC 2397) becomes a file.
    ///
    /// # Errors
    /// `InvalidInput` for one that is no link.
    pub(super) fn links(&mut self, most_bytes: usize) -> Result<Vec<String>, AppError> {
        let mut links = Vec::new();
        let given: Vec<String> = self.params.all("media_url").map(str::to_owned).collect();
        for url in given {
            if let Some(data) = url.strip_prefix("data:") {
                self.add(inline(data, most_bytes)?)?;
            } else if url.len() <= 2_000 && (url.starts_with("https://") || url.starts_with("http://")) {
                links.push(url);
            } else {
                return Err(AppError::field("media_url", Rule::Form("http(s) URL")));
            }
        }
        if links.len() > PER_ENTRY {
            return Err(AppError::field("media_url", Rule::TooMany(PER_ENTRY)));
        }
        Ok(links)
    }
}

fn inline(data: &str, most_bytes: usize) -> Result<File, AppError> {
    let broken = || AppError::field("media_url", Rule::Form("data:TYPE;base64,…"));
    let (head, code) = data.split_once(',').ok_or_else(broken)?;
    let media = head.strip_suffix(";base64").ok_or_else(broken)?;
    let bytes = STANDARD.decode(code.trim()).map_err(|_| broken())?;
    if bytes.len() > most_bytes {
        return Err(upload::too_large(most_bytes));
    }
    let ending = media.rsplit('/').next().unwrap_or("bin");
    Ok(File {
        name: format!("photo.{ending}"),
        claimed_type: Some(media.to_owned()),
        bytes: bytes.into(),
    })
}
