//! Everything that can be wrong with a file. Reads nothing and writes nothing.

use super::{CatalogueFile, PowerLine, TermLine, latest};
use crate::catalog::rules::entry::{self, Entry, Known};
use crate::catalog::store;
use crate::platform::error::{Fields, Rule};
use crate::platform::report::ImportReport;
use chrono::NaiveDate;
use entity::kind::{ServiceState, UnitKind};
use entity::{service, unit};
use std::collections::HashSet;

const CODE_MAX: usize = 32;
const NAME_MAX: usize = 60;
const NAME_EN_MAX: usize = 120;

/// Checks codes with their names.
pub(super) fn terms<'a>(list: &str, lines: impl Iterator<Item = &'a TermLine>, report: &mut ImportReport) {
    let mut seen = HashSet::new();
    for line in lines {
        let mut fields = Fields::default();
        fields.text("/code", &line.code, CODE_MAX);
        if !line
            .code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        {
            fields.add("/code", Rule::Form("digits, letters, _ and -"));
        }
        if !seen.insert(line.code.as_str()) {
            fields.add("/code", Rule::Taken);
        }
        fields.text("/name", &line.name, NAME_MAX);
        fields.text("/name_en", &line.name_en, NAME_EN_MAX);
        report.refuse_fields(&format!("{list}/{}", line.code), fields);
    }
}

/// Checks the departments and finds the district that they belong to.
pub(super) fn departments(
    file: &CatalogueFile,
    units: &[unit::Model],
    day: NaiveDate,
    known: &mut Known,
    report: &mut ImportReport,
) -> Option<unit::Model> {
    terms("departments", file.departments.iter(), report);
    for line in &file.departments {
        match latest(units, &line.code) {
            None => {
                known.departments.insert(line.code.clone());
            }
            Some(unit) if unit.kind != UnitKind::Department => {
                let message = format!("the code is that of a {}", unit.kind);
                report.refuse(format!("departments/{}", line.code), message);
            }
            Some(_) => {}
        }
    }
    let lives = |unit: &&unit::Model| unit.valid_to.is_none_or(|last| day <= last);
    let mut districts = units
        .iter()
        .filter(|unit| unit.kind == UnitKind::District)
        .filter(lives);
    match (districts.next(), districts.next()) {
        (Some(district), None) => return Some(district.clone()),
        (None, _) => report.refuse("departments", "there is no district: read the organisation first"),
        (Some(_), Some(_)) => report.refuse("departments", "there is more than one district"),
    }
    None
}

/// Checks the powers.
pub(super) fn powers(file: &CatalogueFile, known: &mut Known, report: &mut ImportReport) {
    let lines: Vec<TermLine> = file.powers.iter().map(PowerLine::names).collect();
    terms("powers", lines.iter(), report);
    known
        .powers
        .extend(file.powers.iter().map(|line| line.code.clone()));
}

/// Checks the services, among themselves and against what is there.
pub(super) fn services(
    file: &CatalogueFile,
    rows: &[service::Model],
    day: NaiveDate,
    known: &mut Known,
    report: &mut ImportReport,
) -> Vec<Entry> {
    known
        .services
        .extend(file.services.iter().map(|line| line.code.clone()));
    let mut entries: Vec<Entry> = Vec::new();
    for line in &file.services {
        let mut fields = Fields::default();
        if line.valid_from.is_none() {
            fields.add("/valid_from", Rule::Required);
        }
        let entry = line.clone().read(day, &mut fields);
        entry::check_coded(&entry, known, &mut fields);
        let name = format!("services/{}", entry.code);
        if entries.iter().any(|before| shares_days(before, &entry)) {
            fields.add("/code", Rule::Taken);
        }
        report.refuse_fields(&name, fields);
        entries.push(entry);
    }
    for entry in &entries {
        // A row that the file names as well is judged as the file has it.
        let other = rows
            .iter()
            .filter(|row| row.state == ServiceState::Active && !is_named(&entries, row))
            .find(|row| shares_days(&store::entry(row), entry));
        if let Some(row) = other {
            let message = format!(
                "is valid while the version of {} is: end that one",
                row.valid_from
            );
            report.refuse(format!("services/{}", entry.code), message);
        }
    }
    entries
}

fn is_named(entries: &[Entry], row: &service::Model) -> bool {
    entries
        .iter()
        .any(|entry| entry.code == row.code && entry.valid_from == row.valid_from)
}

fn shares_days(a: &Entry, b: &Entry) -> bool {
    a.code == b.code && a.period().overlaps(b.period())
}

#[cfg(test)]
mod tests {
    use super::super::held;
    use super::*;

    fn seed() -> CatalogueFile {
        serde_json::from_str(include_str!("../../../seed/catalogue.json")).unwrap()
    }

    fn posts() -> Vec<TermLine> {
        serde_json::from_str(include_str!("../../../seed/posts.json")).unwrap()
    }

    fn known() -> Known {
        Known {
            posts: posts().into_iter().map(|line| line.code).collect(),
            ..Known::default()
        }
    }

    fn report(file: &CatalogueFile) -> ImportReport {
        let day = "2026-11-24".parse().unwrap();
        let (mut known, mut report) = (known(), ImportReport::default());
        departments(file, &[], day, &mut known, &mut report);
        powers(file, &mut known, &mut report);
        services(file, &[], day, &mut known, &mut report);
        report
    }

    #[test]
    fn the_seed_is_sound_but_for_the_district_that_is_not_there() {
        let found = report(&seed());
        assert_eq!(
            found.errors.iter().map(|error| &error.line).collect::<Vec<_>>(),
            ["departments"]
        );
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let mut file = seed();
        file.powers.retain(|power| power.code != "disease_control");
        file.departments.retain(|line| line.code != "justice_bureau");
        if let Some(line) = file.services.first_mut() {
            line.responsible.post = "nobody".into();
        }
        if let Some(line) = file.services.last().cloned() {
            file.services.push(line);
        }
        let found = report(&file).to_string();
        for mistake in [
            "services/01: /responsible/post",
            "/powers/0 names nothing",
            "/responsible/department names nothing",
            "services/9901: /code exists already",
        ] {
            assert!(found.contains(mistake), "{mistake} in {found}");
        }
    }

    #[test]
    fn towns_hold_what_subdistricts_hold_and_villages_what_communities_do() {
        let file = seed();
        let held = |kind| held(&file.powers, kind);
        assert_eq!(held(UnitKind::Town), held(UnitKind::Subdistrict));
        assert!(held(UnitKind::Town).contains(&"law_enforcement"));
        assert!(held(UnitKind::Village).is_empty());
        assert!(held(UnitKind::Provider).contains(&"utility_operation"));
    }
}
