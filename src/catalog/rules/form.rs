//! A service's own form fields: a small subset of JSON Schema, refused where it says more than we check.

use crate::access::authenticate::local_day;
use crate::platform::error::{FieldError, Fields, Rule};
use serde_json::{Map, Value};

const FIELDS_MAX: usize = 20;
const TEXT_MAX: usize = 1000;

/// A form: fields by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    required: bool,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Text {
        min: usize,
        max: usize,
        one_of: Vec<String>,
        format: Option<Format>,
    },
    Number {
        whole: bool,
        min: Option<f64>,
        max: Option<f64>,
    },
    Truth,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Date,
    Time,
}

impl Form {
    /// Reads a schema.
    ///
    /// # Errors
    /// Says in which place the schema uses what we do not check.
    pub fn parse(schema: &Value) -> Result<Self, String> {
        let empty = Map::new();
        let object = schema.as_object().ok_or("a form must be an object")?;
        for key in object.keys() {
            if ![
                "type",
                "properties",
                "required",
                "additionalProperties",
                "title",
                "description",
            ]
            .contains(&key.as_str())
            {
                return Err(format!("{key}: not supported in a form"));
            }
        }
        if object.get("type").is_some_and(|kind| kind != "object") {
            return Err("type: must be \"object\"".into());
        }
        let properties = object
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        if properties.len() > FIELDS_MAX {
            return Err(format!("properties: at most {FIELDS_MAX}"));
        }
        let required: Vec<&str> = object
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        if let Some(stray) = required.iter().find(|name| !properties.contains_key(**name)) {
            return Err(format!("required: {stray} is no property"));
        }
        let fields = properties
            .iter()
            .map(|(name, schema)| {
                let kind = Kind::parse(schema).map_err(|why| format!("properties.{name}: {why}"))?;
                Ok(Field {
                    name: name.clone(),
                    required: required.contains(&name.as_str()),
                    kind,
                })
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { fields })
    }

    /// What is filled in by people who know only texts, each in the type of its field. What can't be read stays text, for
    /// `check` to refuse; what no field is called by is left out.
    #[must_use]
    pub fn read(&self, given: &[(&str, Vec<&str>)]) -> Map<String, Value> {
        let mut filled = Map::new();
        for field in &self.fields {
            let values = given.iter().find(|(name, _)| *name == field.name);
            if let Some(text) = values.and_then(|(_, values)| values.first()) {
                filled.insert(field.name.clone(), field.kind.read(text));
            }
        }
        filled
    }

    /// Checks a filled-in form; every mistake at once, as pointers under `/form`.
    ///
    /// # Errors
    /// The mistakes.
    pub fn check(&self, filled: Option<&Map<String, Value>>) -> Result<(), Vec<FieldError>> {
        let empty = Map::new();
        let filled = filled.unwrap_or(&empty);
        let mut found = Fields::default();
        for name in filled
            .keys()
            .filter(|name| !self.fields.iter().any(|field| field.name == **name))
        {
            found.add(format!("/form/{name}"), Rule::Unexpected);
        }
        for field in &self.fields {
            let pointer = format!("/form/{}", field.name);
            match filled.get(&field.name) {
                None | Some(Value::Null) if field.required => found.add(pointer, Rule::Required),
                None | Some(Value::Null) => {}
                Some(value) => field.kind.check(pointer, value, &mut found),
            }
        }
        let errors = found.into_errors();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Kind {
    fn parse(schema: &Value) -> Result<Self, String> {
        let object = schema.as_object().ok_or("must be an object")?;
        let known = [
            "type",
            "title",
            "title_en",
            "description",
            "enum",
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "format",
        ];
        if let Some(stray) = object.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("{stray}: not supported in a form"));
        }
        let size = |key: &str| {
            object
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let number = |key: &str| object.get(key).and_then(Value::as_f64);
        match object.get("type").and_then(Value::as_str) {
            Some("string") => {
                let one_of = object
                    .get("enum")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                let one_of = one_of
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect();
                let format = match object.get("format").and_then(Value::as_str) {
                    None => None,
                    Some("date") => Some(Format::Date),
                    Some("time") => Some(Format::Time),
                    Some(other) => return Err(format!("format {other}: not supported")),
                };
                let max = size("maxLength").unwrap_or(TEXT_MAX).min(TEXT_MAX);
                Ok(Self::Text {
                    min: size("minLength").unwrap_or(0),
                    max,
                    one_of,
                    format,
                })
            }
            Some(kind @ ("integer" | "number")) => Ok(Self::Number {
                whole: kind == "integer",
                min: number("minimum"),
                max: number("maximum"),
            }),
            Some("boolean") => Ok(Self::Truth),
            other => Err(format!("type {other:?}: not supported")),
        }
    }

    fn read(&self, text: &str) -> Value {
        let read = match self {
            Self::Truth => match text {
                "true" | "1" => Some(Value::Bool(true)),
                "false" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Number { whole: true, .. } => text.parse::<i64>().ok().map(Value::from),
            Self::Number { .. } => text.parse::<f64>().ok().map(Value::from),
            // People's calendars go by the day in China.
            Self::Text {
                format: Some(Format::Date),
                ..
            } => {
                let at = chrono::DateTime::parse_from_rfc3339(text).ok();
                at.map(|at| Value::from(local_day(at.to_utc()).to_string()))
            }
            Self::Text { .. } => None,
        };
        read.unwrap_or_else(|| Value::from(text))
    }

    fn check(&self, pointer: String, value: &Value, found: &mut Fields) {
        match self {
            Self::Truth if !value.is_boolean() => found.add(pointer, Rule::Type("boolean")),
            Self::Truth => {}
            Self::Number { whole, min, max } => {
                let kind = if *whole { "integer" } else { "number" };
                let Some(n) = value
                    .as_f64()
                    .filter(|_| !*whole || value.is_i64() || value.is_u64())
                else {
                    return found.add(pointer, Rule::Type(kind));
                };
                if min.is_some_and(|min| n < min) || max.is_some_and(|max| n > max) {
                    let bound =
                        |bound: &Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
                    found.add(pointer, Rule::Range(format!("{}..{}", bound(min), bound(max))));
                }
            }
            Self::Text {
                min,
                max,
                one_of,
                format,
            } => {
                let Some(text) = value.as_str() else {
                    return found.add(pointer, Rule::Type("string"));
                };
                let length = text.chars().count();
                if length > *max {
                    found.add(pointer, Rule::TooLong(*max));
                } else if length < *min {
                    found.add(pointer, Rule::TooShort(*min));
                } else if !one_of.is_empty() && !one_of.iter().any(|word| word == text) {
                    found.add(pointer, Rule::OneOf(one_of.clone()));
                } else if text.contains('\0') {
                    found.add(pointer, Rule::Form("text without U+0000"));
                } else if let Some(format) = format {
                    format.check(pointer, text, found);
                }
            }
        }
    }
}

impl Format {
    fn check(self, pointer: String, text: &str, found: &mut Fields) {
        let fits = match self {
            Self::Date => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
            Self::Time => ["%H:%M", "%H:%M:%S"]
                .iter()
                .any(|form| chrono::NaiveTime::parse_from_str(text, form).is_ok()),
        };
        if !fits {
            found.add(
                pointer,
                Rule::Form(if matches!(self, Self::Date) {
                    "YYYY-MM-DD"
                } else {
                    "HH:MM"
                }),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn form() -> Form {
        Form::parse(&json!({
            "type": "object",
            "properties": {
                "days": { "type": "integer", "minimum": 1, "maximum": 30 },
                "kind": { "type": "string", "enum": ["轮椅", "拐杖"] },
                "from": { "type": "string", "format": "date" },
                "alone": { "type": "boolean" }
            },
            "required": ["days"],
            "additionalProperties": false
        }))
        .unwrap()
    }

    fn mistakes(filled: &Value) -> usize {
        form()
            .check(filled.as_object())
            .map_or_else(|errors| errors.len(), |()| 0)
    }

    #[test]
    fn a_form_is_checked_field_by_field() {
        assert_eq!(
            mistakes(&json!({ "days": 3, "kind": "轮椅", "from": "2026-11-24", "alone": true })),
            0
        );
        assert_eq!(mistakes(&json!({})), 1);
        assert_eq!(
            mistakes(&json!({ "days": 31, "kind": "汽车", "from": "24.11.", "alone": 1, "x": 1 })),
            5
        );
        assert_eq!(mistakes(&json!({ "days": 1.5 })), 1);
        assert_eq!(form().check(None).unwrap_err().len(), 1);
    }

    #[test]
    fn texts_are_read_in_the_type_of_their_field() {
        let given = [
            ("days", vec!["3"]),
            ("alone", vec!["true"]),
            ("kind", vec!["轮椅"]),
            ("other", vec!["x"]),
        ];
        let read = form().read(&given);
        assert_eq!(
            Value::Object(read.clone()),
            json!({ "days": 3, "alone": true, "kind": "轮椅" })
        );
        assert_eq!(form().check(Some(&read)), Ok(()));
        assert_eq!(
            form()
                .check(Some(&form().read(&[("days", vec!["many"])])))
                .unwrap_err()
                .len(),
            1
        );
    }

    #[test]
    fn a_schema_that_says_more_than_we_check_is_refused() {
        assert!(Form::parse(&json!({ "oneOf": [] })).is_err());
        assert!(
            Form::parse(&json!({ "properties": { "a": { "type": "string", "pattern": "x" } } })).is_err()
        );
        assert!(Form::parse(&json!({ "properties": {}, "required": ["a"] })).is_err());
    }

    proptest! {
        #[test]
        fn checking_never_panics(text in "\\PC{0,40}", n in any::<f64>()) {
            let _ = mistakes(&json!({ "days": n, "kind": text, "from": text, "alone": text }));
        }
    }
}
