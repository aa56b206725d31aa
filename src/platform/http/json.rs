//! A JSON body, read strictly: bounded, of the right type, with the place of each mistake.

use super::raw::{media, read};
use super::strict::Strict;
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code, Rule};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

/// Largest JSON body, in bytes.
pub const MAX_BODY_BYTES: usize = 65_536;

/// A JSON body and its fingerprint.
#[derive(Debug)]
pub struct Json<T> {
    /// What was read.
    pub value: T,
    /// SHA-256 of the bytes, to tell a repeated request from another one.
    pub digest: Vec<u8>,
}

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = is_json(&media(request));
        let payload = payload.take();
        async move {
            if !typed {
                return Err(AppError::new(Code::UnsupportedMediaType)
                    .say("请使用 application/json", "Send application/json"));
            }
            let bytes = read(payload, MAX_BODY_BYTES).await?;
            Ok(Self {
                value: parse(&bytes)?,
                digest: sha256(&[&bytes]),
            })
        }
        .boxed_local()
    }
}

/// Whether a media type is JSON.
pub(super) fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

/// A body that must be UTF-8.
///
/// # Errors
/// `MalformedBody`.
pub fn utf8(bytes: &[u8]) -> Result<&str, AppError> {
    std::str::from_utf8(bytes).map_err(|_| {
        AppError::new(Code::MalformedBody).say("正文不是有效的 UTF-8", "The body is not valid UTF-8")
    })
}

/// Reads JSON with the place of a mistake as a JSON pointer.
///
/// # Errors
/// `MalformedBody` when it is no JSON or no UTF-8; `InvalidInput` when a value does not fit.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    let mut reader = serde_json::Deserializer::from_str(utf8(bytes)?);
    let value = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let pointer = pointer_of(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            let said = strip_position(&inner.to_string());
            return named(&pointer, &said).unwrap_or_else(|| AppError::field(pointer, Rule::Parse(said)));
        }
        AppError::new(Code::MalformedBody)
            .say(format!("JSON 无效：{inner}"), format!("No valid JSON: {inner}"))
    })?;
    reader.end().map_err(|_| {
        AppError::new(Code::MalformedBody).say("JSON 之后有多余内容", "Something follows the JSON")
    })?;
    Ok(value)
}

/// `a.b[2]` → `/a/b/2`.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// The parser names a missing or unknown field in its text only: here it becomes a place and a rule.
fn named(pointer: &str, said: &str) -> Option<AppError> {
    let name = |prefix: &str| said.strip_prefix(prefix)?.split('`').next();
    if let Some(missing) = name("missing field `") {
        return Some(AppError::field(format!("{pointer}/{missing}"), Rule::Required));
    }
    let unknown = name("unknown field `")?;
    // The parser's path may end in the field already.
    let parent = pointer.strip_suffix(&format!("/{unknown}")).unwrap_or(pointer);
    Some(AppError::field(format!("{parent}/{unknown}"), Rule::Unexpected))
}

fn strip_position(text: &str) -> String {
    text.split(" at line ").next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its parsing is tested")]
        list: Vec<u8>,
    }

    #[test]
    fn the_place_of_a_mistake_is_told() {
        let told = |text: &str| {
            parse::<Sample>(text.as_bytes())
                .unwrap_err()
                .document(false, None)
                .to_string()
        };
        assert!(told(r#"{"list":[1,"x"]}"#).contains("/list/1"));
        assert!(told(r#"{"other":1}"#).contains("\"pointer\":\"/other\",\"rule\":\"unexpected\""));
        assert!(told("{}").contains("\"pointer\":\"/list\",\"rule\":\"required\""));
        assert!(told(r#"{"list":"#).contains("malformed_body"));
        assert!(told(r#"{"list":[]} x"#).contains("malformed_body"));
    }
}
