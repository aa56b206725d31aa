//! Leave, and how many tickets somebody takes.

use super::refuse_disabled;
use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, Owner};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::period::Period;
use crate::settings;
use crate::staff::rules::{Ending, ending};
use crate::staff::store::{self, absence};
use chrono::NaiveDate;
use entity::id::{AbsenceId, StaffId};
use entity::kind::AbsenceKind;
use entity::{role_grant, staff, staff_absence};
use sea_orm::ActiveValue::Set;
use serde_json::json;

/// A leave to be taken.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewAbsence {
    pub kind: AbsenceKind,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
}

/// Notes a leave. Tickets that the person has already stay with them.
///
/// # Errors
/// `NotFound`, `InvalidInput` when the days meet another leave, `Conflict` for the disabled.
pub async fn add(
    tx: &Tx,
    (caller, id, new): &(Caller, StaffId, NewAbsence),
) -> Result<staff_absence::Model, AppError> {
    let person = reached(tx, caller, *id).await?;
    refuse_disabled(&person)?;
    if absence::meets(tx, *id, (new.first_day, new.last_day)).await? {
        return Err(AppError::field("/first_day", Rule::Taken));
    }
    let row = absence::insert(
        tx,
        staff_absence::ActiveModel {
            id: Set(tx.ids().id()),
            staff_id: Set(*id),
            kind: Set(new.kind),
            first_day: Set(new.first_day),
            last_day: Set(new.last_day),
            created_at: Set(tx.now()),
        },
    )
    .await?;
    let detail = json!({ "absence": row.id, "first_day": row.first_day, "last_day": row.last_day });
    audit::record(tx, caller, "staff", id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Ends a leave: the person is there again today. One that is over already stays as it is.
///
/// # Errors
/// `NotFound`.
pub async fn end(tx: &Tx, (caller, id, leave): &(Caller, StaffId, AbsenceId)) -> Result<(), AppError> {
    reached(tx, caller, *id).await?;
    let row = absence::find(tx, *id, *leave).await?;
    let row = row.ok_or_else(|| AppError::new(Code::NotFound))?;
    let term = Period {
        from: row.first_day,
        to: Some(row.last_day),
    };
    let last_day = match ending(term, local_day(tx.now())) {
        Ending::Over => return Ok(()),
        Ending::Ends(last_day) => {
            absence::end(tx, row, last_day).await?;
            Some(last_day)
        }
        Ending::Never => {
            absence::delete(tx, row.id).await?;
            None
        }
    };
    audit::record(
        tx,
        caller,
        "staff",
        id,
        json!({ "absence": leave, "last_day": last_day }),
    );
    settings::store::touch_reference(tx).await
}

/// Sets how many open tickets a person takes, beyond those that somebody gives them by name.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `Conflict` for the disabled.
pub async fn set_capacity(
    tx: &Tx,
    (caller, id, version, capacity): &(Caller, StaffId, IfMatch, Option<i32>),
) -> Result<staff::Model, AppError> {
    let row = reached(tx, caller, *id).await?;
    version.check(row.version)?;
    refuse_disabled(&row)?;
    let row = absence::set_capacity(tx, row, *capacity).await?;
    let detail = json!({ "version": row.version, "capacity": row.capacity });
    audit::record(tx, caller, "staff", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// A person whose leave and capacity the caller may set, locked.
async fn reached(tx: &Tx, caller: &Caller, id: StaffId) -> Result<staff::Model, AppError> {
    let row = store::lock(tx, id).await?;
    allow(caller, id, &store::grants_of(tx, id).await?, local_day(tx.now()))?;
    Ok(row)
}

/// Whether the caller may do this to a person: to themselves, or where the person holds a role today or later. Who holds
/// none belongs where they held one last.
///
/// # Errors
/// `NotFound` or `Forbidden`.
pub fn allow(
    caller: &Caller,
    id: StaffId,
    grants: &[role_grant::Model],
    today: NaiveDate,
) -> Result<(), AppError> {
    let goes_on = |grant: &&role_grant::Model| grant.valid_to.is_none_or(|last| last >= today);
    let path = |grant: &role_grant::Model| grant.unit_path.clone();
    let mut places: Vec<String> = grants.iter().filter(goes_on).map(path).collect();
    if places.is_empty() {
        places.extend(grants.iter().map(path));
    }
    if places.is_empty() {
        places.extend(caller.acting.path.clone());
    }
    let mut refusal = AppError::new(Code::NotFound);
    for place in &places {
        let facts = Facts {
            place,
            paths: vec![place],
            owners: vec![Owner::Staff(id)],
        };
        match caller.decide(Op::ListStaff, &facts) {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Code::Forbidden => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}
