//! Around each request: its id, its language, its log line and metrics, security headers, problem documents.

use crate::platform::error::{AppError, Code};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use std::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of a request: the client's, if it is sane, else ours.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The id of this request.
#[must_use]
pub fn request_id(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<RequestId>().map(|id| id.0.clone())
}

/// Whether texts should be Chinese: the default, unless the client likes English better (RFC 9110 §12.5.4).
#[must_use]
pub fn prefers_chinese(request: &HttpRequest) -> bool {
    let given = request
        .headers()
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best: Option<(f32, bool)> = None;
    for (tag, weight) in given.split(',').map(weighed) {
        let chinese = tag.starts_with("zh");
        let known = chinese || tag.starts_with("en");
        if known && weight > best.map_or(0.0, |(heaviest, _)| heaviest) {
            best = Some((weight, chinese));
        }
    }
    best.is_none_or(|(_, chinese)| chinese)
}

/// A language and how much it is liked: `en;q=0.8`. What can't be read is not liked at all.
fn weighed(given: &str) -> (String, f32) {
    let (tag, parameter) = given.split_once(';').unwrap_or((given, "q=1"));
    let weight = parameter
        .trim()
        .strip_prefix("q=")
        .and_then(|q| q.trim().parse().ok());
    (tag.trim().to_ascii_lowercase(), weight.unwrap_or(0.0))
}

/// The middleware.
///
/// # Errors
/// None of its own: an error that a handler gave becomes an answer here.
pub async fn surround(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let trace = Trace::of(&request);
    let id = given_id(&request).unwrap_or_else(|| trace.id.clone());
    request.extensions_mut().insert(RequestId(id.clone()));
    // No clone of the request may live while it is routed: actix needs it for itself alone.
    let response = next.call(request).await?.map_into_boxed_body();
    let http = response.request().clone();
    let mut response = into_problem(response, &id);
    harden(&mut response);
    for (name, value) in [(REQUEST_ID, id.as_str()), (TRACEPARENT, &trace.header())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    note(&http, &id, response.status(), begun);
    Ok(response)
}

fn given_id(request: &ServiceRequest) -> Option<String> {
    let given = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let sane =
        (8..=64).contains(&given.len()) && given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    sane.then(|| given.to_owned())
}

/// Of which trace a request is a part (W3C Trace Context): the client's, else one that begins here. Its id is the request's,
/// too, unless the client names another.
struct Trace {
    id: String,
    flags: String,
}

impl Trace {
    fn of(request: &ServiceRequest) -> Self {
        let given = request
            .headers()
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok());
        given.and_then(Self::read).unwrap_or_else(|| Self {
            id: fresh::<16>(),
            flags: "00".to_owned(),
        })
    }

    /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`; a later version may hold more.
    fn read(given: &str) -> Option<Self> {
        let mut parts = given.trim().split('-');
        let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let all_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        let sane = hex(version, 2) && version != "ff" && hex(id, 32) && hex(span, 16) && hex(flags, 2);
        let more = version != "00" || parts.next().is_none();
        (sane && more && !all_zero(id) && !all_zero(span)).then(|| Self {
            id: id.to_owned(),
            flags: flags.to_owned(),
        })
    }

    /// Our own part of the trace.
    fn header(&self) -> String {
        format!("00-{}-{}-{}", self.id, fresh::<8>(), self.flags)
    }
}

/// So many random bytes, in hexadecimal.
fn fresh<const N: usize>() -> String {
    let mut bytes = [0; N];
    crate::platform::id::fill(&mut bytes);
    crate::platform::crypto::hex(&bytes)
}

/// Writes the problem document of an error, in the client's language.
fn into_problem(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let status = response.status();
    let chinese = prefers_chinese(response.request());
    let (document, retry_after, allow) = match response
        .response()
        .error()
        .and_then(|error| error.as_error::<AppError>())
    {
        Some(error) => {
            if status.is_server_error() {
                tracing::error!(request_id = id, ?error, "a request failed");
            }
            let allow = error
                .allowed_methods()
                .and_then(|methods| HeaderValue::from_str(methods).ok());
            (error.document(chinese, Some(id)), error.retry_after_s(), allow)
        }
        // A health probe writes its own body.
        None if response.response().error().is_none() && has_body(&response) => return response,
        None => (
            AppError::new(code_of(status)).document(chinese, Some(id)),
            None,
            None,
        ),
    };
    let mut response = response.map_body(|_, _| BoxBody::new(document.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(allow) = allow {
        headers.insert(ALLOW, allow);
    }
    let retry_after = retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(1));
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn has_body(response: &ServiceResponse<BoxBody>) -> bool {
    response.headers().contains_key(CONTENT_TYPE)
}

/// For errors of the framework, which know only a status.
fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::MalformedBody,
        _ => Code::Internal,
    }
}

/// OWASP's list for an API; the documentation page sets its own content policy.
fn harden(response: &mut ServiceResponse<BoxBody>) {
    const HEADERS: [(&str, &str); 5] = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    // The documentation is a page of ours that needs its own scripts, styles and the document, and nothing else.
    const PAGE: &str =
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
    if response.request().path().starts_with("/docs") {
        let name = HeaderName::from_static("content-security-policy");
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(PAGE));
    }
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        if !response.headers().contains_key(&name) {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
    }
}

/// One line and one measure a request: the pattern of the path, never the path, which holds ids and numbers.
fn note(request: &HttpRequest, id: &str, status: StatusCode, begun: Instant) {
    let pattern = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let method = request.method().to_string();
    let elapsed = begun.elapsed().as_secs_f64();
    tracing::debug!(
        request_id = id,
        method,
        pattern,
        status = status.as_u16(),
        elapsed_s = elapsed,
        "answered"
    );
    metrics::histogram!(
        "hotline_http_seconds",
        "method" => method, "path" => pattern, "status" => status.as_u16().to_string()
    )
    .record(elapsed);
}

#[cfg(test)]
mod tests {
    use super::Trace;

    #[test]
    fn a_trace_is_read_as_the_standard_has_it() {
        let read = |text: &str| Trace::read(text).map(|trace| (trace.id, trace.flags));
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let known = Some((id.to_owned(), "01".to_owned()));
        assert_eq!(read(&format!("00-{id}-00f067aa0ba902b7-01")), known);
        assert_eq!(
            read(&format!("cc-{id}-00f067aa0ba902b7-01-what-comes-later")),
            known
        );
        for wrong in [
            String::new(),
            format!("00-{id}-00f067aa0ba902b7-01-more"),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{id}-0000000000000000-01"),
            format!("00-{id}-00f067aa0ba902b7"),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
