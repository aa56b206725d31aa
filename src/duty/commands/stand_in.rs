//! Who stands in for whom: swaps, and who is sick.

use super::{SERVING, allow, refuse_over};
use crate::access::Op;
use crate::access::permit::Caller;
use crate::duty::rules::Turn;
use crate::duty::rules::shift::{StandIn, check_stand_in, days, is_relied_on};
use crate::duty::rules::station::serves;
use crate::duty::store::{self, people};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use chrono::{DateTime, SubsecRound, Utc};
use entity::id::{ShiftId, ShiftMemberId, StaffId};
use entity::kind::StandInReason;
use entity::{shift, shift_member};
use sea_orm::ActiveValue::Set;
use serde_json::json;

/// Somebody who is to stand in.
#[derive(Clone, Copy, Debug)]
pub struct NewStandIn {
    /// Who.
    pub staff: StaffId,
    /// For whom.
    pub stands_in_for: StaffId,
    /// From then on; at once unless given, or when the shift begins.
    pub from: Option<DateTime<Utc>>,
    /// Until then; to the end of the shift unless given.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: StandInReason,
}

/// Lets somebody stand in for another for a part of a shift that is not over.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` when the shift is over, `InvalidInput` when one of the two or the time won't do.
pub async fn add(
    tx: &Tx,
    (caller, id, new): &(Caller, ShiftId, NewStandIn),
) -> Result<(shift::Model, ShiftMemberId), AppError> {
    let row = store::lock(tx, *id).await?;
    allow(caller, Op::GetShift, &row.unit_path)?;
    refuse_over(tx, &row)?;
    let people = store::members(tx, &[row.id]).await?;
    let turns: Vec<Turn> = people.iter().map(store::turn).collect();
    // To the second, as people give times.
    let now = tx.now().trunc_subsecs(0);
    let from = new.from.unwrap_or_else(|| now.max(row.starts_at));
    let stand_in = StandIn {
        staff: new.staff,
        stands_in_for: new.stands_in_for,
        span: (from, new.until.unwrap_or(row.ends_at)),
    };
    let mut fields = Fields::default();
    let shift = (row.starts_at, row.ends_at);
    let ord = check_stand_in(&turns, shift, &stand_in, now, &mut fields);
    if people::enabled(tx, &[new.staff]).await?.is_empty() {
        fields.add("/staff_id", Rule::Unknown);
    } else {
        let held = people::held(tx, &[new.staff]).await?;
        // The shift's own days: a wrong time has been told already, and may be far away.
        let (first, last) = if fields.is_empty() {
            days(stand_in.span)
        } else {
            days(shift)
        };
        if !serves(&held, new.staff, &row.unit_path, (first, last)) {
            fields.add("/staff_id", Rule::Form(SERVING));
        }
    }
    fields.finish()?;
    let (from, until) = stand_in.span;
    let place = shift_member::ActiveModel {
        id: Set(tx.ids().id()),
        shift_id: Set(row.id),
        staff_id: Set(stand_in.staff),
        ord: Set(ord),
        starts_at: Set(from),
        ends_at: Set(until),
        stands_in_for: Set(Some(stand_in.stands_in_for)),
        reason: Set(Some(new.reason)),
        created_at: Set(tx.now()),
    };
    let place = store::insert_member(tx, place).await?;
    let row = store::touch(tx, row).await?;
    let detail = json!({
        "stand_in": place.id, "staff": place.staff_id, "stands_in_for": place.stands_in_for, "from": from,
        "until": until, "reason": place.reason, "version": row.version,
    });
    audit::record(tx, caller, "shift", row.id, detail);
    Ok((row, place.id))
}

/// Ends a stand-in: one that has not begun is taken back, one that has begun ends now, and of one that is over nothing
/// changes.
///
/// # Errors
/// `NotFound`, `Forbidden`; `Conflict` when somebody stands in for the one who stands in.
pub async fn end(tx: &Tx, (caller, id, stand_in): &(Caller, ShiftId, ShiftMemberId)) -> Result<(), AppError> {
    let row = store::lock(tx, *id).await?;
    allow(caller, Op::GetShift, &row.unit_path)?;
    let people = store::members(tx, &[row.id]).await?;
    let turns: Vec<Turn> = people.iter().map(store::turn).collect();
    let place = people
        .into_iter()
        .find(|place| place.id == *stand_in && place.stands_in_for.is_some())
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    let now = tx.now();
    if place.ends_at <= now {
        return Ok(());
    }
    if is_relied_on(&turns, &store::turn(&place), now) {
        return Err(AppError::new(Code::Conflict).say(
            "有人替其值班，请先撤销该替班",
            "Somebody stands in for this person: end that first",
        ));
    }
    let detail = json!({
        "stand_in": place.id, "staff": place.staff_id, "stands_in_for": place.stands_in_for,
        "ended_at": (place.starts_at < now).then_some(now), "version": row.version + 1,
    });
    if place.starts_at < now {
        store::end_member(tx, place, now).await?;
    } else {
        store::delete_member(tx, place.id).await?;
    }
    let row = store::touch(tx, row).await?;
    audit::record(tx, caller, "shift", row.id, detail);
    Ok(())
}
