//! Devices: registered, replaced, silenced, tested, retired; their secrets.

use super::homes::{allow, put_at};
use crate::access::Op;
use crate::access::permit::Caller;
use crate::callbell::alarms;
use crate::callbell::rules::hearing::silent_at;
use crate::callbell::store::{devices, homes};
use crate::ledger::audit;
use crate::platform::crypto::signed::SECRET_PREFIX;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::id;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use entity::callbell_device;
use entity::id::{DeviceId, HomeId, UnitId};
use entity::kind::{DeviceKind, DeviceState};
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// Seals `callbell_device.secret_sealed`: the bytes of the secret, not its text.
const SECRET: &str = "callbell_device.secret";
/// Days for which technical alarms may be silenced at most.
const SILENCE_DAYS: i64 = 7;

/// The secret that a device signs with.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// These bytes.
    #[must_use]
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A new one.
    #[must_use]
    pub fn make() -> Self {
        let mut bytes = [0; 32];
        id::fill(&mut bytes);
        Self(bytes)
    }

    /// As it is told, once: `whsec_` and Base64.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// The bytes that a device signs with (HMAC-SHA256).
///
/// # Errors
/// When the sealed value can't be opened.
pub fn secret_of(vault: &Vault, device: &callbell_device::Model) -> Result<Vec<u8>, AppError> {
    vault.open(SECRET, &device.secret_sealed)
}

/// A device to be registered.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// What stands on it.
    pub serial: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Where it is to be; with it the unit follows.
    pub home_id: Option<HomeId>,
    /// The community of a device without a home.
    pub unit_id: Option<UnitId>,
    /// Where in the home.
    pub location: Option<String>,
    /// Seconds between two signs of life.
    pub heartbeat_s: i32,
    /// Its firmware.
    pub firmware: Option<String>,
}

/// What of a device changes: all of it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it is.
    pub kind: DeviceKind,
    /// Where it is.
    pub home_id: Option<HomeId>,
    /// Where in the home.
    pub location: Option<String>,
    /// Seconds between two signs of life.
    pub heartbeat_s: i32,
    /// Its firmware.
    pub firmware: Option<String>,
}

/// The device that comes into the place of another; what is absent is as there.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// What stands on it.
    pub serial: String,
    /// What it is.
    pub kind: Option<DeviceKind>,
    /// Where in the home.
    pub location: Option<String>,
    /// Seconds between two signs of life.
    pub heartbeat_s: Option<i32>,
    /// Its firmware.
    pub firmware: Option<String>,
}

/// Where a device is.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The home.
    pub home_id: Option<HomeId>,
    /// The community.
    pub unit_id: UnitId,
    /// Its path.
    pub unit_path: String,
}

/// Registers a device with a secret of its own, which is nowhere but in the answer.
///
/// # Errors
/// `InvalidInput` when the serial is taken or the home or unit won't do; `NotFound` or `Forbidden` for one out of reach.
pub async fn register(
    tx: &Tx,
    (vault, caller, new): &(Arc<Vault>, Caller, NewDevice),
) -> Result<(callbell_device::Model, Secret), AppError> {
    let (spot, caller) = match (new.home_id, new.unit_id) {
        (Some(home), unit) => {
            let (spot, caller) = at_home(tx, caller, home).await?;
            if unit.is_some_and(|unit| unit != spot.unit_id) {
                return Err(AppError::field("/unit_id", Rule::Form("the unit of the home")));
            }
            (spot, caller)
        }
        (None, Some(unit)) => {
            let (place, caller) = put_at(tx, caller, Op::GetDevice, unit).await?;
            let spot = Spot {
                home_id: None,
                unit_id: place.id,
                unit_path: place.path,
            };
            (spot, caller)
        }
        (None, None) => return Err(AppError::field("/home_id", Rule::Required)),
    };
    refuse_taken(tx, &new.serial).await?;
    let secret = Secret::make();
    let row = devices::insert(tx, new_row(tx, vault, &spot, new, &secret, false)?).await?;
    record(
        tx,
        &caller,
        &row,
        json!({ "kind": row.kind, "heartbeat_s": row.heartbeat_s }),
    );
    Ok((row, secret))
}

