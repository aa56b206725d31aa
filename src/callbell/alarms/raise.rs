//! Alarms open, climb, are taken in hands and settled: one transaction each, with who is told and the timer of the next
//! step.

use super::store;
use crate::callbell::rules::alarm::{Alarm, above, climbs, ends_by_hand, first_level, next};
use crate::callbell::rules::hearing::{Finding, findings};
use crate::callbell::rules::ladder::TOP;
use crate::callbell::store::watch;
use crate::callbell::target::Target;
use crate::callbell::world::World;
use crate::duty::queries as duty;
use crate::ledger::events::{self, News};
use crate::ledger::timers;
use crate::notify::store::{Message, Outgoing};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::sla::rules::calendar::Limit;
use chrono::{DateTime, Utc};
use entity::id::{AlarmId, DeviceId, StaffId, UnitId};
use entity::kind::{ActorKind, AlarmKind, AlarmState, Lane, LimitUnit, NoticeChannel};
use entity::{callbell_alarm, callbell_device, durable_timer};
use serde_json::json;

/// What an alarm is about.
#[derive(Clone, Debug)]
pub struct Cause {
    /// What.
    pub kind: AlarmKind,
    /// About which thing: of a kind there is one that is not settled.
    pub subject: String,
    /// The device, of one.
    pub device: Option<DeviceId>,
    /// Where.
    pub unit: (UnitId, String),
    /// What is known of it, without personal data.
    pub detail: String,
    /// How many devices it is about.
    pub devices: i32,
    /// The outage that it is a part of.
    pub outage: Option<AlarmId>,
}

impl Cause {
    /// Something about a device.
    #[must_use]
    pub fn of(device: &callbell_device::Model, kind: AlarmKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            subject: device.id.to_string(),
            device: Some(device.id),
            unit: (device.unit_id, device.unit_path.clone()),
            detail: format!("{} {}", device.serial, detail.into()).trim().to_owned(),
            devices: 1,
            outage: None,
        }
    }
}

/// Opens an alarm, unless there is one of that kind about that thing: then what is known of it is renewed.
/// Whether it is new.
///
/// # Errors
/// When the database does not answer.
pub async fn raise(tx: &Tx, world: &World, cause: Cause) -> Result<(AlarmId, bool), AppError> {
    if let Some(mut row) = store::about(tx, cause.kind, &cause.subject).await? {
        if row.detail.as_ref() != Some(&cause.detail) || row.devices != cause.devices {
            row.detail = Some(cause.detail);
            row.devices = cause.devices;
            store::update(tx, &mut row).await?;
        }
        return Ok((row.id, false));
    }
    let due_at = working(world, &cause.unit.1)(tx.now(), 0);
    let row = callbell_alarm::Model {
        id: tx.ids().id(),
        kind: cause.kind,
        subject: cause.subject,
        device_id: cause.device,
        due_at,
        unit_id: cause.unit.0,
        unit_path: cause.unit.1,
        outage_id: cause.outage,
        detail: Some(cause.detail),
        devices: cause.devices,
        state: AlarmState::Open,
        level: i32::from(first_level(cause.kind)),
        told_at: tx.now(),
        opened_at: tx.now(),
        taken_at: None,
        taken_by: None,
        taken_name: None,
        settled_at: None,
        settled_by: None,
        note: None,
        version: 1,
    };
    store::insert(tx, &row).await?;
    publish(tx, &row, "opened");
    // What is a part of an outage is told by it; what does not climb is told of once a day.
    if row.outage_id.is_none() && climbs(row.kind) {
        tell(tx, world, &row).await?;
        wind(tx, world, &row).await?;
    }
    Ok((row.id, true))
}

/// Settles the alarm of a kind about a thing, if there is one: what it was about is over.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(tx: &Tx, kind: AlarmKind, subject: &str) -> Result<(), AppError> {
    match store::about(tx, kind, subject).await? {
        Some(mut row) => end(tx, &mut row, None, None).await,
        None => Ok(()),
    }
}

