//! What can be asked for, and with which form.

use super::dto::{AttributeOut, DefinitionOut, ServiceOut, ValueOut};
use super::params::Params;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::catalog::queries::{self, Wanted};
use crate::intake::{PlaceIn, place};
use crate::platform::error::{AppError, Code, Fields};
use crate::reference::Desk;
use entity::kind::ServiceState;
use entity::service;
use serde_json::Value;
use std::collections::HashMap;

/// Texts of at most so many characters fit a line.
const LINE: u64 = 100;
/// More than any catalogue has.
const ALL: u64 = 100_000;

/// Services that can be asked for; at the place of `lat` and `long`, where these are given.
///
/// # Errors
/// `InvalidInput`, `OutsideDistrict`.
pub(super) async fn list(
    desk: &Desk,
    caller: &Caller,
    params: &Params,
    chinese: bool,
) -> Result<Vec<ServiceOut>, AppError> {
    let day = local_day(desk.kit.now());
    let wanted = Wanted {
        place: None,
        request_type: None,
        parent: None,
        text: None,
        state: ServiceState::Active,
    };
    let rows = queries::list(desk.kit.db.read(), caller, &wanted, day, None, ALL).await?;
    let headings: HashMap<&str, &service::Model> = rows.iter().map(|row| (row.code.as_str(), row)).collect();
    let above = |row: &service::Model| {
        let mut names = Vec::new();
        let mut parent = row.parent_code.as_deref();
        while let Some(heading) = parent.and_then(|code| headings.get(code)) {
            names.insert(0, name(heading, chinese));
            parent = heading.parent_code.as_deref();
        }
        names
    };
    let path = path_of(desk, params).await?;
    let offered = |row: &&service::Model| {
        let owner = row.owner_path.as_deref();
        row.selectable
            && path
                .as_ref()
                .is_none_or(|path| owner.is_none_or(|owner| path.starts_with(owner)))
    };
    let out = rows.iter().filter(offered).map(|row| {
        let groups = above(row);
        ServiceOut {
            service_code: row.code.clone(),
            service_name: name(row, chinese),
            description: groups
                .iter()
                .cloned()
                .chain([name(row, chinese)])
                .collect::<Vec<_>>()
                .join(" / "),
            metadata: !attributes(&row.form, chinese).is_empty(),
            r#type: "realtime".to_owned(),
            keywords: String::new(),
            group: groups.first().cloned().unwrap_or_default(),
            groups,
        }
    });
    Ok(out.collect())
}

/// The path of the place that is asked about.
async fn path_of(desk: &Desk, params: &Params) -> Result<Option<String>, AppError> {
    let mut fields = Fields::default();
    let asked = PlaceIn {
        lat: params.number("lat", &mut fields),
        lng: params.number("long", &mut fields),
        ..PlaceIn::default()
    };
    if fields.is_empty() && asked.lat.is_none() && asked.lng.is_none() {
        return Ok(None);
    }
    let wanted = asked.parse("/place", &mut fields);
    fields.finish()?;
    let reference = desk.reference().await?;
    let located = place::locate(&reference.directory, local_day(desk.kit.now()), &wanted)?;
    Ok(Some(located.unit.path.clone()))
}

/// The form of a service.
///
/// # Errors
/// `NotFound`.
pub(super) async fn definition(
    desk: &Desk,
    caller: &Caller,
    code: &str,
    chinese: bool,
) -> Result<DefinitionOut, AppError> {
    let row = queries::find(desk.kit.db.read(), caller, code, local_day(desk.kit.now())).await?;
    if !row.selectable {
        return Err(AppError::new(Code::NotFound));
    }
    Ok(DefinitionOut {
        attributes: attributes(&row.form, chinese),
        service_code: row.code,
    })
}

fn name(row: &service::Model, chinese: bool) -> String {
    if chinese || row.name_en.is_empty() {
        row.name.clone()
    } else {
        row.name_en.clone()
    }
}

/// The fields of a form, as the catalogue keeps it.
fn attributes(form: &Value, chinese: bool) -> Vec<AttributeOut> {
    let required: Vec<&str> = form["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = form["properties"].as_object().into_iter().flatten();
    fields
        .zip(1..)
        .map(|((code, field), order)| {
            let told = |key: &str| field[key].as_str().map(str::to_owned);
            let title = told(if chinese { "title" } else { "title_en" }).or_else(|| told("title"));
            AttributeOut {
                variable: true,
                code: code.clone(),
                datatype: datatype(field).to_owned(),
                required: required.contains(&code.as_str()),
                datatype_description: told("description").unwrap_or_default(),
                order,
                description: title.unwrap_or_else(|| code.clone()),
                values: values(field),
            }
        })
        .collect()
}

fn datatype(field: &Value) -> &'static str {
    match field["type"].as_str() {
        Some("boolean") => "singlevaluelist",
        Some("integer" | "number") => "number",
        _ if field["enum"].is_array() => "singlevaluelist",
        _ if field["format"] == "date" => "datetime",
        _ if field["maxLength"].as_u64().is_some_and(|most| most <= LINE) => "string",
        _ => "text",
    }
}

fn values(field: &Value) -> Vec<ValueOut> {
    let words: Vec<&str> = if field["type"] == "boolean" {
        vec!["true", "false"]
    } else {
        field["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    };
    let value = |word: &str| ValueOut {
        key: word.to_owned(),
        name: word.to_owned(),
    };
    words.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_have_the_protocols_types() {
        let form = json!({ "type": "object", "required": ["kind"], "properties": {
            "alone": { "type": "boolean", "title": "独居" },
            "from": { "type": "string", "format": "date" },
            "kind": { "type": "string", "enum": ["轮椅", "拐杖"], "title": "器具", "title_en": "Aid" },
            "more": { "type": "string" },
            "n": { "type": "integer" },
            "short": { "type": "string", "maxLength": 20 },
        } });
        let fields = attributes(&form, false);
        let types: Vec<&str> = fields.iter().map(|field| field.datatype.as_str()).collect();
        assert_eq!(
            types,
            [
                "singlevaluelist",
                "datetime",
                "singlevaluelist",
                "text",
                "number",
                "string"
            ]
        );
        let orders: Vec<usize> = fields.iter().map(|field| field.order).collect();
        assert_eq!(orders, [1, 2, 3, 4, 5, 6]);
        let kind = &fields[2];
        assert!(kind.required && kind.description == "Aid" && kind.values.len() == 2);
        assert!(!fields[0].required && fields[0].description == "独居");
    }
}
