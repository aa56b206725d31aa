//! Reading the catalogue from files: posts, departments, powers, services. Everything is checked before anything
//! is written, and reading the same file again changes nothing.

use super::dto::ServiceIn;
use super::store;
use crate::access::authenticate::local_day;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::report::ImportReport;
use crate::{orgs, settings};
use entity::kind::UnitKind;
use entity::{term, unit};
use serde::Deserialize;
use serde_json::{Value, json};

mod check;
mod write;

/// A catalogue: `seed/catalogue.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// Of which day it is.
    pub version: String,
    /// Where it comes from.
    pub source: String,
    /// Departments of the district.
    #[serde(default)]
    pub departments: Vec<TermLine>,
    /// Powers, and which kinds of unit hold them.
    #[serde(default)]
    pub powers: Vec<PowerLine>,
    /// Services and the headings above them.
    pub services: Vec<ServiceIn>,
}

/// A code with its names: a post or a department.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermLine {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
}

/// A power.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerLine {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Kinds of unit that hold it; a sub-district stands for towns too, a community for villages.
    pub unit_kinds: Vec<UnitKind>,
}

impl PowerLine {
    fn is_held_by(&self, kind: UnitKind) -> bool {
        let alike = match kind {
            UnitKind::Town => UnitKind::Subdistrict,
            UnitKind::Village => UnitKind::Community,
            other => other,
        };
        self.unit_kinds.contains(&kind) || self.unit_kinds.contains(&alike)
    }
}

/// Reads line posts: `seed/posts.json`.
///
/// # Errors
/// When the database does not answer. Wrong lines are in the report.
pub async fn terms(tx: &Tx, posts: &[TermLine]) -> Result<ImportReport, AppError> {
    let mut report = ImportReport::default();
    check::terms("posts", posts.iter(), &mut report);
    if report.is_clean() {
        let rows = posts
            .iter()
            .map(|line| line.term(store::POST, json!({})))
            .collect();
        write::terms(tx, store::POST, rows, &mut report).await?;
        finish(tx, "import_posts", "posts", &report).await?;
    }
    Ok(report)
}

/// Reads a catalogue. Posts and the district must be there already.
///
/// # Errors
/// When the database does not answer. Wrong lines are in the report.
pub async fn run(tx: &Tx, file: &CatalogueFile) -> Result<ImportReport, AppError> {
    let day = local_day(tx.now());
    let units = orgs::store::below(tx, "/").await?;
    let rows = store::all(tx).await?;
    let mut known = store::known(tx, day).await?;
    let mut report = ImportReport::default();
    let district = check::departments(file, &units, day, &mut known, &mut report);
    check::powers(file, &mut known, &mut report);
    let entries = check::services(file, &rows, day, &mut known, &mut report);
    let Some(district) = district.filter(|_| report.is_clean()) else {
        return Ok(report);
    };
    write::departments(tx, file, &district, &units, &mut report).await?;
    let powers = file.powers.iter().map(PowerLine::term).collect();
    write::terms(tx, store::POWER, powers, &mut report).await?;
    write::endow(tx, &file.powers, units, &mut report).await?;
    write::services(tx, entries, &rows, &mut report).await?;
    finish(tx, "import_catalogue", &file.version, &report).await?;
    Ok(report)
}

async fn finish(tx: &Tx, action: &str, subject: &str, report: &ImportReport) -> Result<(), AppError> {
    if !report.has_written() {
        return Ok(());
    }
    let detail = json!({ "created": report.created, "updated": report.updated });
    audit::record_system(tx, action, "catalogue", subject, detail);
    settings::store::touch_reference(tx).await
}

fn held(powers: &[PowerLine], kind: UnitKind) -> Vec<&str> {
    powers
        .iter()
        .filter(|power| power.is_held_by(kind))
        .map(|power| power.code.as_str())
        .collect()
}

fn latest<'a>(units: &'a [unit::Model], code: &str) -> Option<&'a unit::Model> {
    units
        .iter()
        .filter(|unit| unit.code == code)
        .max_by_key(|unit| unit.valid_from)
}

impl TermLine {
    fn term(&self, kind: &str, data: Value) -> term::Model {
        term::Model {
            kind: kind.to_owned(),
            code: self.code.clone(),
            name: self.name.clone(),
            name_en: self.name_en.clone(),
            data,
        }
    }
}

impl PowerLine {
    fn names(&self) -> TermLine {
        TermLine {
            code: self.code.clone(),
            name: self.name.clone(),
            name_en: self.name_en.clone(),
        }
    }

    fn term(&self) -> term::Model {
        self.names()
            .term(store::POWER, json!({ "unit_kinds": self.unit_kinds }))
    }
}
