//! Making, changing and taking back shifts; stand-ins and contacts in files of their own.

pub mod contact;
pub mod stand_in;

use super::rules::Span;
use super::rules::shift::{Plan, check_change, days};
use super::rules::station::{level_of, serves};
use super::store::{self, NewShift, people};
use crate::access::Op;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::audit;
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::etag::IfMatch;
use entity::id::{ShiftId, StaffId, UnitId};
use entity::kind::DutyPost;
use entity::{shift, unit};
use serde_json::{Value, json};
pub use stand_in::NewStandIn;

/// A shift that is asked for, checked by itself.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Asked {
    pub unit_id: UnitId,
    pub post: DutyPost,
    pub plan: Plan,
    pub note: Option<String>,
}

/// Makes a shift.
///
/// # Errors
/// `Forbidden` where the caller has no say, `InvalidInput` when the unit, the post or a member won't do.
pub async fn create(tx: &Tx, (caller, asked): &(Caller, Asked)) -> Result<shift::Model, AppError> {
    let unit = orgs::store::find(tx, asked.unit_id)
        .await
        .map_err(|error| match error.code() {
            Code::NotFound => AppError::field("/unit_id", Rule::Unknown),
            _ => error,
        })?;
    allow(caller, Op::GetUnit, &unit.path)?;
    let mut fields = Fields::default();
    check_unit(&unit, asked.post, asked.plan.span, &mut fields);
    check_serving(tx, &unit.path, &asked.plan, &mut fields).await?;
    fields.finish()?;
    let new = NewShift {
        unit_id: unit.id,
        unit_path: unit.path,
        post: asked.post,
        span: asked.plan.span,
        members: asked.plan.members.clone(),
        note: asked.note.clone(),
    };
    let rows = store::insert(tx, &[new]).await?;
    let row = rows.into_iter().next();
    let row = row.ok_or_else(|| AppError::new(Code::Internal))?;
    audit::record(tx, caller, "shift", row.id, told(&row, &asked.plan.members));
    Ok(row)
}

/// Gives a shift that is not over other times, people and another note. Of one that has begun only the end and the
/// note change.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`, `Conflict` when it is over, `InvalidInput` naming what must stay or won't do.
pub async fn update(
    tx: &Tx,
    (caller, id, version, plan, note): &(Caller, ShiftId, IfMatch, Plan, Option<String>),
) -> Result<shift::Model, AppError> {
    let row = store::lock(tx, *id).await?;
    allow(caller, Op::GetShift, &row.unit_path)?;
    version.check(row.version)?;
    refuse_over(tx, &row)?;
    let people = store::members(tx, &[row.id]).await?;
    let (stand_ins, members): (Vec<_>, Vec<_>) =
        people.iter().partition(|place| place.stands_in_for.is_some());
    let was = Plan {
        span: (row.starts_at, row.ends_at),
        members: members.iter().map(|place| place.staff_id).collect(),
    };
    let turns: Vec<_> = stand_ins.into_iter().map(store::turn).collect();
    let mut fields = Fields::default();
    check_change(&was, plan, &turns, tx.now(), &mut fields);
    // Who has begun may finish, though their role has ended meanwhile.
    if row.starts_at > tx.now() || plan.span.1 > row.ends_at {
        check_serving(tx, &row.unit_path, plan, &mut fields).await?;
    }
    fields.finish()?;
    let row = store::update(tx, row, plan.span, &plan.members, note.clone()).await?;
    audit::record(tx, caller, "shift", row.id, told(&row, &plan.members));
    Ok(row)
}

/// Takes back a shift that has not begun, as if it had never been.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`, `Conflict` when it has begun.
pub async fn delete(tx: &Tx, (caller, id, version): &(Caller, ShiftId, IfMatch)) -> Result<(), AppError> {
    let row = store::lock(tx, *id).await?;
    allow(caller, Op::GetShift, &row.unit_path)?;
    version.check(row.version)?;
    if row.starts_at <= tx.now() {
        return Err(AppError::new(Code::Conflict).say(
            "班次已经开始，只能提前结束",
            "The shift has begun: it can only be ended sooner",
        ));
    }
    let people = store::members(tx, &[row.id]).await?;
    let members: Vec<StaffId> = people.iter().map(|place| place.staff_id).collect();
    store::delete(tx, row.id).await?;
    audit::record(tx, caller, "shift", row.id, told(&row, &members));
    Ok(())
}

fn told(row: &shift::Model, members: &[StaffId]) -> Value {
    json!({
        "unit": row.unit_id, "post": row.post, "from": row.starts_at, "until": row.ends_at, "members": members,
        "version": row.version,
    })
}

/// Whether the caller may do this in a unit of this path.
pub(in crate::duty) fn allow(caller: &Caller, read: Op, path: &str) -> Result<(), AppError> {
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    caller.decide(read, &facts).map(|_| ())
}

fn refuse_over(tx: &Tx, row: &shift::Model) -> Result<(), AppError> {
    if row.ends_at <= tx.now() {
        return Err(AppError::new(Code::Conflict).say("班次已经结束", "The shift is over"));
    }
    Ok(())
}

/// Whether a unit has this post, and exists as long as the shift.
fn check_unit(unit: &unit::Model, post: DutyPost, span: Span, fields: &mut Fields) {
    let (first, last) = days(span);
    if unit.valid_from > first || unit.valid_to.is_some_and(|end| end < last) {
        fields.add("/unit_id", Rule::Form("a unit that exists on these days"));
    }
    if level_of(unit.kind, DutyPost::Duty).is_none() {
        fields.add(
            "/unit_id",
            Rule::Form("a community, village, sub-district, town or district"),
        );
    } else if level_of(unit.kind, post).is_none() {
        fields.add("/post", Rule::Form("duty: a shift lead is the district's"));
    }
}

/// Whether all members may be on duty in a unit, on each of the days.
async fn check_serving(tx: &Tx, path: &str, plan: &Plan, fields: &mut Fields) -> Result<(), AppError> {
    let enabled = people::enabled(tx, &plan.members).await?;
    let held = people::held(tx, &plan.members).await?;
    for (at, member) in plan.members.iter().enumerate() {
        let pointer = format!("/members/{at}");
        if !enabled.contains(member) {
            fields.add(pointer, Rule::Unknown);
        } else if !serves(&held, *member, path, days(plan.span)) {
            fields.add(pointer, Rule::Form(SERVING));
        }
    }
    Ok(())
}

/// Who may be on duty.
pub(in crate::duty) const SERVING: &str = "somebody who takes duty in this unit or above it on these days";