/// Writes a device. It asks neither the policy nor whether the serial is taken: that is the caller's part.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    tx: &Tx,
    vault: &Vault,
    spot: &Spot,
    new: &NewDevice,
    secret: &Secret,
    synthetic: bool,
) -> Result<callbell_device::Model, AppError> {
    devices::insert(tx, new_row(tx, vault, spot, new, secret, synthetic)?).await
}

/// A new device as a row.
pub(in crate::callbell) fn new_row(
    tx: &Tx,
    vault: &Vault,
    spot: &Spot,
    new: &NewDevice,
    secret: &Secret,
    synthetic: bool,
) -> Result<callbell_device::ActiveModel, AppError> {
    Ok(callbell_device::ActiveModel {
        id: Set(tx.ids().id()),
        serial: Set(new.serial.clone()),
        kind: Set(new.kind),
        home_id: Set(spot.home_id),
        unit_id: Set(spot.unit_id),
        unit_path: Set(spot.unit_path.clone()),
        secret_sealed: Set(vault.seal(SECRET, &secret.0)?),
        state: Set(DeviceState::Active),
        silenced_until: Set(None),
        silenced_why: Set(None),
        replaces_id: Set(None),
        heartbeat_s: Set(new.heartbeat_s),
        last_seen_at: Set(None),
        // One that was registered is to come to life within a day. Those of the demonstration are pressed by hand.
        silent_at: Set(
            (!synthetic).then(|| silent_at(new.heartbeat_s, tx.now()).max(tx.now() + TimeDelta::days(1)))
        ),
        last_seq: Set(None),
        battery: Set(None),
        battery_seq: Set(None),
        mains_ok: Set(None),
        mains_seq: Set(None),
        firmware: Set(new.firmware.clone()),
        firmware_seq: Set(None),
        silent_since: Set(None),
        fault: Set(None),
        fault_seq: Set(None),
        visit_wanted: Set(false),
        test_until: Set(None),
        tested_at: Set(None),
        location: Set(new.location.clone()),
        synthetic: Set(synthetic),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    })
}

/// Changes what people say of a device.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`, `InvalidInput`, `ActionNotAllowed` for one that is retired.
pub async fn update(
    tx: &Tx,
    (caller, id, version, change): &(Caller, DeviceId, IfMatch, Change),
) -> Result<callbell_device::Model, AppError> {
    let (row, allowed) = load(tx, caller, *id).await?;
    version.check(row.version)?;
    refuse_retired(&row)?;
    let mut next = row.clone().into_active_model();
    next.kind = Set(change.kind);
    next.location = Set(change.location.clone());
    next.heartbeat_s = Set(change.heartbeat_s);
    next.firmware = Set(change.firmware.clone());
    next.home_id = Set(change.home_id);
    if let Some(home) = change.home_id.filter(|home| Some(*home) != row.home_id) {
        let (spot, _) = at_home(tx, caller, home).await?;
        alarms::move_to(tx, row.id, (spot.unit_id, &spot.unit_path)).await?;
        next.unit_id = Set(spot.unit_id);
        next.unit_path = Set(spot.unit_path);
    }
    let row = changed(tx, &row, next).await?;
    record(
        tx,
        &allowed,
        &row,
        json!({ "kind": row.kind, "heartbeat_s": row.heartbeat_s, "location": row.location }),
    );
    Ok(row)
}

