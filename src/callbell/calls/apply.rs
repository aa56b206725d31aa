//! The one way to write what a decision did to a call: its row, its log, the event, the timer, who is told, and its
//! ticket, in one transaction.

use super::ring::{self, People};
use super::row::{call, ladder, reflect};
use crate::callbell::rules::call::{Command, Event, Refusal, decide, evolve, next};
use crate::callbell::world::World;
use crate::ledger::events::{self, News};
use crate::ledger::timers;
use crate::platform::crypto::{canonical, instant, sha256};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::tickets::commands::emergency::{self, Turn};
use entity::id::{CallId, StaffId};
use entity::kind::{ActorKind, CallEntryKind, CallOutcome, CallState, TicketResult};
use entity::{callbell_call, callbell_entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

/// The timer of a call: one a call, for what is due next.
pub const TIMER: &str = timers::CALLS;
/// The label of texts in a call's log.
pub const TEXT: &str = "callbell_entry.text";
/// The kind of thing that events of calls are about.
pub const SUBJECT: &str = "call";

/// Who does something.
#[derive(Clone, Debug)]
pub struct Doer {
    /// What they are.
    pub kind: ActorKind,
    /// Who.
    pub id: Option<Uuid>,
    /// The name of the day.
    pub name: Option<String>,
}

impl Doer {
    /// The service itself, or a device.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: None,
            name: None,
        }
    }

    /// Somebody of the staff.
    #[must_use]
    pub fn staff(id: StaffId, name: &str) -> Self {
        Self {
            kind: ActorKind::Staff,
            id: Some(id.0),
            name: Some(name.to_owned()),
        }
    }
}

/// What goes into the log with a decision.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What somebody wrote: sealed.
    pub text: Option<String>,
    /// Ids, kinds and numbers.
    pub data: Value,
}

/// Decides a command on this moment and writes what it does; the refusal where the rules refuse it. Who is on duty is
/// asked once, for the decision and for all who are told.
///
/// # Errors
/// When the database does not answer.
pub async fn command(
    tx: &Tx,
    world: &World,
    row: &mut callbell_call::Model,
    command: Command,
    said: (&Doer, &Said),
) -> Result<Result<(), Refusal>, AppError> {
    let people = ring::people(tx, world, row).await?;
    let decided = decide(&call(row), &ladder(row), command, ring::moment(tx, row, &people));
    let events = decided.as_deref().unwrap_or_default();
    // Said twice is said once: nothing is written then. A tick leaves a timer behind in any case.
    if command == Command::Tick || !events.is_empty() {
        apply(tx, world, (row, &people), events, said).await?;
    }
    Ok(decided.map(drop))
}

/// Writes what events do to a call; one without a version yet is new.
///
/// # Errors
/// When the database does not answer.
pub async fn apply(
    tx: &Tx,
    world: &World,
    (row, people): (&mut callbell_call::Model, &People),
    events: &[Event],
    (doer, said): (&Doer, &Said),
) -> Result<(), AppError> {
    let mut state = call(row);
    let ladder = ladder(row);
    for (nth, event) in events.iter().enumerate() {
        let before = state.state;
        state = evolve(state, &ladder, *event, tx.now());
        reflect(row, &state);
        name_owner(tx, row, event, doer).await?;
        if state.state == CallState::Closed {
            row.closed_at = Some(tx.now());
        }
        // What was said belongs to the first of them.
        let nothing = Said::default();
        let said = if nth == 0 { said } else { &nothing };
        append(
            tx,
            world,
            row,
            (kind_of(event), data_of(event)),
            Some(before),
            (doer, said),
        )?;
        ring::tell(tx, world, (row, people), event).await?;
        follow(tx, world, row, event, said).await?;
    }
    write(tx, row).await?;
    let due = next(&state, &ladder, row.has_kin);
    timers::replace(tx, TIMER, row.id.0, due).await
}

