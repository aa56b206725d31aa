//! The XML of a value, as the protocol has it: a list is an element that holds one element for each item. Pure.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::Value;

/// Lists and what stands in them.
const ITEMS: &[(&str, &str)] = &[
    ("attributes", "attribute"),
    ("endpoints", "endpoint"),
    ("errors", "error"),
    ("formats", "format"),
    ("groups", "group"),
    ("notes", "note"),
    ("photos", "photo"),
    ("service_request_updates", "request_update"),
    ("service_requests", "request"),
    ("services", "service"),
    ("values", "value"),
];

/// The document of a value, with its declaration.
///
/// # Errors
/// None but of the memory that it is written to.
pub(super) fn document(root: &str, value: &Value) -> std::io::Result<String> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    element(&mut writer, root, value)?;
    Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned())
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    if is_empty(value) {
        return writer.write_event(Event::Empty(BytesStart::new(name)));
    }
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                element(writer, name, value)?;
            }
        }
        Value::Array(items) => {
            let known = ITEMS.iter().find(|(list, _)| *list == name);
            let item = known.map_or("item", |(_, item)| item);
            for value in items {
                element(writer, item, value)?;
            }
        }
        Value::String(text) => text_of(writer, text)?,
        other => text_of(writer, &other.to_string())?,
    }
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Signs that XML 1.0 does not know (§2.2) are left out: no reader would take the document.
fn text_of(writer: &mut Writer<Vec<u8>>, text: &str) -> std::io::Result<()> {
    let fits =
        |c: &char| matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    let clean: String = text.chars().filter(fits).collect();
    writer.write_event(Event::Text(BytesText::new(&clean)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn lists_hold_their_items_and_what_is_empty_stays() {
        let value = json!([{ "service_request_id": "1", "status": "open", "lat": 22.5, "status_notes": null,
            "notes": [{ "description": "a < b & c" }] }]);
        assert_eq!(
            document("service_requests", &value).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><service_requests><request><lat>22.5</lat>\
             <notes><note><description>a &lt; b &amp; c</description></note></notes>\
             <service_request_id>1</service_request_id><status>open</status><status_notes/></request></service_requests>"
        );
        assert_eq!(
            document("services", &json!([])).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><services/>"
        );
    }

    proptest! {
        /// Whatever residents write, a reader finds the same text, but for signs that XML can't hold.
        #[test]
        fn every_text_comes_back(text in "\\PC{0,40}|[\\x00-\\x1f<>&\"']{0,10}") {
            let written = document("description", &json!(text)).unwrap();
            let mut reader = quick_xml::Reader::from_str(&written);
            let mut read = String::new();
            loop {
                match reader.read_event().unwrap() {
                    Event::Text(part) => read.push_str(&part),
                    Event::GeneralRef(part) => match part.resolve_char_ref().unwrap() {
                        Some(sign) => read.push(sign),
                        None => read.push_str(quick_xml::escape::resolve_predefined_entity(&part).unwrap()),
                    },
                    Event::Eof => break,
                    _ => {}
                }
            }
            let kept: String = text.chars()
                .filter(|c| matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}')))
                .collect();
            prop_assert_eq!(read, kept);
        }
    }
}