async fn close(
    tx: &Tx,
    row: &mut callbell_alarm::Model,
    by: Option<StaffId>,
    note: Option<String>,
) -> Result<(), AppError> {
    row.state = AlarmState::Settled;
    row.settled_at = Some(tx.now());
    row.settled_by = by;
    row.note = note.or_else(|| row.note.take());
    store::update(tx, row).await?;
    publish(tx, row, "settled");
    timers::replace(tx, timers::ALARMS, row.id.0, None).await
}

/// Settles an alarm; the last one of an outage ends that, too. The outage is locked before it is counted: of two who end
/// its last parts at once, the second sees what the first did.
async fn end(
    tx: &Tx,
    row: &mut callbell_alarm::Model,
    by: Option<StaffId>,
    note: Option<String>,
) -> Result<(), AppError> {
    let Some(outage) = row.outage_id else {
        return close(tx, row, by, note).await;
    };
    let mut whole = store::lock(tx, outage).await?;
    close(tx, row, by, note).await?;
    if whole.state == AlarmState::Settled || store::left_of(tx, outage).await? > 0 {
        return Ok(());
    }
    close(tx, &mut whole, None, None).await
}

/// Ends all that is open about a device: it is not there any more.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_device(tx: &Tx, device: DeviceId) -> Result<(), AppError> {
    for mut row in store::open_of_device(tx, device).await? {
        end(tx, &mut row, None, None).await?;
    }
    Ok(())
}

/// Raises and settles what a device's word has changed.
///
/// # Errors
/// When the database does not answer.
pub async fn of_device(
    tx: &Tx,
    world: &World,
    before: &callbell_device::Model,
    now: &callbell_device::Model,
) -> Result<(), AppError> {
    for finding in findings(&watch::standing(before), &watch::standing(now)) {
        match finding {
            Finding::Begins(kind, detail) => {
                raise(tx, world, Cause::of(now, kind, detail)).await?;
            }
            Finding::IsOver(kind) => settle(tx, kind, &now.id.to_string()).await?,
        }
    }
    Ok(())
}

/// An alarm is due: the next level hears of it.
///
/// # Errors
/// When the database does not answer.
pub async fn climb(tx: &Tx, world: &World, timer: &durable_timer::Model) -> Result<(), AppError> {
    let mut row = store::lock(tx, AlarmId(timer.subject_id)).await?;
    if timers::claim(tx, timer.id).await?.is_none() {
        return Ok(());
    }
    let due = next(&of(&row), working(world, &row.unit_path));
    if row.outage_id.is_some() || due.is_none_or(|due| due > tx.now()) {
        return wind(tx, world, &row).await;
    }
    row.level = i32::from(above(level(&row)));
    row.told_at = tx.now();
    store::update(tx, &mut row).await?;
    publish(tx, &row, "climbed");
    tell(tx, world, &row).await?;
    wind(tx, world, &row).await
}

/// What somebody does with an alarm.
#[derive(Clone, Debug)]
pub enum Act {
    /// Takes it in hands.
    Take,
    /// Has seen to it, and how.
    Settle(String),
}

/// Acts on an alarm. What is taken in hands by another is taken over.
///
/// # Errors
/// `ActionNotAllowed` when it is settled, or to be settled where only the end of its cause ends it.
pub async fn act(
    tx: &Tx,
    world: &World,
    row: &mut callbell_alarm::Model,
    (who, name): (StaffId, &str),
    act: &Act,
) -> Result<(), AppError> {
    if row.state == AlarmState::Settled {
        return Err(AppError::new(Code::ActionNotAllowed).say("告警已处理", "The alarm is settled"));
    }
    match act {
        Act::Take => {
            row.state = AlarmState::Taken;
            row.taken_at = Some(tx.now());
            row.taken_by = Some(who);
            row.taken_name = Some(name.to_owned());
            store::update(tx, row).await?;
            publish(tx, row, "taken");
            wind(tx, world, row).await
        }
        Act::Settle(_) if !ends_by_hand(row.kind) => Err(AppError::new(Code::ActionNotAllowed)
            .say("原因消除后自动结束", "It ends by itself, with its cause")),
        Act::Settle(note) => {
            row.taken_at = row.taken_at.or(Some(tx.now()));
            row.taken_by = row.taken_by.or(Some(who));
            if row.taken_name.is_none() {
                row.taken_name = Some(name.to_owned());
            }
            if let Some(device) = row.device_id {
                forget(tx, row.kind, device).await?;
            }
            end(tx, row, Some(who), Some(note.clone())).await
        }
    }
}

