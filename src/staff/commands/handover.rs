//! Somebody's tickets go to others: when they are asked to, and by themselves when somebody goes.

use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::audit;
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::staff::rules::handles;
use crate::staff::store::handover::{self as rows, NewHandover};
use crate::staff::store::{self, takes_tickets};
use chrono::NaiveDate;
use entity::id::{GrantId, StaffId, UnitId};
use entity::kind::{HandoverCause, HandoverTarget};
use entity::{handover, role_grant};
use serde_json::json;

/// What somebody asks for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Asked {
    pub unit_id: UnitId,
    pub target: HandoverTarget,
    pub to_staff_id: Option<StaffId>,
    pub reason: String,
}

/// Has all open tickets that a person has in a unit handed over, some in each transaction.
///
/// # Errors
/// `NotFound`, `Forbidden`, `InvalidInput` when the person never was of that unit, or the other one is not today.
pub async fn ask(
    tx: &Tx,
    (caller, id, asked): &(Caller, StaffId, Asked),
) -> Result<handover::Model, AppError> {
    let unknown = |pointer: &'static str| AppError::field(pointer, Rule::Unknown);
    let unit = orgs::store::find(tx, asked.unit_id)
        .await
        .map_err(|error| match error.code() {
            Code::NotFound => unknown("/unit_id"),
            _ => error,
        })?;
    let facts = Facts {
        place: &unit.path,
        paths: vec![&unit.path],
        owners: Vec::new(),
    };
    caller.decide(Op::ListStaff, &facts)?;
    store::lock(tx, *id).await?;
    let grants = store::grants_of(tx, *id).await?;
    if !grants.iter().any(|grant| grant.unit_id == unit.id) {
        return Err(unknown("/unit_id"));
    }
    if let Some(other) = asked.to_staff_id {
        let today = local_day(tx.now());
        if other == *id || !takes_tickets(tx, other, &[unit.id], today).await? {
            return Err(unknown("/to_staff_id"));
        }
    }
    let row = rows::begin(
        tx,
        NewHandover {
            staff_id: *id,
            unit_id: Some(unit.id),
            cause: HandoverCause::Asked,
            target: asked.target,
            to: asked.to_staff_id,
            reason: Some(asked.reason.clone()),
            asked_by: caller.actor.staff_id(),
        },
    );
    let detail = json!({ "handover": row.id, "unit": unit.id, "target": row.target, "to": row.to_staff_id });
    audit::record(tx, caller, "staff", id, detail);
    Ok(row)
}

/// Of somebody who is disabled: all they have goes to others.
pub(super) fn disabled(tx: &Tx, caller: &Caller, id: StaffId) {
    rows::begin(
        tx,
        by_itself(id, None, HandoverCause::Disabled, caller.actor.staff_id()),
    );
}

/// Of somebody whose role has ended, if it was the last by which they were given tickets there.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn role_ended(
    tx: &Tx,
    asked_by: Option<StaffId>,
    (id, unit): (StaffId, UnitId),
) -> Result<(), AppError> {
    if !takes_tickets(tx, id, &[unit], local_day(tx.now())).await? {
        let new = by_itself(id, Some(unit), HandoverCause::RoleEnded, asked_by);
        rows::begin(tx, new);
    }
    Ok(())
}

/// A grant has ended by its last day: the timer that was set with it.
///
/// # Errors
/// When the database does not answer.
pub async fn grant_over(tx: &Tx, id: GrantId) -> Result<(), AppError> {
    match rows::grant(tx, id).await? {
        Some(grant) => role_ended(tx, None, (grant.staff_id, grant.unit_id)).await,
        None => Ok(()),
    }
}

/// Whether the end of this grant may end somebody's work in a unit: they were given tickets by it.
pub(super) fn matters(grant: &role_grant::Model, today: NaiveDate) -> bool {
    handles(grant.role) && grant.valid_from <= today
}

fn by_itself(
    id: StaffId,
    unit: Option<UnitId>,
    cause: HandoverCause,
    asked_by: Option<StaffId>,
) -> NewHandover {
    NewHandover {
        staff_id: id,
        unit_id: unit,
        cause,
        target: HandoverTarget::Strategy,
        to: None,
        reason: None,
        asked_by,
    }
}
