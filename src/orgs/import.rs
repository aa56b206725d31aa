//! Units from a file, for the command line: CSV with a header, or GeoJSON with boundaries. All lines are checked before
//! any is written.

use super::rules::parse_area;
use super::store;
use crate::access::authenticate::local_day;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::report::{ImportReport, Outcome};
use crate::settings;
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::UnitKind;
use entity::unit;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// A line of the file: `code,name,kind,parent_code` and, if wanted, `aliases` (parted by `|`), `contact`,
/// `valid_from`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns of the file")]
pub struct UnitLine {
    pub code: String,
    pub name: String,
    pub kind: String,
    #[serde(default)]
    pub parent_code: String,
    #[serde(default)]
    pub aliases: String,
    #[serde(default)]
    pub contact: String,
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
}

/// Boundaries by unit code: geometries of GeoJSON.
pub type Areas = HashMap<String, Value>;

/// Reads the lines of a CSV file.
#[must_use]
pub fn read_csv(text: &str) -> (Vec<UnitLine>, ImportReport) {
    let mut report = ImportReport::default();
    let mut lines = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(false)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    for (line, at) in reader.deserialize::<UnitLine>().zip(2..) {
        match line {
            Ok(line) => lines.push(line),
            Err(error) => report.refuse(format!("line {at}"), error.to_string()),
        }
    }
    (lines, report)
}

/// Reads a FeatureCollection whose features have a property `code`.
///
/// # Errors
/// Says what is wrong with the file.
pub fn read_areas(text: &str) -> anyhow::Result<Areas> {
    #[derive(Deserialize)]
    struct Feature {
        properties: HashMap<String, Value>,
        geometry: Value,
    }
    #[derive(Deserialize)]
    struct Collection {
        features: Vec<Feature>,
    }
    let collection: Collection = serde_json::from_str(text)?;
    let mut areas = Areas::new();
    for feature in collection.features {
        let code = feature.properties.get("code").and_then(Value::as_str);
        let code = code.ok_or_else(|| anyhow::anyhow!("a feature lacks the property code"))?;
        parse_area(&feature.geometry).map_err(|why| anyhow::anyhow!("{code}: {why}"))?;
        areas.insert(code.to_owned(), feature.geometry);
    }
    Ok(areas)
}

/// Brings units up to date; parents must stand before their children or be known.
///
/// # Errors
/// When the database does not answer. Lines that are wrong stand in the report, and nothing is written then.
pub async fn run(
    tx: &Tx,
    (lines, areas, synthetic): &(Vec<UnitLine>, Areas, bool),
) -> Result<ImportReport, AppError> {
    let today = local_day(tx.now());
    let known = store::below(tx, "/").await?;
    let known: HashMap<String, unit::Model> = known
        .into_iter()
        .filter(|row| row.valid_to.is_none_or(|last| last >= today))
        .map(|row| (row.code.clone(), row))
        .collect();
    let mut report = ImportReport::default();
    let codes: HashSet<&str> = lines
        .iter()
        .map(|line| line.code.as_str())
        .chain(known.keys().map(String::as_str))
        .collect();
    for (line, at) in lines.iter().zip(2..) {
        check(line, &codes, &format!("line {at} ({})", line.code), &mut report);
    }
    let strangers = areas.keys().filter(|code| !codes.contains(code.as_str()));
    strangers.for_each(|code| report.refuse(code.clone(), "there is no unit with this code"));
    if !report.is_clean() {
        return Ok(report);
    }
    let mut placed: HashMap<String, (UnitId, String)> = known
        .iter()
        .map(|(code, row)| (code.clone(), (row.id, row.path.clone())))
        .collect();
    for line in lines {
        let outcome = match known.get(&line.code) {
            Some(row) => update(tx, row, line, areas.get(&line.code)).await?,
            None => {
                let (id, path) = insert(tx, line, areas.get(&line.code), &placed, today, *synthetic).await?;
                placed.insert(line.code.clone(), (id, path));
                Outcome::Created
            }
        };
        report.count(outcome);
    }
    if report.has_written() {
        settings::store::touch_reference(tx).await?;
    }
    Ok(report)
}

fn check(line: &UnitLine, codes: &HashSet<&str>, place: &str, report: &mut ImportReport) {
    let sane = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if line.code.is_empty() || line.code.len() > 32 || !line.code.chars().all(sane) {
        report.refuse(place, "code: digits, letters, _ and -, at most 32");
    }
    if line.name.is_empty() || line.name.chars().count() > 60 {
        report.refuse(place, "name: 1 to 60 characters");
    }
    match UnitKind::from_word(&line.kind) {
        None => report.refuse(place, format!("kind: {} is none", line.kind)),
        Some(UnitKind::District) if !line.parent_code.is_empty() => {
            report.refuse(place, "parent_code: a district has none");
        }
        Some(UnitKind::District) => {}
        Some(_) if !codes.contains(line.parent_code.as_str()) => {
            report.refuse(
                place,
                format!("parent_code: there is no unit {}", line.parent_code),
            );
        }
        Some(_) => {}
    }
}

async fn insert(
    tx: &Tx,
    line: &UnitLine,
    area: Option<&Value>,
    placed: &HashMap<String, (UnitId, String)>,
    today: NaiveDate,
    synthetic: bool,
) -> Result<(UnitId, String), AppError> {
    let parent = placed.get(&line.parent_code);
    let path = format!("{}{}/", parent.map_or("/", |(_, path)| path), line.code);
    let row = unit::ActiveModel {
        id: Set(tx.ids().id()),
        code: Set(line.code.clone()),
        kind: Set(UnitKind::from_word(&line.kind).unwrap_or(UnitKind::Community)),
        name: Set(line.name.clone()),
        parent_id: Set(parent.map(|(id, _)| *id)),
        path: Set(path.clone()),
        aliases: Set(aliases(line)),
        area: Set(area.cloned()),
        powers: Set(json!([])),
        contact: Set(Some(line.contact.clone()).filter(|contact| !contact.is_empty())),
        synthetic: Set(synthetic),
        successor_id: Set(None),
        valid_from: Set(line.valid_from.unwrap_or(today)),
        valid_to: Set(None),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    let row = store::insert(tx, row).await?;
    Ok((row.id, path))
}

async fn update(
    tx: &Tx,
    row: &unit::Model,
    line: &UnitLine,
    area: Option<&Value>,
) -> Result<Outcome, AppError> {
    let aliases = if line.aliases.is_empty() {
        row.aliases.clone()
    } else {
        aliases(line)
    };
    let area = area.cloned().or_else(|| row.area.clone());
    if row.name == line.name && row.aliases == aliases && row.area == area {
        return Ok(Outcome::Unchanged);
    }
    let mut next = row.clone().into_active_model();
    next.name = Set(line.name.clone());
    next.aliases = Set(aliases);
    next.area = Set(area);
    next.version = Set(row.version + 1);
    next.updated_at = Set(tx.now());
    next.update(tx).await?;
    Ok(Outcome::Updated)
}

fn aliases(line: &UnitLine) -> Value {
    json!(
        line.aliases
            .split('|')
            .map(str::trim)
            .filter(|alias| !alias.is_empty())
            .collect::<Vec<_>>()
    )
}
