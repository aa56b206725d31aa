//! Errors of single fields: where (a JSON pointer), which rule, and a text for people.

use serde_json::{Value, json};
use std::fmt;

/// The rule that a value breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It must be there.
    Required,
    /// It must not be there.
    Unexpected,
    /// It is of another type than this.
    Type(&'static str),
    /// At most so many characters.
    TooLong(usize),
    /// At least so many characters.
    TooShort(usize),
    /// At most so many items.
    TooMany(usize),
    /// Within these bounds.
    Range(String),
    /// One of these.
    OneOf(Vec<String>),
    /// In this form.
    Form(&'static str),
    /// It names nothing that exists.
    Unknown,
    /// It exists already.
    Taken,
    /// What the parser said.
    Parse(String),
}

impl Rule {
    /// The rule's word on the wire.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Unexpected => "unexpected",
            Self::Type(_) => "type",
            Self::TooLong(_) => "too_long",
            Self::TooShort(_) => "too_short",
            Self::TooMany(_) => "too_many",
            Self::Range(_) => "range",
            Self::OneOf(_) => "one_of",
            Self::Form(_) => "form",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::Parse(_) => "parse",
        }
    }

    fn text(&self, chinese: bool) -> String {
        let (zh, en) = match self {
            Self::Required => ("必填".to_owned(), "is required".to_owned()),
            Self::Unexpected => ("不应填写".into(), "must not be given".into()),
            Self::Type(kind) => (format!("类型应为 {kind}"), format!("must be of type {kind}")),
            Self::TooLong(n) => (format!("最多 {n} 个字符"), format!("at most {n} characters")),
            Self::TooShort(n) => (format!("最少 {n} 个字符"), format!("at least {n} characters")),
            Self::TooMany(n) => (format!("最多 {n} 项"), format!("at most {n} items")),
            Self::Range(bounds) => (format!("范围应为 {bounds}"), format!("must be within {bounds}")),
            Self::OneOf(words) => {
                let words = words.join(", ");
                (
                    format!("应为其中之一：{words}"),
                    format!("must be one of: {words}"),
                )
            }
            Self::Form(form) => (format!("格式应为 {form}"), format!("must have the form {form}")),
            Self::Unknown => ("不存在".into(), "names nothing that exists".into()),
            Self::Taken => ("已存在".into(), "exists already".into()),
            Self::Parse(said) => (format!("无法解析：{said}"), said.clone()),
        };
        if chinese { zh } else { en }
    }
}

/// A field and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pointer: String,
    rule: Rule,
}

impl FieldError {
    /// `pointer` is a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub fn new(pointer: impl Into<String>, rule: Rule) -> Self {
        Self {
            pointer: pointer.into(),
            rule,
        }
    }

    /// Makes a parameter of a query a member of the body.
    pub(super) fn lie_below(&mut self, place: &str) {
        if let Some(name) = self.pointer.strip_prefix('?') {
            self.pointer = format!("{place}/{name}");
        }
    }

    pub(super) fn document(&self, chinese: bool) -> Value {
        json!({ "pointer": self.pointer, "rule": self.rule.word(), "detail": self.rule.text(chinese) })
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pointer, self.rule.text(false))
    }
}

/// Collects the errors of many fields, so that a client hears them all at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Notes an error.
    pub fn add(&mut self, pointer: impl Into<String>, rule: Rule) {
        self.0.push(FieldError::new(pointer, rule));
    }

    /// A text that must be there, trimmed, of at most `max` characters.
    pub fn text(&mut self, pointer: &str, value: &str, max: usize) -> String {
        let value = value.trim();
        if value.is_empty() {
            self.add(pointer, Rule::Required);
        }
        self.bound(pointer, value, max);
        value.to_owned()
    }

    /// A text that may be absent; an empty one counts as absent.
    pub fn optional(&mut self, pointer: &str, value: Option<&str>, max: usize) -> Option<String> {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        self.bound(pointer, value, max);
        Some(value.to_owned())
    }

    /// A value that is kept as it came.
    pub fn json(&mut self, pointer: &str, value: &Value) {
        if holds_null_sign(value) {
            self.add(pointer, Rule::Form("text without U+0000"));
        }
    }

    fn bound(&mut self, pointer: &str, value: &str, max: usize) {
        if value.chars().count() > max {
            self.add(pointer, Rule::TooLong(max));
        }
        // PostgreSQL can't store U+0000 and SQLite would: refused on both.
        if value.contains('\0') {
            self.add(pointer, Rule::Form("text without U+0000"));
        }
    }

    /// Whether nothing was noted so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All errors, if any.
    ///
    /// # Errors
    /// `InvalidInput` with every field that was noted.
    pub fn finish(self) -> Result<(), super::AppError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(super::AppError::fields(self.0))
        }
    }

    /// The errors noted so far.
    #[must_use]
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }
}

/// PostgreSQL can't store U+0000 and SQLite would: refused on both.
fn holds_null_sign(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_null_sign),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_null_sign(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