/// Who has it, by name: whoever acts, or whom they name.
async fn name_owner(
    tx: &Tx,
    row: &mut callbell_call::Model,
    event: &Event,
    doer: &Doer,
) -> Result<(), AppError> {
    match event {
        Event::Acknowledged(by) | Event::Going(by) | Event::Arrived(by, _) | Event::TakenOver(by) => {
            row.owner_name = if doer.id == Some(by.0) {
                doer.name.clone()
            } else {
                Some(crate::staff::store::find(tx, *by).await?.display_name)
            };
        }
        Event::LeaseRanOut(_) | Event::GaveUp(_) | Event::ShiftOver(_) => row.owner_name = None,
        _ => {}
    }
    if let Event::Resolved(_, _, verification) = event {
        row.verification = *verification;
    }
    Ok(())
}

/// Writes the row of a call.
///
/// # Errors
/// When the database does not answer.
pub async fn write(tx: &Tx, row: &mut callbell_call::Model) -> Result<(), AppError> {
    let seen = row.version;
    row.version += 1;
    row.updated_at = tx.now();
    let next = row.clone().into_active_model().reset_all();
    if seen == 0 {
        // At once: the database itself holds that a device has one open call.
        callbell_call::Entity::insert(next)
            .exec_without_returning(tx)
            .await?;
        return Ok(());
    }
    let written = callbell_call::Entity::update_many()
        .set(next)
        .filter(callbell_call::Column::Id.eq(row.id))
        .filter(callbell_call::Column::Version.eq(seen))
        .exec(tx)
        .await?;
    if written.rows_affected == 1 {
        Ok(())
    } else {
        Err(AppError::new(Code::Conflict).repeatable())
    }
}

/// Adds an entry to the log and moves the head of its chain; tells the event log.
///
/// # Errors
/// When a text can't be sealed.
pub fn append(
    tx: &Tx,
    world: &World,
    row: &mut callbell_call::Model,
    (kind, data): (CallEntryKind, Value),
    before: Option<CallState>,
    (doer, said): (&Doer, &Said),
) -> Result<(), AppError> {
    let mut data = data;
    if let (Some(all), Some(more)) = (data.as_object_mut(), said.data.as_object()) {
        all.extend(more.clone());
    }
    let sealed = said
        .text
        .as_ref()
        .map(|text| world.kit.vault.seal_text(TEXT, text))
        .transpose()?;
    let mut entry = callbell_entry::Model {
        call_id: row.id,
        seq: row.entries + 1,
        kind,
        at: tx.now(),
        actor_kind: doer.kind,
        actor_id: doer.id,
        actor_name: doer.name.clone(),
        from_state: before,
        to_state: row.state,
        data,
        text_sealed: sealed,
        hash: Vec::new(),
    };
    entry.hash = hash(&row.head, &entry);
    row.entries = entry.seq;
    row.head.clone_from(&entry.hash);
    events::publish(
        tx,
        News {
            kind: format!("call.{kind}"),
            subject_kind: SUBJECT,
            subject_id: row.id.0,
            unit_path: Some(row.unit_path.clone()),
            data: json!({ "from": before, "to": row.state, "level": row.level, "seq": entry.seq, "test": row.test }),
        },
    );
    tx.stage(entry.into_active_model().reset_all());
    Ok(())
}

/// Notes something in the log of a call that changes nothing of it, though it may be closed.
///
/// # Errors
/// When the database does not answer.
pub async fn note(
    tx: &Tx,
    world: &World,
    row: &mut callbell_call::Model,
    what: (CallEntryKind, Value),
    doer: &Doer,
) -> Result<(), AppError> {
    let state = row.state;
    append(tx, world, row, what, Some(state), (doer, &Said::default()))?;
    write(tx, row).await
}

