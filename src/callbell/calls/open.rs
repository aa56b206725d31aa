//! A call opens: by a bell, or by somebody who speaks for who needs help.

use super::apply::{Doer, Said, TIMER, append, apply};
use super::ring;
use super::row::{call, last_of};
use crate::callbell::rules::call::{self, Call, Event};
use crate::callbell::store;
use crate::callbell::world::World;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::tickets::commands::emergency::{self, Emergency};
use chrono::{DateTime, Utc};
use entity::id::{CallId, DeviceId, HomeId, TicketId, UnitId};
use entity::kind::{BellSource, CallEntryKind};
use entity::{callbell_call, callbell_home};
use serde_json::json;

/// What is known when a call opens.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The community.
    pub unit: (UnitId, String),
    /// The device, of a bell.
    pub device: Option<DeviceId>,
    /// The home.
    pub home: Option<HomeId>,
    /// By which way.
    pub source: BellSource,
    /// When it was pressed by the device's clock, and whether that clock can't be right.
    pub device_at: (Option<DateTime<Utc>>, bool),
    /// Whether it is a test.
    pub test: bool,
    /// What somebody said who speaks for another.
    pub text: Option<String>,
    /// Who opens it.
    pub doer: Doer,
    /// Whether the cancel of this press came before it.
    pub cancelled: bool,
}

/// Opens a call: one row, its log, its timer, who is told, and its ticket.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &Tx, world: &World, opening: Opening) -> Result<callbell_call::Model, AppError> {
    let ladder = store::ladders::of(tx, &opening.unit.1).await?;
    let kin = match opening.home {
        Some(home) => store::homes::kin(tx, home).await?,
        None => Vec::new(),
    };
    let previous = match opening.device {
        Some(device) => last_of(tx, device).await?.map(|row| row.id),
        None => None,
    };
    let state = Call::new(tx.now(), opening.test);
    let mut row = new_row(tx, &opening, &state, previous);
    row.ladder = serde_json::to_value(&ladder).unwrap_or_default();
    row.has_kin = kin.iter().any(ring::is_told_by_itself);
    if !opening.test {
        row.ticket_id = ticket(tx, world, &row).await?;
    }
    let said = Said {
        text: opening.text.clone(),
        data: json!({ "source": opening.source, "device_id": row.device_id, "clock_suspect": row.clock_suspect }),
    };
    append(
        tx,
        world,
        &mut row,
        (CallEntryKind::Opened, json!({})),
        None,
        (&opening.doer, &said),
    )?;
    ring::tell_kin_at_once(tx, world, &row, &kin).await?;
    let people = ring::people(tx, world, &row).await?;
    let mut events = call::open(&call(&row), &ladder, ring::moment(tx, &row, &people));
    if opening.cancelled {
        events.push(Event::CancelRequested);
    }
    apply(
        tx,
        world,
        (&mut row, &people),
        &events,
        (&Doer::system(), &Said::default()),
    )
    .await?;
    Ok(row)
}

fn new_row(tx: &Tx, opening: &Opening, state: &Call, previous: Option<CallId>) -> callbell_call::Model {
    callbell_call::Model {
        id: tx.ids().id(),
        ticket_id: None,
        device_id: opening.device,
        home_id: opening.home,
        unit_id: opening.unit.0,
        unit_path: opening.unit.1.clone(),
        state: state.state,
        rung: 0,
        rung_at: state.rung_at,
        level: 0,
        owner_id: None,
        owner_name: None,
        opened_at: state.opened_at,
        first_acked_at: None,
        acked_at: None,
        going_at: None,
        arrived_at: None,
        overdue: 0,
        heard_at: None,
        resolved_at: None,
        closed_at: None,
        outcome: None,
        verification: None,
        presses: 1,
        pressed_at: state.pressed_at,
        device_at: opening.device_at.0,
        clock_suspect: opening.device_at.1,
        cancelled: false,
        test: opening.test,
        has_kin: false,
        kin_at: None,
        reported: false,
        previous_id: previous,
        ladder: json!({}),
        entries: 0,
        head: Vec::new(),
        version: 0,
        updated_at: state.opened_at,
    }
}

/// Opens the ticket of a call.
///
/// # Errors
/// When the database does not answer.
pub async fn ticket(
    tx: &Tx,
    world: &World,
    row: &callbell_call::Model,
) -> Result<Option<TicketId>, AppError> {
    let vault = &world.kit.vault;
    let home = match row.home_id {
        Some(id) => Some(store::homes::find(tx, id).await?),
        None => None,
    };
    // A press rings, whatever of the home can't be read.
    let open = |label: &str, sealed: Option<&Vec<u8>>| {
        vault.open_optional(label, sealed).unwrap_or_else(|error| {
            tracing::error!(call = %row.id, label, ?error, "a part of the home can't be opened");
            None
        })
    };
    let name = home
        .as_ref()
        .and_then(|home| open(store::homes::NAME, Some(&home.resident_sealed)));
    let phone = home
        .as_ref()
        .and_then(|home| open(store::homes::PHONE, home.phone_sealed.as_ref()));
    let emergency = Emergency {
        unit: row.unit_id,
        title: "平安救助铃报警".to_owned(),
        content: format!("平安救助铃报警，呼叫编号 {}。处置过程见呼叫记录。", row.id),
        address: home.as_ref().map(door),
        resident: home.as_ref().and_then(|home| home.resident_id),
        name,
        phone,
    };
    emergency::open(tx, &world.kit, &world.reference, &emergency).await
}

/// Building, entrance and door, as people say them.
#[must_use]
pub fn door(home: &callbell_home::Model) -> String {
    [&home.building, &home.entrance, &home.door]
        .into_iter()
        .map(String::as_str)
        .collect::<String>()
}

/// Sets the timer of a call that has lost it: the watchdog's repair.
///
/// # Errors
/// When the database does not answer.
pub async fn wind_up(tx: &Tx, id: CallId) -> Result<(), AppError> {
    timers::replace(tx, TIMER, id.0, Some(tx.now())).await
}
