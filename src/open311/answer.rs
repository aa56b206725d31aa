//! Answers of the protocol: XML or JSON by the ending of the path, and errors in its own shape.

use super::xml;
use crate::platform::error::{AppError, Code};
use crate::platform::http::request::{prefers_chinese, request_id};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

/// In which words an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    Json,
}

impl Format {
    /// By the ending of a path; none where it names no format.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "xml" => Some(Self::Xml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// What a handler gives: a value and the name of its element.
pub(super) struct Given {
    status: StatusCode,
    root: &'static str,
    value: Value,
}

impl Given {
    /// 200.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub(super) fn ok(root: &'static str, value: impl Serialize) -> Result<Self, AppError> {
        let value =
            serde_json::to_value(value).map_err(|error| AppError::new(Code::Internal).because(error))?;
        Ok(Self {
            status: StatusCode::OK,
            root,
            value,
        })
    }

    /// The same as 201.
    pub(super) fn created(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }
}

/// The answer to a request.
pub(super) fn answer(request: &HttpRequest, outcome: Result<Given, AppError>) -> HttpResponse {
    let format = Format::of(request.path());
    let outcome = if format.is_some() {
        outcome
    } else {
        Err(AppError::new(Code::NotFound))
    };
    let format = format.unwrap_or(Format::Xml);
    match outcome {
        Ok(given) => write(format, given.status, given.root, &given.value, None),
        Err(error) => refuse(request, format, &error),
    }
}

/// 404 for what is not there, 403 for who shows no key, 400 for all else that is wrong with a request (GeoReport v2,
/// "Possible Errors").
fn status_of(error: &AppError) -> StatusCode {
    let status = error.code().status();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS => status,
        _ if status.is_server_error() => status,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn refuse(request: &HttpRequest, format: Format, error: &AppError) -> HttpResponse {
    let status = status_of(error);
    let id = request_id(request);
    if status.is_server_error() {
        tracing::error!(request_id = id.as_deref(), ?error, "a request failed");
    }
    let document = error.document(prefers_chinese(request), id.as_deref());
    write(
        format,
        status,
        "errors",
        &errors(status, &document),
        error.retry_after_s(),
    )
}

/// One error for each field, else one; the code is that of HTTP.
fn errors(status: StatusCode, document: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = document["errors"].as_array().cloned().unwrap_or_default();
    let descriptions: Vec<String> = if fields.is_empty() {
        let more = text(&document["detail"]);
        let candidates = document["candidates"].as_array().cloned().unwrap_or_default();
        let candidates: Vec<&str> = candidates.iter().filter_map(Value::as_str).collect();
        let said = [text(&document["title"]), more, candidates.join("; ")];
        vec![
            said.into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(": "),
        ]
    } else {
        let told = fields.iter().map(|field| {
            format!(
                "{} {}",
                parameter(&text(&field["pointer"])),
                text(&field["detail"])
            )
        });
        told.collect()
    };
    descriptions
        .into_iter()
        .map(|description| json!({ "code": status.as_u16(), "description": description }))
        .collect()
}

/// Our fields by the protocol's names.
fn parameter(pointer: &str) -> String {
    match pointer {
        "/category" => "service_code".to_owned(),
        "/content" | "/text" => "description".to_owned(),
        "/place" => "lat, long, address_string or address_id".to_owned(),
        "/place/lat" => "lat".to_owned(),
        "/place/lng" => "long".to_owned(),
        "/place/address" => "address_string".to_owned(),
        "/place/unit_id" => "address_id".to_owned(),
        "/requester/name" => "first_name, last_name".to_owned(),
        "/attachments" => "media".to_owned(),
        other => match other.strip_prefix("/form/") {
            Some(name) => format!("attribute[{name}]"),
            None => other.trim_start_matches('/').to_owned(),
        },
    }
}

fn write(
    format: Format,
    status: StatusCode,
    root: &str,
    value: &Value,
    retry_after_s: Option<u64>,
) -> HttpResponse {
    let body = match format {
        Format::Json => value.to_string(),
        Format::Xml => match xml::document(root, value) {
            Ok(body) => body,
            Err(error) => return HttpResponse::from_error(AppError::new(Code::Internal).because(error)),
        },
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, format.content_type()));
    if let Some(seconds) = retry_after_s {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    response.body(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::error::{FieldError, Rule};

    #[test]
    fn errors_speak_of_the_protocols_parameters() {
        let error = AppError::fields(vec![
            FieldError::new("/content", Rule::TooLong(4000)),
            FieldError::new("/form/days", Rule::Required),
        ]);
        let told = errors(status_of(&error), &error.document(false, None));
        assert_eq!(
            told,
            json!([
                { "code": 400, "description": "description at most 4000 characters" },
                { "code": 400, "description": "attribute[days] is required" },
            ])
        );
    }

    #[test]
    fn statuses_are_those_of_the_protocol() {
        for (code, status) in [
            (Code::Unauthenticated, 403),
            (Code::Forbidden, 403),
            (Code::NotFound, 404),
            (Code::OutsideDistrict, 400),
            (Code::FileTypeRefused, 400),
            (Code::Throttled, 429),
            (Code::Unavailable, 503),
        ] {
            assert_eq!(status_of(&AppError::new(code)).as_u16(), status, "{code:?}");
        }
    }
}