/// The hash of an entry: over the one before it, its own facts, and the ciphertext of its text.
#[must_use]
pub fn hash(previous: &[u8], entry: &callbell_entry::Model) -> Vec<u8> {
    let text = |value: Option<String>| value.unwrap_or_default();
    let facts = canonical(
        "hotline-call-1",
        [
            entry.call_id.to_string(),
            entry.seq.to_string(),
            entry.kind.word().to_owned(),
            instant(entry.at),
            entry.actor_kind.word().to_owned(),
            text(entry.actor_id.map(|id| id.to_string())),
            text(entry.actor_name.clone()),
            text(entry.from_state.map(|state| state.word().to_owned())),
            entry.to_state.word().to_owned(),
            entry.data.to_string(),
        ],
    );
    let sealed = entry.text_sealed.as_deref().unwrap_or_default();
    sha256(&[previous, facts.as_bytes(), sealed])
}

/// Takes the ticket along.
async fn follow(
    tx: &Tx,
    world: &World,
    row: &mut callbell_call::Model,
    event: &Event,
    said: &Said,
) -> Result<(), AppError> {
    if matches!(event, Event::TestDropped) && row.ticket_id.is_none() {
        row.ticket_id = super::open::ticket(tx, world, row).await?;
        return Ok(());
    }
    let Some(ticket) = row.ticket_id else {
        return Ok(());
    };
    let turn = match event {
        Event::Acknowledged(by) => Turn::Signed(*by),
        Event::Resolved(_, outcome, _) => {
            let result = match outcome {
                CallOutcome::NoAccess | CallOutcome::Equipment => TicketResult::Partly,
                _ => TicketResult::Solved,
            };
            let text = said.text.clone().unwrap_or_else(|| outcome.chinese().to_owned());
            Turn::Settled(result, text)
        }
        Event::Closed(_) => Turn::Closed,
        _ => return Ok(()),
    };
    let World { kit, reference } = world;
    emergency::follow(tx, kit, reference, ticket, &turn).await
}

fn kind_of(event: &Event) -> CallEntryKind {
    use CallEntryKind as K;
    match event {
        Event::PressedAgain(_) => K::PressedAgain,
        Event::TestDropped => K::TestDropped,
        Event::CancelRequested => K::CancelRequested,
        Event::Rung(_) => K::Rung,
        Event::NoOneOnDuty(_) => K::NoOneOnDuty,
        Event::KinTold => K::KinTold,
        Event::Acknowledged(_) => K::Acknowledged,
        Event::Joined(_) => K::Joined,
        Event::LeaseRanOut(_) => K::LeaseRanOut,
        Event::Going(_) => K::Going,
        Event::GaveUp(_) => K::GaveUp,
        Event::ShiftOver(_) => K::ShiftOver,
        Event::TakenOver(_) => K::TakenOver,
        Event::NotThereYet(_) => K::NotThereYet,
        Event::Arrived(..) => K::Arrived,
        Event::CheckedIn(_) => K::CheckedIn,
        Event::CheckInMissed => K::CheckInMissed,
        Event::Resolved(..) => K::Resolved,
        Event::Reported => K::Reported,
        Event::Closed(_) => K::Closed,
    }
}

fn data_of(event: &Event) -> Value {
    match event {
        Event::Rung(rung) | Event::NoOneOnDuty(rung) => json!({ "rung": rung }),
        Event::NotThereYet(times) => json!({ "times": times }),
        Event::Arrived(_, source) => json!({ "source": source }),
        Event::Resolved(_, outcome, verified) => json!({ "outcome": outcome, "verified": verified }),
        Event::LeaseRanOut(who) | Event::ShiftOver(who) => json!({ "staff_id": who }),
        Event::TakenOver(who) => json!({ "staff_id": who }),
        _ => json!({}),
    }
}

/// The first entry of whose log does not fit the one before, if any.
#[must_use]
pub fn first_broken(log: &[callbell_entry::Model], head: &[u8]) -> Option<i64> {
    let mut previous: Vec<u8> = Vec::new();
    for entry in log {
        if hash(&previous, entry) != entry.hash {
            return Some(entry.seq);
        }
        previous.clone_from(&entry.hash);
    }
    (previous != head).then(|| log.last().map_or(0, |entry| entry.seq))
}

/// For messages: the id of a call in a link.
#[must_use]
pub fn link(kit: &Kit, id: CallId) -> String {
    format!("{}/api/v1/callbell/calls/{id}", kit.config.base())
}
