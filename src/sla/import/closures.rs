//! Reading closures from a file: all or none, and the same file again changes nothing.

use super::finish;
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Fields};
use crate::platform::report::{ImportReport, Outcome};
use crate::sla::dto::ClosureIn;
use crate::sla::store;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

/// A closure, as over HTTP, but for the unit, which is named by its code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureLine {
    /// For this unit and those below it; for everybody unless given.
    pub unit_code: Option<String>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// At this instant work goes on.
    pub to: Option<DateTime<Utc>>,
    /// Instead of `from`: the first of whole days.
    pub first_day: Option<NaiveDate>,
    /// Instead of `to`: the last of whole days.
    pub last_day: Option<NaiveDate>,
    /// Why.
    pub reason: String,
}

/// Reads closures.
///
/// # Errors
/// When the database does not answer. Wrong lines are in the report.
pub async fn closures(tx: &Tx, lines: &[ClosureLine]) -> Result<ImportReport, AppError> {
    store::lock(tx).await?;
    let mut report = ImportReport::default();
    let mut read = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let name = format!("closures/{at}");
        let unit = match &line.unit_code {
            None => None,
            Some(code) => {
                let unit = orgs::store::find_by_code(tx, code).await?;
                if unit.is_none() {
                    report.refuse(&name, format!("unit_code: {code} is none"));
                }
                unit
            }
        };
        let mut fields = Fields::default();
        let written = ClosureIn {
            unit_id: None,
            from: line.from,
            to: line.to,
            first_day: line.first_day,
            last_day: line.last_day,
            reason: line.reason.clone(),
        };
        let closure = written.read(&mut fields);
        report.refuse_fields(&name, fields);
        read.extend(closure.map(|closure| (unit, closure)));
    }
    if !report.is_clean() {
        return Ok(report);
    }
    let mut known = store::closures::of_units(tx).await?;
    for (unit, closure) in read {
        let whose = unit.as_ref().map(|unit| (unit.id, unit.path.as_str()));
        let path = whose.map_or(store::closures::EVERYWHERE, |(_, path)| path);
        let line = (path.to_owned(), closure);
        if known.contains(&line) {
            report.count(Outcome::Unchanged);
            continue;
        }
        store::closures::insert(tx, whose, &line.1).await?;
        known.push(line);
        report.count(Outcome::Created);
    }
    if report.has_written() {
        store::recount(tx).await?;
    }
    finish(tx, "import_closures", "closure", "closures", &report).await?;
    Ok(report)
}
