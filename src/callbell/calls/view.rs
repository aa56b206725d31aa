//! Calls as those see them who must go there.

use super::apply::{TEXT, first_broken};
use super::dto::{CallEntryOut, CallOut, DeliveryOut, DoorOut, EMERGENCY_NUMBERS, KinNoteOut, NotesOut};
use super::row::{call as call_of, ladder, log};
use crate::callbell::rules::call::next;
use crate::callbell::store;
use crate::callbell::world::World;
use crate::notify;
use crate::platform::error::AppError;
use crate::platform::personal::mask_name;
use entity::callbell_call;
use entity::id::HomeId;
use entity::kind::CallState;
use entity::{callbell_entry, callbell_home, delivery};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use std::collections::HashMap;

/// What may be done to a call now.
#[must_use]
pub fn actions(row: &callbell_call::Model) -> Vec<String> {
    let late = !row.reported && call_of(row).is_late(&ladder(row));
    let words: &[&str] = match row.state {
        CallState::Ringing => &["acknowledge"],
        CallState::Acked => &["go", "arrive", "cannot_go", "take_over", "resolve"],
        CallState::EnRoute => &["arrive", "cannot_go", "take_over", "resolve"],
        CallState::OnScene => &["check_in", "take_over", "resolve"],
        CallState::Resolved | CallState::Closed => &[],
    };
    let report = (late && row.state != CallState::Closed).then_some("report");
    words.iter().copied().chain(report).map(str::to_owned).collect()
}

/// A call with its log, for who may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn call(
    conn: &impl ConnectionTrait,
    world: &World,
    row: &callbell_call::Model,
) -> Result<CallOut, AppError> {
    let home = match row.home_id {
        Some(id) => Some(store::homes::find(conn, id).await?),
        None => None,
    };
    let mut out = summary(world, row, home.as_ref());
    let entries = log(conn, row.id).await?;
    out.intact = Some(first_broken(&entries, &row.head).is_none());
    out.log = entries
        .into_iter()
        .map(|entry| line(world, entry))
        .collect::<Result<_, _>>()?;
    let deliveries = notify::store::deliveries(conn, row.id).await?;
    out.deliveries = deliveries.into_iter().map(attempt).collect();
    Ok(out)
}

/// Calls in few words, with their doors.
///
/// # Errors
/// When the database does not answer.
pub async fn calls(
    conn: &impl ConnectionTrait,
    world: &World,
    rows: &[callbell_call::Model],
) -> Result<Vec<CallOut>, AppError> {
    let ids: Vec<HomeId> = rows.iter().filter_map(|row| row.home_id).collect();
    let homes: HashMap<HomeId, callbell_home::Model> = callbell_home::Entity::find()
        .filter(callbell_home::Column::Id.is_in(ids))
        .all(conn)
        .await?
        .into_iter()
        .map(|home| (home.id, home))
        .collect();
    let home = |row: &callbell_call::Model| row.home_id.and_then(|id| homes.get(&id));
    Ok(rows.iter().map(|row| summary(world, row, home(row))).collect())
}

/// A call in few words.
fn summary(world: &World, row: &callbell_call::Model, home: Option<&callbell_home::Model>) -> CallOut {
    let (state, ladder) = (call_of(row), ladder(row));
    CallOut {
        id: row.id,
        state: row.state,
        test: row.test,
        level: row.level,
        unit_id: row.unit_id,
        unit_name: world.unit_name(row.unit_id).to_owned(),
        door: home.map(|home| door(world, home, row.state)),
        device_id: row.device_id,
        home_id: row.home_id,
        ticket_id: row.ticket_id,
        previous_id: row.previous_id,
        opened_at: row.opened_at,
        device_at: row.device_at,
        clock_suspect: row.clock_suspect,
        presses: row.presses,
        pressed_at: row.pressed_at,
        cancelled: row.cancelled,
        owner_id: row.owner_id,
        owner_name: row.owner_name.clone(),
        first_acked_at: row.first_acked_at,
        going_at: row.going_at,
        arrived_at: row.arrived_at,
        resolved_at: row.resolved_at,
        closed_at: row.closed_at,
        outcome: row.outcome,
        verification: row.verification,
        kin_at: row.kin_at,
        late: state.is_late(&ladder),
        reported: row.reported,
        next_due_at: next(&state, &ladder, row.has_kin),
        actions: actions(row),
        emergency_numbers: EMERGENCY_NUMBERS,
        log: Vec::new(),
        deliveries: Vec::new(),
        intact: None,
    }
}

