//! Files on their way in and out.

use crate::platform::crypto::hex;
use crate::platform::error::{AppError, Code};
use actix_multipart::Field;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::{Bytes, BytesMut};
use entity::kind::FileFormat;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use utoipa::ToSchema;

/// Lines of CSV (RFC 4180), UTF-8, with a head.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1)]
#[expect(dead_code, reason = "a shape for the document")]
pub struct LinesFile(String);

/// A workbook (ECMA-376).
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "a shape for the document")]
pub struct WorkbookFile(Vec<u8>);

/// A file as it was uploaded.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "a shape for the document")]
pub struct KeptFile(Vec<u8>);

/// The media type of a workbook (ECMA-376).
pub const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The content of a part of a form, of at most so many bytes.
///
/// # Errors
/// `BodyTooLarge`; `MalformedBody` when it breaks off.
pub async fn content(mut field: Field, limit: usize) -> Result<Bytes, AppError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.next().await {
        let chunk =
            chunk.map_err(|_| AppError::new(Code::MalformedBody).say("上传中断", "The upload broke off"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Says how large a file may be.
#[must_use]
pub fn too_large(limit: usize) -> AppError {
    AppError::new(Code::BodyTooLarge).say(
        format!("文件最大 {limit} 字节"),
        format!("A file has at most {limit} bytes"),
    )
}

/// The answer that holds a file: its name in UTF-8 (RFC 6266, RFC 8187), and always as a download.
#[must_use]
pub fn download(name: &str, media_type: String, digest: &[u8], bytes: Bytes) -> HttpResponse {
    head(name, media_type, digest).body(bytes)
}

/// The same for a file that is read piece by piece.
#[must_use]
pub fn download_stream(
    name: &str,
    media_type: &str,
    digest: &[u8],
    pieces: BoxStream<'static, Result<Bytes, AppError>>,
) -> HttpResponse {
    head(name, media_type.to_owned(), digest).streaming(pieces)
}

/// The media type of a format.
#[must_use]
pub fn media_type(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Csv => "text/csv; charset=utf-8",
        FileFormat::Xlsx => WORKBOOK,
    }
}

fn head(name: &str, media_type: String, digest: &[u8]) -> HttpResponseBuilder {
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{encoded}"),
        ))
        .insert_header((ETAG, format!("\"{}\"", hex(digest))));
    response
}