/// Puts another device into the place of one, which is retired. The new one has a secret of its own.
///
/// # Errors
/// `NotFound`, `Forbidden`, `InvalidInput` when the serial is taken, `ActionNotAllowed` for one that is retired.
pub async fn replace(
    tx: &Tx,
    (vault, caller, id, new): &(Arc<Vault>, Caller, DeviceId, Replacement),
) -> Result<(callbell_device::Model, Secret), AppError> {
    let (old, caller) = load(tx, caller, *id).await?;
    refuse_retired(&old)?;
    refuse_taken(tx, &new.serial).await?;
    let spot = Spot {
        home_id: old.home_id,
        unit_id: old.unit_id,
        unit_path: old.unit_path.clone(),
    };
    let device = NewDevice {
        serial: new.serial.clone(),
        kind: new.kind.unwrap_or(old.kind),
        home_id: old.home_id,
        unit_id: Some(old.unit_id),
        location: new.location.clone().or_else(|| old.location.clone()),
        heartbeat_s: new.heartbeat_s.unwrap_or(old.heartbeat_s),
        firmware: new.firmware.clone(),
    };
    let secret = Secret::make();
    let mut row = new_row(tx, vault, &spot, &device, &secret, false)?;
    row.replaces_id = Set(Some(old.id));
    let row = devices::insert(tx, row).await?;
    let old = changed(tx, &old, retired(&old)).await?;
    alarms::forget_device(tx, old.id).await?;
    record(
        tx,
        &caller,
        &row,
        json!({ "kind": row.kind, "replaces": old.serial }),
    );
    record(
        tx,
        &caller,
        &old,
        json!({ "retired": true, "replaced_by": row.serial }),
    );
    Ok((row, secret))
}

/// Silences the technical alarms of a device for a while. A press is never silenced, and rings all the same.
///
/// # Errors
/// `NotFound`, `Forbidden`, `InvalidInput` for an end that won't do, `ActionNotAllowed` for one that is retired.
pub async fn silence(
    tx: &Tx,
    (caller, id, until, reason): &(Caller, DeviceId, DateTime<Utc>, String),
) -> Result<callbell_device::Model, AppError> {
    let (row, caller) = load(tx, caller, *id).await?;
    refuse_retired(&row)?;
    if *until <= tx.now() || *until > tx.now() + TimeDelta::days(SILENCE_DAYS) {
        let bounds = format!("now to {SILENCE_DAYS} days from now");
        return Err(AppError::field("/until", Rule::Range(bounds)));
    }
    let mut next = row.clone().into_active_model();
    next.state = Set(DeviceState::Silenced);
    next.silenced_until = Set(Some(*until));
    next.silenced_why = Set(Some(reason.clone()));
    let row = changed(tx, &row, next).await?;
    record(tx, &caller, &row, json!({ "until": until, "reason": reason }));
    Ok(row)
}

/// Ends the silence of a device. Where there is none, nothing happens.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn unsilence(tx: &Tx, (caller, id): &(Caller, DeviceId)) -> Result<(), AppError> {
    let (row, caller) = load(tx, caller, *id).await?;
    if row.state != DeviceState::Silenced {
        return Ok(());
    }
    let mut next = row.clone().into_active_model();
    next.state = Set(DeviceState::Active);
    next.silenced_until = Set(None);
    next.silenced_why = Set(None);
    let row = changed(tx, &row, next).await?;
    record(tx, &caller, &row, json!({}));
    Ok(())
}

/// Retires a device for good: what it sends from now on is put aside and shown to the district.
///
/// # Errors
/// `NotFound`, `Forbidden`, `ActionNotAllowed` for one that is retired.
pub async fn retire(
    tx: &Tx,
    (caller, id, reason): &(Caller, DeviceId, String),
) -> Result<callbell_device::Model, AppError> {
    let (row, caller) = load(tx, caller, *id).await?;
    refuse_retired(&row)?;
    let row = changed(tx, &row, retired(&row)).await?;
    alarms::forget_device(tx, row.id).await?;
    record(tx, &caller, &row, json!({ "reason": reason }));
    Ok(row)
}

