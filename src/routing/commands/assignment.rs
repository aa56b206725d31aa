//! Making and ending assignment policies: how the tickets of a unit find their person.

use super::{allow, unit};
use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::period::Period;
use crate::routing::store::assignment as store;
use crate::settings;
use chrono::NaiveDate;
use entity::assignment_policy;
use entity::id::{AssignmentPolicyId, UnitId};
use entity::kind::Strategy;
use sea_orm::ActiveValue::Set;
use serde_json::json;

/// A policy to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewPolicy {
    pub unit_id: UnitId,
    pub strategy: Strategy,
    pub reason: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// Makes a policy.
///
/// # Errors
/// `NotFound` and `Forbidden` for units that the caller does not reach, `InvalidInput` for one that is gone,
/// `Conflict` when the unit has another policy in that time.
pub async fn create(
    tx: &Tx,
    (caller, new): &(Caller, NewPolicy),
) -> Result<assignment_policy::Model, AppError> {
    let day = new.valid_from.max(local_day(tx.now()));
    let unit = unit(tx, new.unit_id, day).await?;
    let unit = unit.ok_or_else(|| AppError::field("/unit_id", Rule::Unknown))?;
    allow(caller, Op::GetUnit, &unit.path)?;
    let term = Period {
        from: new.valid_from,
        to: new.valid_to,
    };
    refuse_rival(tx, unit.id, term, None).await?;
    let row = store::insert(
        tx,
        assignment_policy::ActiveModel {
            id: Set(tx.ids().id()),
            unit_id: Set(unit.id),
            unit_path: Set(unit.path),
            strategy: Set(new.strategy),
            reason: Set(new.reason.clone()),
            valid_from: Set(new.valid_from),
            valid_to: Set(new.valid_to),
            version: Set(1),
            updated_at: Set(tx.now()),
        },
    )
    .await?;
    let detail = json!({ "unit": row.unit_id, "strategy": row.strategy, "valid_from": row.valid_from, "valid_to": row.valid_to });
    audit::record(tx, caller, "assignment_policy", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Sets the last day of a policy.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput` when it ends before it begins, `Conflict` when it runs into another.
pub async fn end(
    tx: &Tx,
    (caller, id, version, last): &(Caller, AssignmentPolicyId, IfMatch, NaiveDate),
) -> Result<assignment_policy::Model, AppError> {
    let row = store::find(tx, *id).await?;
    allow(caller, Op::ListAssignmentPolicies, &row.unit_path)?;
    version.check(row.version)?;
    if *last < row.valid_from {
        let bounds = format!("{}..", row.valid_from);
        return Err(AppError::field("/valid_to", Rule::Range(bounds)));
    }
    let term = Period {
        from: row.valid_from,
        to: Some(*last),
    };
    refuse_rival(tx, row.unit_id, term, Some(row.id)).await?;
    let row = store::end(tx, row, *last).await?;
    let detail = json!({ "version": row.version, "valid_to": row.valid_to });
    audit::record(tx, caller, "assignment_policy", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// A unit has one policy at a time.
async fn refuse_rival(
    tx: &Tx,
    unit: UnitId,
    term: Period,
    own: Option<AssignmentPolicyId>,
) -> Result<(), AppError> {
    tx.one_at_a_time(unit.0.as_bytes()).await?;
    let rows = store::rows(tx, Some(unit), None).await?;
    let rival = rows.iter().find(|row| {
        let theirs = Period {
            from: row.valid_from,
            to: row.valid_to,
        };
        own != Some(row.id) && theirs.overlaps(term)
    });
    match rival {
        None => Ok(()),
        Some(row) => Err(AppError::new(Code::Conflict)
            .say(
                "该单位在此期间已有分派策略",
                "The unit has another assignment policy in that time",
            )
            .with("policy_id", row.id.to_string())),
    }
}
