//! Wire shapes of units.

use super::commands::{Change, NewUnit};
use super::rules::parse_area;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::UnitKind;
use entity::unit;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A unit of the organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitOut {
    /// Key.
    pub id: UnitId,
    /// Official code.
    #[schema(example = "440703002101")]
    pub code: String,
    /// Kind.
    pub kind: UnitKind,
    /// Name.
    #[schema(example = "羊桥社区")]
    pub name: String,
    /// The unit above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<UnitId>,
    /// Codes from the district down.
    #[schema(example = "/440703/440703002/440703002101/")]
    pub path: String,
    /// Other names and street names found in addresses.
    pub aliases: Vec<String>,
    /// Powers that the unit holds.
    pub powers: Vec<String>,
    /// Office telephone and address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Boundary: GeoJSON Polygon or MultiPolygon. Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub area: Option<Value>,
    /// Made for demonstration.
    pub synthetic: bool,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Who took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor_id: Option<UnitId>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl UnitOut {
    /// For a single answer.
    pub fn whole(row: unit::Model) -> Self {
        let area = row.area.clone();
        Self {
            area,
            ..Self::listed(row)
        }
    }

    /// For a list.
    pub fn listed(row: unit::Model) -> Self {
        Self {
            id: row.id,
            code: row.code,
            kind: row.kind,
            name: row.name,
            parent_id: row.parent_id,
            path: row.path,
            aliases: serde_json::from_value(row.aliases).unwrap_or_default(),
            powers: serde_json::from_value(row.powers).unwrap_or_default(),
            contact: row.contact,
            area: None,
            synthetic: row.synthetic,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            successor_id: row.successor_id,
            version: row.version,
        }
    }
}

/// Which units to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitsQuery {
    /// Only this unit and those below it.
    pub below: Option<UnitId>,
    /// Only of this kind.
    pub kind: Option<UnitKind>,
    /// Only those that exist on this day; today unless given.
    pub on: Option<NaiveDate>,
}

/// A new unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "440703002199", "kind": "community", "name": "示例社区", "parent_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "aliases": ["示例新村"], "contact": "0750-1234567"}))]
pub struct UnitIn {
    /// Official code; digits, letters, `_` and `-`.
    #[schema(example = "440703002199")]
    pub code: String,
    /// Kind.
    pub kind: UnitKind,
    /// Name.
    #[schema(example = "示例社区")]
    pub name: String,
    /// The unit above; only a district has none.
    pub parent_id: Option<UnitId>,
    /// Other names and street names found in addresses.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Powers that the unit holds.
    #[serde(default)]
    pub powers: Vec<String>,
    /// Office telephone and address.
    pub contact: Option<String>,
    /// Boundary: GeoJSON Polygon or MultiPolygon.
    #[schema(value_type = Option<Object>)]
    pub area: Option<Value>,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
}

/// A change of a unit: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "示例社区", "aliases": ["示例新村", "示例花园"]}))]
pub struct UnitPatch {
    /// Name.
    pub name: Option<String>,
    /// Other names and street names.
    pub aliases: Option<Vec<String>>,
    /// Powers.
    pub powers: Option<Vec<String>>,
    /// Office telephone and address.
    pub contact: Option<String>,
    /// Boundary.
    #[schema(value_type = Option<Object>)]
    pub area: Option<Value>,
    /// Last day: the unit is retired after it.
    pub valid_to: Option<NaiveDate>,
}

/// The end of a unit that another one takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessionIn {
    /// Who takes over.
    pub successor_id: UnitId,
    /// The last day of the old unit.
    #[schema(example = "2026-12-31")]
    pub last_day: NaiveDate,
}

const NAME_MAX: usize = 60;
const LIST_MAX: usize = 200;

impl UnitIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewUnit, AppError> {
        let mut fields = Fields::default();
        let code = fields.text("/code", &self.code, 32);
        if !code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        {
            fields.add("/code", Rule::Form("digits, letters, _ and -"));
        }
        let name = fields.text("/name", &self.name, NAME_MAX);
        if self.parent_id.is_none() != (self.kind == UnitKind::District) {
            fields.add(
                "/parent_id",
                if self.parent_id.is_none() {
                    Rule::Required
                } else {
                    Rule::Unexpected
                },
            );
        }
        let area = area(&mut fields, self.area);
        let new = NewUnit {
            code,
            kind: self.kind,
            name,
            parent_id: self.parent_id,
            aliases: words(&mut fields, "/aliases", self.aliases),
            powers: words(&mut fields, "/powers", self.powers),
            contact: fields.optional("/contact", self.contact.as_deref(), 200),
            area,
            valid_from: self.valid_from,
        };
        fields.finish()?;
        Ok(new)
    }
}

impl UnitPatch {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut fields = Fields::default();
        let change = Change {
            name: self.name.map(|name| fields.text("/name", &name, NAME_MAX)),
            aliases: self
                .aliases
                .map(|aliases| words(&mut fields, "/aliases", aliases)),
            powers: self.powers.map(|powers| words(&mut fields, "/powers", powers)),
            contact: fields.optional("/contact", self.contact.as_deref(), 200),
            area: area(&mut fields, self.area),
            valid_to: self.valid_to,
        };
        fields.finish()?;
        Ok(change)
    }
}

fn words(fields: &mut Fields, pointer: &str, words: Vec<String>) -> Vec<String> {
    if words.len() > LIST_MAX {
        fields.add(pointer, Rule::TooMany(LIST_MAX));
    }
    words
        .iter()
        .enumerate()
        .map(|(at, word)| fields.text(&format!("{pointer}/{at}"), word, NAME_MAX))
        .collect()
}

fn area(fields: &mut Fields, area: Option<Value>) -> Option<Value> {
    if let Some(area) = &area {
        fields.json("/area", area);
        if let Err(why) = parse_area(area) {
            fields.add("/area", Rule::Parse(why));
        }
    }
    area
}