/// Where to go, and whom one finds there. Once the call is closed nobody goes there any more: the name is masked then, as
/// it is among the homes. What can't be opened keeps nobody from the rest.
fn door(world: &World, home: &callbell_home::Model, state: CallState) -> DoorOut {
    let vault = &world.kit.vault;
    let open = |label: &str, sealed: &[u8]| {
        vault.open_text(label, sealed).unwrap_or_else(|error| {
            tracing::error!(home = %home.id, label, ?error, "a part of the home can't be opened");
            String::new()
        })
    };
    let over = state == CallState::Closed;
    let resident = open(store::homes::NAME, &home.resident_sealed);
    DoorOut {
        building: home.building.clone(),
        entrance: home.entrance.clone(),
        door: home.door.clone(),
        spoken: if over {
            super::open::door(home)
        } else {
            open(store::homes::SPOKEN, &home.spoken_sealed)
        },
        resident: if over { mask_name(&resident) } else { resident },
        language: home.language.clone(),
        lat: home.lat,
        lng: home.lng,
        has_notes: home.access_sealed.is_some() || home.medical_sealed.is_some(),
    }
}

fn line(world: &World, entry: callbell_entry::Model) -> Result<CallEntryOut, AppError> {
    let text = world.kit.vault.open_optional(TEXT, entry.text_sealed.as_ref())?;
    Ok(CallEntryOut {
        seq: entry.seq,
        kind: entry.kind,
        name: entry.kind.chinese().to_owned(),
        at: entry.at,
        actor_kind: entry.actor_kind,
        actor_name: entry.actor_name,
        state: entry.to_state,
        data: entry.data,
        text,
    })
}

fn attempt(row: delivery::Model) -> DeliveryOut {
    DeliveryOut {
        at: row.at,
        channel: row.channel,
        staff_id: row.recipient_id.map(Into::into),
        attempt: row.attempt,
        sent: row.sent,
        error: row.error,
    }
}

/// What a helper must know of a call's home.
///
/// # Errors
/// When the database does not answer.
pub async fn notes(
    conn: &impl ConnectionTrait,
    world: &World,
    row: &callbell_call::Model,
) -> Result<NotesOut, AppError> {
    let vault = &world.kit.vault;
    let Some(id) = row.home_id else {
        return Ok(NotesOut {
            access: None,
            medical: None,
            phone: None,
            kin: Vec::new(),
        });
    };
    let home = store::homes::find(conn, id).await?;
    let kin = store::homes::kin(conn, id).await?;
    let kin = kin.into_iter().map(|kin| {
        Ok(KinNoteOut {
            name: vault.open_text(store::homes::KIN_NAME, &kin.name_sealed)?,
            phone: vault.open_text(store::homes::KIN_PHONE, &kin.phone_sealed)?,
            relation: kin.relation,
        })
    });
    Ok(NotesOut {
        access: vault.open_optional(store::homes::ACCESS, home.access_sealed.as_ref())?,
        medical: vault.open_optional(store::homes::MEDICAL, home.medical_sealed.as_ref())?,
        phone: vault.open_optional(store::homes::PHONE, home.phone_sealed.as_ref())?,
        kin: kin.collect::<Result<_, AppError>>()?,
    })
}
