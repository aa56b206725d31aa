//! Changing the policy and the calendar.

pub mod closures;
pub mod hours;

use super::queries::{self, YearView};
use super::rules::limit::Draft;
use super::rules::year::PublishedYear;
use super::store;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use crate::{orgs, settings};
use chrono::NaiveDate;
use entity::deadline_policy;
use entity::id::{PolicyId, UnitId};
use serde_json::json;

/// A line to be made.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// The line, still without its unit.
    pub draft: Draft,
    /// For this unit and those below it.
    pub unit_id: Option<UnitId>,
    /// Whether it takes the place of the open-ended line for the same cases.
    pub supersede: bool,
}

/// Makes a line of the policy.
///
/// # Errors
/// `InvalidInput` when the unit does not exist, `Conflict` when another line is for the same cases.
pub async fn create_line(
    tx: &Tx,
    (caller, new): &(Caller, NewLine),
) -> Result<deadline_policy::Model, AppError> {
    store::lock(tx).await?;
    let mut draft = new.draft.clone();
    if let Some(id) = new.unit_id {
        let unknown = || AppError::field("/unit_id", Rule::Unknown);
        let unit = orgs::store::find(tx, id).await.map_err(|_| unknown())?;
        allow(caller, Op::GetUnit, Some(&unit.path))?;
        if unit.valid_to.is_some_and(|last| last < draft.valid_from) {
            return Err(unknown());
        }
        draft.unit_path = Some(unit.path);
    }
    if new.supersede {
        supersede(tx, caller, &draft).await?;
        if let Some(last) = draft.valid_to {
            refuse_gap(tx, &draft, last).await?;
        }
    }
    refuse_rival(tx, &draft, None).await?;
    let row = store::insert_line(tx, &draft).await?;
    audit::record(
        tx,
        caller,
        "deadline_policy",
        row.id,
        json!({ "clock": row.clock, "amount": row.amount, "unit": row.unit }),
    );
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Ends the open-ended line for the same cases the day before another begins.
async fn supersede(tx: &Tx, caller: &Caller, draft: &Draft) -> Result<(), AppError> {
    let lines = store::lines(tx, Some(draft.clock), None).await?;
    let open = lines.into_iter().find(|row| {
        row.valid_to.is_none() && row.valid_from < draft.valid_from && store::draft(row).fits_the_same(draft)
    });
    let Some(row) = open else { return Ok(()) };
    let ended = Draft {
        valid_to: draft.valid_from.pred_opt(),
        ..store::draft(&row)
    };
    let row = store::update_line(tx, row, &ended).await?;
    let detail = json!({ "version": row.version, "valid_to": row.valid_to });
    audit::record(tx, caller, "deadline_policy", row.id, detail);
    Ok(())
}

/// Without the line that fits everything, requests would have no limit at all.
async fn refuse_gap(tx: &Tx, draft: &Draft, last: NaiveDate) -> Result<(), AppError> {
    if !draft.fits_everything() {
        return Ok(());
    }
    let lines = store::lines(tx, Some(draft.clock), None).await?;
    let next = last.succ_opt();
    let goes_on = lines
        .iter()
        .any(|row| Some(row.valid_from) == next && store::draft(row).fits_everything());
    if goes_on {
        return Ok(());
    }
    Err(AppError::new(Code::PolicyGap).with("from", next.map(|day| day.to_string())))
}

/// Sets the last day of a line.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput` when it ends before it begins, `Conflict` when it runs into another,
/// `PolicyGap` when nothing would rule after it.
pub async fn end_line(
    tx: &Tx,
    (caller, id, version, last): &(Caller, PolicyId, IfMatch, NaiveDate),
) -> Result<deadline_policy::Model, AppError> {
    store::lock(tx).await?;
    let row = store::line(tx, *id).await?;
    allow(caller, Op::ListPolicies, row.unit_path.as_deref())?;
    version.check(row.version)?;
    if *last < row.valid_from {
        let bounds = format!("{}..", row.valid_from);
        return Err(AppError::field("/valid_to", Rule::Range(bounds)));
    }
    let draft = Draft {
        valid_to: Some(*last),
        ..store::draft(&row)
    };
    refuse_rival(tx, &draft, Some(row.id)).await?;
    refuse_gap(tx, &draft, *last).await?;
    let row = store::update_line(tx, row, &draft).await?;
    audit::record(
        tx,
        caller,
        "deadline_policy",
        row.id,
        json!({ "version": row.version, "valid_to": row.valid_to }),
    );
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Puts years in the place of what was known of them, all or none.
///
/// # Errors
/// When the database does not answer.
pub async fn import_calendar(
    tx: &Tx,
    (caller, years): &(Caller, Vec<PublishedYear>),
) -> Result<Vec<YearView>, AppError> {
    store::lock(tx).await?;
    let mut views = Vec::with_capacity(years.len());
    for published in years {
        let row = store::replace_year(tx, published).await?;
        let detail = json!({ "version": row.version, "status": row.status });
        audit::record(tx, caller, "calendar_year", row.year, detail);
        views.push(queries::year(tx, row.year).await?);
    }
    store::recount(tx).await?;
    settings::store::touch_reference(tx).await?;
    Ok(views)
}

/// What holds everywhere is the administrator's by the permit alone.
fn allow(caller: &Caller, read: Op, path: Option<&str>) -> Result<(), AppError> {
    let Some(path) = path else { return Ok(()) };
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    caller.decide(read, &facts).map(|_| ())
}

async fn refuse_rival(tx: &Tx, draft: &Draft, own: Option<PolicyId>) -> Result<(), AppError> {
    let lines = store::lines(tx, Some(draft.clock), None).await?;
    let rival = lines
        .iter()
        .filter(|row| own != Some(row.id))
        .find(|row| store::draft(row).rivals(draft));
    match rival {
        None => Ok(()),
        Some(row) => Err(AppError::new(Code::Conflict)
            .say(
                "同一条件在此期间已有期限规定",
                "Another line is for the same cases in that time",
            )
            .with("policy_id", row.id.to_string())),
    }
}
