//! Devices fall silent. After a time in which nobody listened nobody is silent: all get their intervals anew.

use super::raise::{Cause, raise};
use super::store;
use crate::callbell::calls;
use crate::callbell::rules::alarm::{FALSE_ALARM_MINUTES, FALSE_ALARMS, OUTAGE_MINUTES, is_outage};
use crate::callbell::store::{devices, watch};
use crate::callbell::world::World;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::jobs::Pass;
use crate::settings;
use chrono::{DateTime, TimeDelta, Utc};
use entity::callbell_device;
use entity::id::UnitId;
use entity::kind::AlarmKind;
use serde_json::json;
use std::collections::BTreeMap;

/// When it was last looked, as a setting: by whichever instance.
const LISTENED: &str = "callbell.listened_at";
/// A gap of so many seconds between two looks is a time in which nobody listened.
const DEAF_S: i64 = 120;
/// Devices in one transaction: few, so that a press does not wait for many alarms.
const BATCH: u64 = 50;

/// Looks once.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(world: &World) -> Result<Pass, AppError> {
    let db = &world.kit.db;
    db.write("callbell.listen", (), |tx, ()| Box::pin(listen(tx)))
        .await?;
    visits(world).await?;
    if !watch::any_quiet(db.read(), world.kit.now()).await? {
        return Ok(Pass::Idle);
    }
    let found = db
        .write("callbell.silent", world.clone(), |tx, world| {
            Box::pin(note_silent(tx, world))
        })
        .await?;
    Ok(Pass::of(found, BATCH))
}

/// Notes that somebody listens; after a time in which nobody did, every device has its intervals before it.
async fn listen(tx: &Tx) -> Result<(), AppError> {
    let before = settings::store::get(tx, LISTENED).await?;
    let before: Option<DateTime<Utc>> = before.and_then(|row| serde_json::from_value(row.value).ok());
    if before.is_some_and(|at| tx.now() - at > TimeDelta::seconds(DEAF_S)) {
        tracing::warn!(?before, "nobody listened to the bells for a while");
        watch::wait_anew(tx).await?;
    }
    watch::end_silences(tx).await?;
    settings::store::put(tx, LISTENED, json!(tx.now())).await
}

/// A device that is pressed by mistake again and again rings all the same, but somebody should go and look at it. Not in
/// the transaction of the call: who deals with one holds the call, and must not wait for its device.
async fn visits(world: &World) -> Result<(), AppError> {
    let db = &world.kit.db;
    let since = world.kit.now() - TimeDelta::minutes(FALSE_ALARM_MINUTES);
    for (device, times) in calls::often_false(db.read(), since, FALSE_ALARMS).await? {
        db.write(
            "callbell.visit",
            (world.clone(), device, times),
            |tx, (world, device, times)| {
                Box::pin(async move {
                    let row = devices::lock(tx, *device).await?;
                    watch::want_visit(tx, row.id, true).await?;
                    let detail = format!("{FALSE_ALARM_MINUTES}分钟内误报{times}次");
                    raise(tx, world, Cause::of(&row, AlarmKind::FalseAlarms, detail)).await?;
                    Ok(())
                })
            },
        )
        .await?;
    }
    Ok(())
}

async fn note_silent(tx: &Tx, world: &World) -> Result<u64, AppError> {
    let quiet = watch::lock_quiet(tx, BATCH).await?;
    let mut places: BTreeMap<UnitId, Vec<callbell_device::Model>> = BTreeMap::new();
    let found = u64::try_from(quiet.len()).unwrap_or(BATCH);
    for device in quiet {
        places.entry(device.unit_id).or_default().push(device);
    }
    for (unit, silent) in places {
        watch::fall_silent(tx, &silent).await?;
        one_place(tx, world, unit, &silent).await?;
    }
    Ok(found)
}

/// An alarm for each device, or one for all of a community that fell silent together.
async fn one_place(
    tx: &Tx,
    world: &World,
    unit: UnitId,
    silent: &[callbell_device::Model],
) -> Result<(), AppError> {
    let Some(first) = silent.first() else {
        return Ok(());
    };
    let since = tx.now() - TimeDelta::minutes(OUTAGE_MINUTES);
    let (lately, all) = watch::silent_lately(tx, &first.unit_path, since).await?;
    // What fell silent long after the others is another matter, though they are still silent.
    let known = store::about(tx, AlarmKind::Outage, &unit.to_string()).await?;
    let mut outage = known.filter(|row| row.opened_at >= since).map(|row| row.id);
    if outage.is_some() || is_outage(lately, all) {
        let cause = Cause {
            kind: AlarmKind::Outage,
            subject: unit.to_string(),
            device: None,
            unit: (unit, first.unit_path.clone()),
            detail: format!("{OUTAGE_MINUTES}分钟内多台设备同时失联，疑为停电或断网"),
            devices: i32::try_from(lately).unwrap_or(i32::MAX),
            outage: None,
        };
        let (id, new) = raise(tx, world, cause).await?;
        if new {
            store::fold(tx, id, unit).await?;
        }
        outage = Some(id);
    }
    for device in silent {
        let last = device.last_seen_at.map(|at| at.to_rfc3339()).unwrap_or_default();
        let cause = Cause {
            outage,
            ..Cause::of(device, AlarmKind::Silent, format!("最后一次心跳 {last}"))
        };
        raise(tx, world, cause).await?;
    }
    Ok(())
}