/// Gives a device another secret; the one before is of no use from now on.
///
/// # Errors
/// `NotFound`, `Forbidden`, `ActionNotAllowed` for one that is retired.
pub async fn rotate_secret(
    tx: &Tx,
    (vault, caller, id): &(Arc<Vault>, Caller, DeviceId),
) -> Result<(callbell_device::Model, Secret), AppError> {
    let (row, caller) = load(tx, caller, *id).await?;
    refuse_retired(&row)?;
    let secret = Secret::make();
    let mut next = row.clone().into_active_model();
    next.secret_sealed = Set(vault.seal(SECRET, &secret.0)?);
    let row = changed(tx, &row, next).await?;
    record(tx, &caller, &row, json!({}));
    Ok((row, secret))
}

/// Says that what is pressed within the next minutes is a test.
///
/// # Errors
/// `NotFound`, `Forbidden`, `ActionNotAllowed` for one that is retired.
pub async fn open_test_window(
    tx: &Tx,
    (caller, id, minutes): &(Caller, DeviceId, u32),
) -> Result<callbell_device::Model, AppError> {
    let (row, caller) = load(tx, caller, *id).await?;
    refuse_retired(&row)?;
    let mut next = row.clone().into_active_model();
    next.test_until = Set(Some(tx.now() + TimeDelta::minutes(i64::from(*minutes))));
    let row = changed(tx, &row, next).await?;
    record(tx, &caller, &row, json!({ "minutes": minutes }));
    Ok(row)
}

/// A device, and the caller in the role in which it may be done to it.
async fn load(tx: &Tx, caller: &Caller, id: DeviceId) -> Result<(callbell_device::Model, Caller), AppError> {
    let row = devices::lock(tx, id).await?;
    let caller = allow(caller, Op::GetDevice, &row.unit_path)?;
    Ok((row, caller))
}

/// A home that a device is put into.
async fn at_home(tx: &Tx, caller: &Caller, id: HomeId) -> Result<(Spot, Caller), AppError> {
    let home = homes::find(tx, id).await.map_err(|error| match error.code() {
        Code::NotFound => AppError::field("/home_id", Rule::Unknown),
        _ => error,
    })?;
    let caller = allow(caller, Op::GetDevice, &home.unit_path)?;
    let spot = Spot {
        home_id: Some(home.id),
        unit_id: home.unit_id,
        unit_path: home.unit_path,
    };
    Ok((spot, caller))
}

async fn refuse_taken(tx: &Tx, serial: &str) -> Result<(), AppError> {
    match devices::by_serial(tx, serial).await? {
        None => Ok(()),
        Some(_) => Err(AppError::field("/serial", Rule::Taken)),
    }
}

fn refuse_retired(row: &callbell_device::Model) -> Result<(), AppError> {
    if row.state != DeviceState::Retired {
        return Ok(());
    }
    Err(AppError::new(Code::ActionNotAllowed).say("设备已停用", "The device is retired"))
}

/// A device as it is once it is retired: nothing of it is waited for any more.
fn retired(row: &callbell_device::Model) -> callbell_device::ActiveModel {
    let mut next = row.clone().into_active_model();
    next.state = Set(DeviceState::Retired);
    next.silenced_until = Set(None);
    next.silenced_why = Set(None);
    next.silent_since = Set(None);
    next.silent_at = Set(None);
    next.test_until = Set(None);
    next.visit_wanted = Set(false);
    next
}

/// Writes a change as a new version.
async fn changed(
    tx: &Tx,
    row: &callbell_device::Model,
    mut next: callbell_device::ActiveModel,
) -> Result<callbell_device::Model, AppError> {
    next.version = Set(row.version + 1);
    next.updated_at = Set(tx.now());
    devices::update(tx, next).await
}

fn record(tx: &Tx, caller: &Caller, row: &callbell_device::Model, mut detail: Value) {
    detail["serial"] = json!(row.serial);
    detail["unit"] = json!(row.unit_path);
    detail["home"] = json!(row.home_id);
    detail["version"] = json!(row.version);
    audit::record(tx, caller, "callbell_device", row.id, detail);
}
