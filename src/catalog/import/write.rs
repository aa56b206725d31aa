//! Writes what a checked file says.

use super::{CatalogueFile, PowerLine, held, latest};
use crate::access::authenticate::local_day;
use crate::catalog::rules::entry::Entry;
use crate::catalog::store;
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::report::{ImportReport, Outcome};
use entity::kind::UnitKind;
use entity::{service, term, unit};
use sea_orm::{ActiveValue::Set, IntoActiveModel};
use serde_json::json;

/// Makes departments that are not there.
pub(super) async fn departments(
    tx: &Tx,
    file: &CatalogueFile,
    district: &unit::Model,
    units: &[unit::Model],
    report: &mut ImportReport,
) -> Result<(), AppError> {
    for line in &file.departments {
        if latest(units, &line.code).is_some() {
            report.count(Outcome::Unchanged);
            continue;
        }
        let row = unit::ActiveModel {
            id: Set(tx.ids().id()),
            code: Set(line.code.clone()),
            kind: Set(UnitKind::Department),
            name: Set(line.name.clone()),
            parent_id: Set(Some(district.id)),
            path: Set(format!("{}{}/", district.path, line.code)),
            aliases: Set(json!([])),
            area: Set(None),
            powers: Set(json!(held(&file.powers, UnitKind::Department))),
            contact: Set(None),
            synthetic: Set(false),
            successor_id: Set(None),
            valid_from: Set(local_day(tx.now())),
            valid_to: Set(None),
            version: Set(1),
            updated_at: Set(tx.now()),
        };
        orgs::store::insert(tx, row).await?;
        report.count(Outcome::Created);
    }
    Ok(())
}

/// Gives units the powers of their kind, unless somebody gave them powers already.
pub(super) async fn endow(
    tx: &Tx,
    powers: &[PowerLine],
    units: Vec<unit::Model>,
    report: &mut ImportReport,
) -> Result<(), AppError> {
    for unit in units {
        let held = held(powers, unit.kind);
        let has_some = unit.powers.as_array().is_some_and(|powers| !powers.is_empty());
        if has_some || held.is_empty() {
            continue;
        }
        let version = unit.version + 1;
        let mut next = unit.into_active_model();
        next.powers = Set(json!(held));
        next.version = Set(version);
        next.updated_at = Set(tx.now());
        orgs::store::update(tx, next).await?;
        report.count(Outcome::Updated);
    }
    Ok(())
}

/// Writes terms of a kind that are new or changed.
pub(super) async fn terms(
    tx: &Tx,
    kind: &str,
    wanted: Vec<term::Model>,
    report: &mut ImportReport,
) -> Result<(), AppError> {
    let there = store::terms(tx, kind).await?;
    for row in wanted {
        let outcome = match there.iter().find(|old| old.code == row.code) {
            None => Outcome::Created,
            Some(old) if *old == row => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome != Outcome::Unchanged {
            store::put_term(tx, row).await?;
        }
        report.count(outcome);
    }
    Ok(())
}

/// Writes services that are new or changed.
pub(super) async fn services(
    tx: &Tx,
    entries: Vec<Entry>,
    rows: &[service::Model],
    report: &mut ImportReport,
) -> Result<(), AppError> {
    let mut new = Vec::new();
    for entry in entries {
        let old = rows
            .iter()
            .find(|row| row.code == entry.code && row.valid_from == entry.valid_from);
        let outcome = match old {
            None => {
                new.push(store::new_row(tx, &entry));
                Outcome::Created
            }
            Some(row) if store::entry(row) == entry => Outcome::Unchanged,
            Some(row) => {
                let mut next = row.clone().into_active_model();
                store::fill(&mut next, &entry);
                next.version = Set(row.version + 1);
                next.updated_at = Set(tx.now());
                store::update(tx, next).await?;
                Outcome::Updated
            }
        };
        report.count(outcome);
    }
    store::insert_all(tx, new).await
}
