//! Examples of what goes in and comes out, made from the schemas: from the example of each field where it has one, else from
//! its vocabulary, its format or its bounds. So none can tell of a field that is not there any more.

use crate::platform::error::{AppError, Code, Rule};
use serde_json::{Map, Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, RefOr, Response};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PROBLEM: &str = "application/problem+json";
/// Where schemas are named.
const NAMED: &str = "#/components/schemas/";
/// Of a text of which nothing is known.
const PLAIN: &str = "示例";
/// Within each other, at most: a timeline holds no ticket that holds a timeline.
const DEEP: usize = 12;

/// The schemas of a document, to make examples from.
pub struct Examples {
    schemas: Map<String, Value>,
}

impl Examples {
    /// From the document as it is.
    pub fn of(openapi: &OpenApi) -> Self {
        let document = serde_json::to_value(openapi).unwrap_or_default();
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
        Self {
            schemas: schemas.cloned().unwrap_or_default(),
        }
    }

    /// Adds an example to each body of an operation that lacks one.
    pub fn fill(&self, operation: &mut Operation) {
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            for media in [JSON, FORM] {
                if let Some(RefOr::T(content)) = body.content.get_mut(media) {
                    self.show(content);
                }
            }
        }
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            if let Some(RefOr::T(content)) = response.content.get_mut(JSON) {
                self.show(content);
            }
            refuse(status, response);
        }
    }

    fn show(&self, content: &mut Content) {
        if content.example.is_some() || !content.examples.is_empty() {
            return;
        }
        let Some(schema) = content
            .schema
            .as_ref()
            .and_then(|schema| serde_json::to_value(schema).ok())
        else {
            return;
        };
        let variants = self.variants(&schema);
        if variants.len() < 2 {
            content.example = self.example(&schema, DEEP);
            return;
        }
        content.examples = variants
            .into_iter()
            .filter_map(|variant| self.example(variant, DEEP))
            .map(|value| {
                (
                    name_of(&value),
                    RefOr::T(ExampleBuilder::new().value(Some(value)).build()),
                )
            })
            .collect();
    }

    /// The kinds of a thing that is one of several.
    fn variants<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolved(schema);
        let several = schema.get("oneOf").and_then(Value::as_array);
        several
            .map(|several| several.iter().collect())
            .unwrap_or_default()
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|name| name.strip_prefix(NAMED));
        name.and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }

    fn example(&self, schema: &Value, deep: usize) -> Option<Value> {
        let deep = deep.checked_sub(1)?;
        let schema = self.resolved(schema);
        for told in ["example", "const"] {
            if let Some(value) = schema.get(told) {
                return Some(value.clone());
            }
        }
        if let Some(first) = schema.pointer("/enum/0") {
            return Some(first.clone());
        }
        for several in ["oneOf", "anyOf"] {
            let some = schema.get(several).and_then(Value::as_array);
            let real = some.and_then(|some| some.iter().find(|one| one.get("type") != Some(&json!("null"))));
            if let Some(one) = real {
                return self.example(one, deep);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let mut whole = Map::new();
            for part in parts {
                if let Some(Value::Object(members)) = self.example(part, deep) {
                    whole.extend(members);
                }
            }
            return Some(Value::Object(whole));
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().find(|kind| **kind != json!("null")),
            kind => kind,
        };
        Some(match kind.and_then(Value::as_str) {
            Some("object") | None => self.object(schema, deep),
            Some("array") => {
                let item = schema.get("items").and_then(|items| self.example(items, deep));
                // Better none than one that tells nothing.
                let item = item.filter(|item| item != PLAIN);
                json!(item.into_iter().collect::<Vec<_>>())
            }
            Some("boolean") => json!(false),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            Some(_) => text(schema)?,
        })
    }

    fn object(&self, schema: &Value, deep: usize) -> Value {
        let required = |name: &str| {
            let required = schema.get("required").and_then(Value::as_array);
            required.is_some_and(|required| required.iter().any(|one| one == name))
        };
        let members = schema.get("properties").and_then(Value::as_object);
        // What may be left out is shown where somebody thought of an example for it, or where nothing else is there.
        let wanted = |(name, member): (&String, &Value)| required(name) || member.get("example").is_some();
        let some = members.into_iter().flatten().any(wanted);
        let shown = members.into_iter().flatten().filter_map(|(name, member)| {
            (!some || wanted((name, member)))
                .then(|| Some((name.clone(), self.example(member, deep)?)))
                .flatten()
        });
        Value::Object(shown.collect())
    }
}

fn text(schema: &Value) -> Option<Value> {
    Some(match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => json!("01a2f0c4-7d00-7000-8000-0123456789ab"),
        Some("date-time") => json!("2026-11-24T01:00:00Z"),
        Some("date") => json!("2026-11-24"),
        Some("time") => json!("09:00:00"),
        Some("uri") => json!("https://partner.example.org/hotline"),
        Some("binary") => return None,
        Some("password") => json!("demonstration only"),
        _ => json!(PLAIN),
    })
}

