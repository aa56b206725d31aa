//! Open calls go from who has them to a colleague: offered, and accepted. Until then they stay where they are; and when
//! the shift is over without it, they ring again.

use super::apply::{Doer, Said, command};
use super::ring;
use super::row::{OWNED, lock, not_dealt_with};
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::callbell::rules::call::Command;
use crate::callbell::rules::shift_end::{ShiftEnd, shift_end};
use crate::callbell::world::{Asked, World};
use crate::duty;
use crate::duty::rules::station::serves;
use crate::notify::store::{Message, enqueue};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::jobs::Pass;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallHandoverId, CallId, StaffId};
use entity::kind::{ActorKind, Lane, NoticeChannel};
use entity::{callbell_call, callbell_handover};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;

/// What is offered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// To whom.
    pub to: StaffId,
    /// Which calls; all that one has unless given.
    pub calls: Option<Vec<CallId>>,
    /// What they should know.
    pub note: Option<String>,
}

/// Calls that somebody has.
async fn owned(conn: &impl ConnectionTrait, by: StaffId) -> Result<Vec<callbell_call::Model>, AppError> {
    let rows = callbell_call::Entity::find()
        .filter(callbell_call::Column::OwnerId.eq(by))
        .filter(not_dealt_with())
        .filter(callbell_call::Column::State.is_in(OWNED))
        .order_by_asc(callbell_call::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Offers open calls to a colleague, who is told.
///
/// # Errors
/// `InvalidInput` when one has none, names one that one does not have, or somebody who may not be on duty there.
pub async fn offer(
    tx: &Tx,
    (world, caller, offer): &Asked<Offer>,
) -> Result<callbell_handover::Model, AppError> {
    let (from, name) = caller.staff()?;
    let mine = owned(tx, from).await?;
    let mut fields = Fields::default();
    let calls: Vec<&callbell_call::Model> = match &offer.calls {
        None => mine.iter().collect(),
        Some(ids) => {
            for (at, id) in ids.iter().enumerate() {
                if !mine.iter().any(|row| row.id == *id) {
                    fields.add(format!("/calls/{at}"), Rule::Form("an open call that you have"));
                }
            }
            mine.iter().filter(|row| ids.contains(&row.id)).collect()
        }
    };
    if calls.is_empty() {
        fields.add("/calls", Rule::Required);
    }
    let held = duty::store::people::held(tx, &[offer.to]).await?;
    let enabled = duty::store::people::enabled(tx, &[offer.to]).await?;
    let today = local_day(tx.now());
    let near = calls
        .iter()
        .all(|row| serves(&held, offer.to, &row.unit_path, (today, today)));
    if offer.to == from || !enabled.contains(&offer.to) || !near {
        fields.add("/to", Rule::Form("a colleague who may be on duty there"));
    }
    fields.finish()?;
    let ids: Vec<CallId> = calls.iter().map(|row| row.id).collect();
    let row = callbell_handover::Model {
        id: tx.ids().id(),
        from_id: from,
        from_name: name.to_owned(),
        to_id: offer.to,
        calls: json!(ids),
        note: offer.note.clone(),
        offered_at: tx.now(),
        accepted_at: None,
        taken: json!([]),
    };
    let written = row.clone().into_active_model().reset_all();
    callbell_handover::Entity::insert(written)
        .exec_without_returning(tx)
        .await?;
    let body = format!("【平安铃】{name}向您交接{}起未结呼叫，请确认接收。", ids.len());
    tell(tx, world, offer.to, &body, format!("call_handover:{}", row.id)).await?;
    Ok(row)
}

async fn tell(tx: &Tx, world: &World, to: StaffId, body: &str, key: String) -> Result<(), AppError> {
    let message = Message {
        recipient: (ActorKind::Staff, Some(to.0)),
        channel: NoticeChannel::InApp,
        lane: Lane::Urgent,
        template: "callbell_handover",
        ticket: None,
        call: None,
        others: &[],
        address: None,
        body,
        dedup_key: key,
        not_before: None,
    };
    enqueue(tx, &world.kit.vault, &message).await
}

/// Accepts what was offered: those calls that the other still has are one's own from now on. Said twice is said once.
///
/// # Errors
/// `NotFound` for what was offered to somebody else.
pub async fn accept(
    tx: &Tx,
    (world, caller, id): &Asked<CallHandoverId>,
) -> Result<callbell_handover::Model, AppError> {
    let (to, name) = caller.staff()?;
    let mut row = callbell_handover::Entity::find_by_id(*id)
        .filter(callbell_handover::Column::ToId.eq(to))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    if row.accepted_at.is_some() {
        return Ok(row);
    }
    let calls: Vec<CallId> = serde_json::from_value(row.calls.clone()).unwrap_or_default();
    let held = duty::store::people::held(tx, &[to]).await?;
    let today = local_day(tx.now());
    let mut taken = Vec::new();
    let said = Said {
        text: row.note.clone(),
        data: json!({ "from": row.from_id }),
    };
    for id in calls {
        let mut call = lock(tx, id).await?;
        // What was offered long ago may be for others by now.
        if call.owner_id != Some(row.from_id) || !serves(&held, to, &call.unit_path, (today, today)) {
            continue;
        }
        let doer = Doer::staff(to, name);
        let done = command(tx, world, &mut call, Command::TakeOver(to), (&doer, &said)).await?;
        if done.is_ok() {
            taken.push(id);
        }
    }
    row.accepted_at = Some(tx.now());
    row.taken = json!(taken);
    let next = row.clone().into_active_model().reset_all();
    callbell_handover::Entity::update(next).exec(tx).await?;
    Ok(row)
}

/// Handovers from or to somebody, newest first, older than one.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    before: Option<CallHandoverId>,
    limit: u64,
) -> Result<Vec<callbell_handover::Model>, AppError> {
    use callbell_handover::Column as C;
    let (me, _) = caller.staff()?;
    let mut select =
        callbell_handover::Entity::find().filter(Condition::any().add(C::FromId.eq(me)).add(C::ToId.eq(me)));
    if let Some(before) = before {
        select = select.filter(C::Id.lt(before));
    }
    Ok(select.order_by_desc(C::Id).limit(limit).all(conn).await?)
}

/// Looks at the shifts of all who have a call.
///
/// # Errors
/// When the database does not answer.
pub async fn watch(world: &World) -> Result<Pass, AppError> {
    let kit = &world.kit;
    let conn = kit.db.read();
    let rows = callbell_call::Entity::find()
        .filter(not_dealt_with())
        .filter(callbell_call::Column::State.is_in(OWNED))
        .filter(callbell_call::Column::OwnerId.is_not_null())
        .all(conn)
        .await?;
    for row in rows {
        match end_of(conn, world, &row, kit.now()).await? {
            ShiftEnd::NotNear => {}
            ShiftEnd::Soon(until) => {
                kit.db
                    .write("callbell.remind", (world.clone(), row, until), |tx, input| {
                        Box::pin(remind(tx, input))
                    })
                    .await?;
            }
            ShiftEnd::Over => {
                kit.db
                    .write(
                        "callbell.shift_over",
                        (world.clone(), row.id),
                        |tx, (world, id)| Box::pin(shift_over(tx, world, *id)),
                    )
                    .await?;
            }
        }
    }
    Ok(Pass::Idle)
}

async fn end_of(
    conn: &impl ConnectionTrait,
    world: &World,
    row: &callbell_call::Model,
    now: DateTime<Utc>,
) -> Result<ShiftEnd, AppError> {
    let Some(owner) = row.owner_id else {
        return Ok(ShiftEnd::NotNear);
    };
    let since = row.acked_at.unwrap_or(row.opened_at);
    let chain = world.reference.directory.chain(row.unit_id);
    let paths: Vec<&str> = chain.iter().map(|unit| unit.path.as_str()).collect();
    let turns = duty::store::turns(conn, &paths, (since, now + TimeDelta::hours(1))).await?;
    let theirs = turns.into_iter().map(|(_, _, turn)| turn);
    let theirs: Vec<_> = theirs.filter(|turn| turn.staff == owner).collect();
    Ok(shift_end(&theirs, since, now))
}

async fn remind(
    tx: &Tx,
    (world, row, until): &(World, callbell_call::Model, DateTime<Utc>),
) -> Result<(), AppError> {
    let Some(owner) = row.owner_id else { return Ok(()) };
    let body = format!(
        "【平安铃】您的班次将于{}结束，仍有未结呼叫，请办理交接。{}",
        ring::clock(*until),
        super::link(&world.kit, row.id)
    );
    let key = format!("shift_end:{}:{owner}:{}", row.id, until.timestamp());
    tell(tx, world, owner, &body, key).await
}

/// Looked at again under the lock: somebody may have taken it over meanwhile.
async fn shift_over(tx: &Tx, world: &World, id: CallId) -> Result<(), AppError> {
    let mut row = lock(tx, id).await?;
    if !OWNED.contains(&row.state) || end_of(tx, world, &row, tx.now()).await? != ShiftEnd::Over {
        return Ok(());
    }
    let said = (&Doer::system(), &Said::default());
    // It is owned: the rules take it.
    let _refused = command(tx, world, &mut row, Command::ShiftOver, said).await?;
    Ok(())
}
