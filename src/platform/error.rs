//! Errors: one table of codes, RFC 9457 on the wire. Texts for people are made here, in Chinese and English.

mod code;
mod field;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
pub use code::Code;
pub use field::{FieldError, Fields, Rule};
use serde_json::{Map, Value};
use std::fmt;

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// Why an operation failed: an expected refusal (its code says which) or something unexpected (`Internal`).
pub struct AppError(Box<Inner>);

struct Inner {
    code: Code,
    detail: Option<Text>,
    fields: Vec<FieldError>,
    extra: Map<String, Value>,
    retry_after_s: Option<u64>,
    repeatable: bool,
    source: Option<anyhow::Error>,
}

impl AppError {
    /// An error with the code's own title and no detail.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            detail: None,
            fields: Vec::new(),
            extra: Map::new(),
            retry_after_s: None,
            repeatable: false,
            source: None,
        }))
    }

    /// An invalid field.
    #[must_use]
    pub fn field(pointer: impl Into<String>, rule: Rule) -> Self {
        Self::fields(vec![FieldError::new(pointer, rule)])
    }

    /// Invalid fields, all at once.
    #[must_use]
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(Code::InvalidInput);
        error.0.fields = fields;
        error
    }

    /// The same error under a code of its own.
    #[must_use]
    pub fn as_code(mut self, code: Code) -> Self {
        self.0.code = code;
        self
    }

    /// The same mistakes of a query that came as a part of the body.
    #[must_use]
    pub fn below(mut self, place: &str) -> Self {
        for field in &mut self.0.fields {
            field.lie_below(place);
        }
        self
    }

    /// Says more than the title.
    #[must_use]
    pub fn say(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.0.detail = Some(Text::new(zh, en));
        self
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Keeps the cause, for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Marks that running the command again may help.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.0.repeatable = true;
        self
    }

    /// Whether running the command again may help.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.0.repeatable
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Each invalid field and its rule, for who reads English.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        self.0.fields.iter().map(ToString::to_string).collect()
    }

    /// The cause, for the log.
    #[must_use]
    pub fn source(&self) -> Option<&anyhow::Error> {
        self.0.source.as_ref()
    }

    /// Seconds after which to try again.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        self.0.retry_after_s
    }

    /// The methods that are allowed instead, for the header (RFC 9110 §15.5.6).
    #[must_use]
    pub fn allowed_methods(&self) -> Option<&str> {
        let allowed = self.0.extra.get("allowed").and_then(Value::as_str);
        allowed.filter(|_| self.0.code == Code::MethodNotAllowed)
    }

    /// The problem document (RFC 9457).
    #[must_use]
    pub fn document(&self, chinese: bool, request_id: Option<&str>) -> Value {
        let code = self.0.code;
        let pick = |text: &Text| if chinese { text.zh.clone() } else { text.en.clone() };
        let mut document = self.0.extra.clone();
        document.insert(
            "type".into(),
            format!("urn:hotline:problem:{}", code.word()).into(),
        );
        document.insert("title".into(), pick(&code.title()).into());
        document.insert("status".into(), code.status().as_u16().into());
        document.insert("code".into(), code.word().into());
        if let Some(detail) = &self.0.detail {
            document.insert("detail".into(), pick(detail).into());
        }
        if let Some(id) = request_id {
            document.insert("request_id".into(), id.into());
        }
        if !self.0.fields.is_empty() {
            let errors = self
                .0
                .fields
                .iter()
                .map(|field| field.document(chinese))
                .collect();
            document.insert("errors".into(), Value::Array(errors));
        }
        Value::Object(document)
    }
}

impl fmt::Debug for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if let Some(source) = &self.0.source {
            write!(f, ": {source:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.word())?;
        for field in &self.0.fields {
            write!(f, " {field}")?;
        }
        if let Some(detail) = &self.0.detail {
            write!(f, " ({})", detail.en)?;
        }
        Ok(())
    }
}

impl std::error::Error for AppError {}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    /// The body is written by `http::problem`, which knows the language and the request's id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// Something unexpected: only the request id reaches the client.
impl From<anyhow::Error> for AppError {
    fn from(source: anyhow::Error) -> Self {
        match source.downcast::<Self>() {
            Ok(error) => error,
            Err(source) => Self::new(Code::Internal).because(source),
        }
    }
}
