//! What a device's word does, in one transaction: the event itself, the device's standing, and the call.

use super::quarantine::Claim;
use super::{Incoming, Receipt, quarantine};
use crate::callbell::alarms;
use crate::callbell::calls::{self, Doer, Opening, Said};
use crate::callbell::rules::call::Command;
use crate::callbell::rules::message::Message;
use crate::callbell::store;
use crate::callbell::store::watch;
use crate::callbell::world::World;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use chrono::TimeDelta;
use entity::id::{CallId, DeviceId};
use entity::kind::{BellKind, DeviceState, QuarantineReason};
use entity::{callbell_call, callbell_device, callbell_event};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

/// Seconds within which a cancel may come before the press that it is about, of a device that does not count.
const OUT_OF_ORDER_S: i64 = 10;

/// A message that is signed by its device.
pub struct Input {
    /// The tools.
    pub world: World,
    /// Which device.
    pub device: DeviceId,
    /// What it says.
    pub message: Message,
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
    /// As it came.
    pub incoming: Incoming,
}

/// What became of it.
pub enum Outcome {
    /// Taken, now or before.
    Taken(Receipt),
    /// It was sent before with another body.
    Changed,
    /// The device is retired.
    Retired,
}

/// Writes what a message does.
///
/// # Errors
/// When the database does not answer.
pub async fn write(tx: &Tx, input: &Input) -> Result<Outcome, AppError> {
    let Input { world, message, .. } = input;
    // Rows of an event are not to be seen by a later command of the same batch: that one runs alone, after it.
    tx.hold(input.device.0)?;
    let mut device = store::devices::lock(tx, input.device).await?;
    let known = device.clone();
    let retired = device.state == DeviceState::Retired;
    if let Some(taken) = before(tx, input).await? {
        return again(tx, input, &device, taken).await;
    }
    if retired {
        let mut claim = Claim::of(message);
        claim.unit = Some(device.unit_id);
        let reason = QuarantineReason::RetiredDevice;
        quarantine::keep(tx, world, &input.incoming, reason, &claim).await?;
        return Ok(Outcome::Retired);
    }
    let call = match message.kind {
        BellKind::Press => Some(press(tx, input, &mut device).await?),
        BellKind::Cancel => cancel(tx, input, &device).await?,
        _ => None,
    };
    keep(tx, input, call.as_ref().map(|call| call.id)).await?;
    let receipt = Receipt::of(&message.event_id, &device, call.as_ref(), false);
    watch::hear(&mut device, message, tx.now());
    watch::write_told(tx, std::slice::from_ref(&device)).await?;
    alarms::of_device(tx, world, &known, &device).await?;
    Ok(Outcome::Taken(receipt))
}

/// What was taken before is answered as it was; with another body it is put aside.
async fn again(
    tx: &Tx,
    input: &Input,
    device: &callbell_device::Model,
    known: callbell_event::Model,
) -> Result<Outcome, AppError> {
    if known.digest != input.digest {
        let mut claim = Claim::of(&input.message);
        claim.unit = Some(device.unit_id);
        let reason = QuarantineReason::ChangedBody;
        quarantine::keep(tx, &input.world, &input.incoming, reason, &claim).await?;
        return Ok(Outcome::Changed);
    }
    let call = match known.call_id {
        Some(id) => callbell_call::Entity::find_by_id(id).one(tx).await?,
        None => None,
    };
    let event = &input.message.event_id;
    Ok(Outcome::Taken(Receipt::of(event, device, call.as_ref(), true)))
}

/// The same event, if it came before.
async fn before(tx: &Tx, input: &Input) -> Result<Option<callbell_event::Model>, AppError> {
    let found = callbell_event::Entity::find()
        .filter(callbell_event::Column::DeviceId.eq(input.device))
        .filter(callbell_event::Column::EventId.eq(input.message.event_id.as_str()))
        .one(tx)
        .await?;
    Ok(found)
}

async fn keep(tx: &Tx, input: &Input, call: Option<CallId>) -> Result<(), AppError> {
    let message = &input.message;
    let row = callbell_event::ActiveModel {
        id: Set(tx.ids().id()),
        device_id: Set(input.device),
        event_id: Set(message.event_id.clone()),
        seq: Set(message.seq),
        kind: Set(message.kind),
        source: Set(input.incoming.source),
        device_at: Set(message.device_time),
        received_at: Set(tx.now()),
        clock_suspect: Set(message.clock_is_suspect(tx.now())),
        digest: Set(input.digest.clone()),
        body: Set(input.incoming.body.clone()),
        call_id: Set(call),
    };
    // At once: the database itself holds that an event is taken once.
    callbell_event::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A press joins the call of its device that is not dealt with, or opens one.
async fn press(
    tx: &Tx,
    input: &Input,
    device: &mut callbell_device::Model,
) -> Result<callbell_call::Model, AppError> {
    let (world, message) = (&input.world, &input.message);
    if let Some(mut row) = calls::open_of(tx, device.id).await? {
        let said = Said {
            text: None,
            data: json!({ "device_at": message.device_time, "location": message.location }),
        };
        command(tx, world, &mut row, Command::Press, &said).await?;
        if !row.cancelled && cancelled_before(tx, device.id, message.seq).await? {
            command(tx, world, &mut row, Command::Cancel, &Said::default()).await?;
        }
        return Ok(row);
    }
    let test = device.test_until.is_some_and(|until| tx.now() < until);
    if test {
        device.tested_at = Some(tx.now());
    }
    let opening = Opening {
        unit: (device.unit_id, device.unit_path.clone()),
        home: device.home_id,
        source: input.incoming.source,
        device_at: (message.device_time, message.clock_is_suspect(tx.now())),
        test,
        text: None,
        doer: Doer::system(),
        device: Some(device.id),
        cancelled: cancelled_before(tx, device.id, message.seq).await?,
    };
    calls::open(tx, world, opening).await
}

/// Whether the cancel of this press came before it: by the device's own count, or where it does not count, just now.
async fn cancelled_before(tx: &Tx, device: DeviceId, seq: Option<i64>) -> Result<bool, AppError> {
    use callbell_event::Column as C;
    let cancels = callbell_event::Entity::find()
        .filter(C::DeviceId.eq(device))
        .filter(C::Kind.eq(BellKind::Cancel))
        .filter(C::CallId.is_null());
    let later = match seq {
        Some(seq) => cancels.filter(C::Seq.gt(seq)),
        None => cancels.filter(C::ReceivedAt.gte(tx.now() - TimeDelta::seconds(OUT_OF_ORDER_S))),
    };
    let day = C::ReceivedAt.gte(tx.now() - TimeDelta::hours(24));
    Ok(later.filter(day).one(tx).await?.is_some())
}

/// A cancel is told to who has the call; it never ends it.
async fn cancel(
    tx: &Tx,
    input: &Input,
    device: &callbell_device::Model,
) -> Result<Option<callbell_call::Model>, AppError> {
    let Some(mut row) = calls::open_of(tx, device.id).await? else {
        return Ok(None);
    };
    command(tx, &input.world, &mut row, Command::Cancel, &Said::default()).await?;
    Ok(Some(row))
}

async fn command(
    tx: &Tx,
    world: &World,
    row: &mut callbell_call::Model,
    command: Command,
    said: &Said,
) -> Result<(), AppError> {
    // A call that is open takes what a device says.
    let _refused = calls::command(tx, world, row, command, (&Doer::system(), said)).await?;
    Ok(())
}
