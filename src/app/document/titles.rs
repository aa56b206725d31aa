//! Titles of the kinds of a thing that is one of several: generated clients name their types by them.

use std::collections::BTreeMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

/// Gives each kind a title: the word that tells it from the others, and what it is one of.
pub fn give(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    for (name, schema) in schemas {
        let RefOr::T(Schema::OneOf(several)) = schema else {
            continue;
        };
        let of = name.trim_end_matches("In").trim_end_matches("Out");
        for kind in &mut several.items {
            if let RefOr::T(Schema::Object(kind)) = kind
                && let Some(word) = word(kind)
            {
                kind.title = Some(format!("{}{of}", camel(&word)));
            }
        }
    }
}

/// The only word that a member may be.
fn word(kind: &Object) -> Option<String> {
    kind.properties.values().find_map(|member| {
        let RefOr::T(Schema::Object(member)) = member else {
            return None;
        };
        match member.enum_values.as_deref() {
            Some([word]) => Some(word.as_str()?.to_owned()),
            _ => None,
        }
    })
}

fn camel(word: &str) -> String {
    let parts = word.split(['_', '-', '.']).map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_by_their_word() {
        assert_eq!(camel("request_return"), "RequestReturn");
        let document = crate::app::document();
        let Some(RefOr::T(Schema::OneOf(actions))) =
            document.components.as_ref().unwrap().schemas.get("ActionIn")
        else {
            panic!("actions are of several kinds")
        };
        let RefOr::T(Schema::Object(first)) = &actions.items[0] else {
            panic!()
        };
        assert_eq!(first.title.as_deref(), Some("AnswerNowAction"));
    }
}