/// What only people can end is not known of the device any more.
async fn forget(tx: &Tx, kind: AlarmKind, device: DeviceId) -> Result<(), AppError> {
    match kind {
        AlarmKind::Fault => watch::clear_fault(tx, device).await,
        AlarmKind::FalseAlarms => watch::want_visit(tx, device, false).await,
        _ => Ok(()),
    }
}

/// Sets the timer of an alarm's next step.
async fn wind(tx: &Tx, world: &World, row: &callbell_alarm::Model) -> Result<(), AppError> {
    let due = next(&of(row), working(world, &row.unit_path));
    let due = due.filter(|_| row.outage_id.is_none());
    timers::replace(tx, timers::ALARMS, row.id.0, due).await
}

fn level(row: &callbell_alarm::Model) -> u8 {
    u8::try_from(row.level).unwrap_or(TOP).min(TOP)
}

fn of(row: &callbell_alarm::Model) -> Alarm {
    Alarm {
        kind: row.kind,
        state: row.state,
        level: level(row),
        opened_at: row.opened_at,
        told_at: row.told_at,
        taken_at: row.taken_at,
    }
}

/// Working days of a unit.
fn working(world: &World, path: &str) -> impl Fn(DateTime<Utc>, u32) -> DateTime<Utc> {
    let calendar = world.reference.calendars.of(path);
    move |from, amount| {
        let unit = LimitUnit::WorkingDays;
        calendar.due(from, Limit { amount, unit }).at
    }
}

fn publish(tx: &Tx, row: &callbell_alarm::Model, what: &str) {
    events::publish(
        tx,
        News {
            kind: format!("bell_alarm.{what}"),
            subject_kind: "bell_alarm",
            subject_id: row.id.0,
            unit_path: Some(row.unit_path.clone()),
            data: json!({ "kind": row.kind, "level": row.level, "devices": row.devices, "device_id": row.device_id }),
        },
    );
}

/// Tells everybody on duty up to the alarm's level; where no one is, everybody who could help.
async fn tell(tx: &Tx, world: &World, row: &callbell_alarm::Model) -> Result<(), AppError> {
    let vault = &world.kit.vault;
    let people = duty::on_duty_at(tx, &world.reference.directory, row.unit_id, tx.now()).await?;
    let mut targets = Target::up_to(vault, &people, level(row));
    if targets.is_empty() {
        targets = Target::helpers(tx, &world.kit.vault, &row.unit_path).await?;
    }
    let body = text(world, row);
    let mut outgoing = Outgoing::default();
    for target in &targets {
        let message = Message {
            recipient: (ActorKind::Staff, None),
            channel: NoticeChannel::InApp,
            // Not that of emergencies: what tells that their messages are late must not stand before them.
            lane: Lane::Urgent,
            template: "callbell_alarm",
            ticket: None,
            call: None,
            others: &[],
            address: None,
            body: &body,
            dedup_key: format!("alarm:{}:{}:{}", row.id, row.version, target.staff),
            not_before: None,
        };
        target.add(tx, vault, &message, &mut outgoing)?;
    }
    outgoing.write(tx).await
}

fn text(world: &World, row: &callbell_alarm::Model) -> String {
    let unit = world.unit_name(row.unit_id);
    let detail = row.detail.as_deref().unwrap_or_default();
    let kind = row.kind.chinese();
    if row.devices > 1 {
        return format!(
            "【救助设备】{unit}{kind}：{detail}，涉及{}台设备，请处理。",
            row.devices
        );
    }
    format!("【救助设备】{unit}{kind}：{detail}，请处理。")
}