/// What tells a kind from the others.
fn name_of(value: &Value) -> String {
    let word = ["action", "kind", "type", "at"]
        .iter()
        .find_map(|name| value.get(name)?.as_str());
    word.unwrap_or("example").to_owned()
}

/// The problem that a status stands for most often.
fn code_of(status: &str) -> Option<Code> {
    Some(match status {
        "400" => Code::MalformedBody,
        "401" => Code::TokenExpired,
        "403" => Code::Forbidden,
        "404" => Code::NotFound,
        "409" => Code::Conflict,
        "412" => Code::StaleVersion,
        "413" => Code::BodyTooLarge,
        "415" => Code::UnsupportedMediaType,
        "422" => Code::InvalidInput,
        "428" => Code::PreconditionRequired,
        "429" => Code::Throttled,
        "503" => Code::Overloaded,
        _ => return None,
    })
}

/// Adds an example to a refusal.
fn refuse(status: &str, response: &mut Response) {
    let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM) else {
        return;
    };
    let Some(code) = code_of(status) else { return };
    let error = match code {
        Code::InvalidInput => AppError::field("/name", Rule::Required),
        code => AppError::new(code),
    };
    content.example = Some(error.document(true, Some("4bf92f3577b34da6a3ce929d0e0e4736")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Examples {
        let schemas = json!({
            "Word": { "type": "string", "enum": ["one", "two"] },
            "Ring": { "type": "object", "required": ["word", "next"], "properties": {
                "word": { "$ref": "#/components/schemas/Word" }, "next": { "$ref": "#/components/schemas/Ring" },
                "may": { "type": "string" }, "told": { "type": ["string", "null"], "example": "so" } } },
        });
        let Value::Object(schemas) = schemas else { panic!() };
        Examples { schemas }
    }

    #[test]
    fn fields_are_shown_by_what_is_known_of_them() {
        let ring = examples()
            .example(&json!({ "$ref": "#/components/schemas/Ring" }), 3)
            .unwrap();
        assert_eq!(ring["word"], "one");
        assert_eq!(ring["told"], "so");
        assert!(ring.get("may").is_none());
        let of = |schema: Value| examples().example(&schema, DEEP).unwrap();
        assert_eq!(
            of(json!({ "type": "array", "items": { "type": "integer", "minimum": 3 } })),
            json!([3])
        );
        assert_eq!(
            of(json!({ "oneOf": [{ "type": "null" }, { "type": "boolean" }] })),
            json!(false)
        );
        assert_eq!(of(json!({ "type": "string", "format": "date" })), "2026-11-24");
    }

    /// What somebody copies out of the document says something, and is of the thing itself.
    #[test]
    fn every_example_tells_something() {
        fn walk<'a>(value: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
            match value {
                Value::Object(members) => {
                    for (name, member) in members {
                        let path = format!("{path}/{name}");
                        match (name.as_str(), member) {
                            ("schema" | "schemas" | "parameters", _) => {}
                            ("example", example) => found.push((path, example)),
                            ("examples", Value::Object(several)) => {
                                found.extend(
                                    several
                                        .iter()
                                        .map(|(word, one)| (format!("{path}/{word}"), &one["value"])),
                                );
                            }
                            (_, member) => walk(member, &path, found),
                        }
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, path, found)),
                _ => {}
            }
        }
        let document = serde_json::to_value(crate::app::document()).unwrap();
        let mut found = Vec::new();
        walk(&document["paths"], "", &mut found);
        assert!(found.len() > 400, "{} examples", found.len());
        let plain: Vec<String> = found
            .iter()
            .filter(|(_, example)| {
                example.as_object().is_some_and(Map::is_empty)
                    || example.to_string().contains(&json!(PLAIN).to_string())
            })
            .map(|(path, example)| format!("{path}: {example}"))
            .collect();
        assert!(plain.is_empty(), "examples that tell nothing: {plain:#?}");
    }

    /// The examples of the actions are actions that are taken.
    #[test]
    fn actions_that_are_shown_keep_the_rules() {
        use crate::tickets::dto::ActionIn;
        let document = serde_json::to_value(crate::app::document()).unwrap();
        let post = &document["paths"]["/api/v1/tickets/{id}/actions"]["post"];
        let shown = post["requestBody"]["content"][JSON]["examples"]
            .as_object()
            .unwrap();
        assert!(shown.len() > 35, "{}", shown.len());
        for (name, example) in shown {
            let action: ActionIn = serde_json::from_value(example["value"].clone()).unwrap();
            let checked = action.check();
            assert!(checked.is_ok(), "{name}: {checked:?}");
        }
    }

    #[test]
    fn every_status_that_is_told_of_has_a_problem_of_that_status() {
        for status in [
            "400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "503",
        ] {
            assert_eq!(code_of(status).unwrap().status().as_str(), status);
        }
    }
}
