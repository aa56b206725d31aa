//! `/api/v1/callbell/devices`.

use super::homes::below;
use crate::access::{Op, Permit, op};
use crate::callbell::commands::devices::{self as commands, Secret};
use crate::callbell::commands::homes::allow;
use crate::callbell::dto::device::{
    DeviceChangeIn, DeviceIn, DeviceOut, DeviceSecretOut, DevicesQuery, ReplacementIn, RetirementIn,
    SilenceIn, TestWindowIn,
};
use crate::callbell::store::devices as store;
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, post, put};
use chrono::{DateTime, Utc};
use entity::callbell_device;
use entity::id::DeviceId;
use std::sync::Arc;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of devices.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_devices)
        .service(register_device)
        .service(get_device)
        .service(update_device)
        .service(replace_device)
        .service(silence_device)
        .service(unsilence_device)
        .service(retire_device)
        .service(rotate_device_secret)
        .service(open_test_window);
}

fn told(row: callbell_device::Model, now: DateTime<Utc>) -> Result<Answer<DeviceOut>, AppError> {
    let version = row.version;
    Ok(Answer::ok(&DeviceOut::new(row, now))?.version(version))
}

/// A device that is new, with its secret.
fn handed_out(
    (row, secret): (callbell_device::Model, Secret),
    now: DateTime<Utc>,
) -> Result<Answer<DeviceSecretOut>, AppError> {
    let (location, version) = (format!("/api/v1/callbell/devices/{}", row.id), row.version);
    let out = DeviceSecretOut::new(row, &secret, now);
    Ok(Answer::created(&out, location)?.version(version))
}

/// Lists devices, oldest first.
#[utoipa::path(tag = "callbell", params(DevicesQuery), responses((status = 200, body = Page<DeviceOut>)))]
#[get("/callbell/devices")]
async fn list_devices(
    permit: Permit<op::ListDevices>,
    kit: Data<Kit>,
    query: Query<DevicesQuery>,
) -> Result<Answer<Page<DeviceOut>>, AppError> {
    let (conn, now, limit) = (kit.db.read(), kit.now(), limit(query.limit)?);
    let filter = query.filter(below(conn, query.unit_id).await?)?;
    let list = List::new("devices", &filter);
    let after = list.read::<DeviceId>(query.cursor.as_deref())?;
    let rows = store::list(conn, &permit.caller.reach(), &filter, now, (after, limit + 1)).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(DeviceOut::new(row, now)))?)
}

/// Registers a device at a home or in a community. Its secret is in this answer and nowhere else.
#[utoipa::path(tag = "callbell", request_body = DeviceIn, responses((status = 201, body = DeviceSecretOut)))]
#[post("/callbell/devices")]
async fn register_device(
    permit: Permit<op::RegisterDevice>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<DeviceIn>,
) -> Result<Answer<DeviceSecretOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (Arc::clone(&kit.vault), caller, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.register_device",
        once,
        input,
        |tx, input| Box::pin(async move { handed_out(commands::register(tx, input).await?, tx.now()) }),
    )
    .await
}

/// A device as it stands now, with what it last told of itself.
#[utoipa::path(tag = "callbell", responses((status = 200, body = DeviceOut)))]
#[get("/callbell/devices/{id}")]
async fn get_device(
    permit: Permit<op::GetDevice>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
) -> Result<Answer<DeviceOut>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    allow(&permit.caller, Op::GetDevice, &row.unit_path)?;
    told(row, kit.now())
}

/// Changes what a device is, where it is and how often it reports. Its serial stays.
#[utoipa::path(tag = "callbell", request_body = DeviceChangeIn, responses((status = 200, body = DeviceOut)))]
#[put("/callbell/devices/{id}")]
async fn update_device(
    permit: Permit<op::UpdateDevice>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
    version: IfMatch,
    body: Json<DeviceChangeIn>,
) -> Result<Answer<DeviceOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.parse()?);
    let row = kit
        .db
        .write("callbell.update_device", input, |tx, input| {
            Box::pin(commands::update(tx, input))
        })
        .await?;
    told(row, kit.now())
}

/// Puts another device into the place of one, which is retired. The new one's secret is in this answer and nowhere else.
#[utoipa::path(tag = "callbell", request_body = ReplacementIn, responses((status = 201, body = DeviceSecretOut)))]
#[post("/callbell/devices/{id}/replace")]
async fn replace_device(
    permit: Permit<op::ReplaceDevice>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
    key: IdempotencyKey,
    body: Json<ReplacementIn>,
) -> Result<Answer<DeviceSecretOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (Arc::clone(&kit.vault), caller, *id, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.replace_device",
        once,
        input,
        |tx, input| Box::pin(async move { handed_out(commands::replace(tx, input).await?, tx.now()) }),
    )
    .await
}

/// Silences the technical alarms of a device, for 7 days at most. A press is never silenced: it rings all the same.
#[utoipa::path(tag = "callbell", request_body = SilenceIn, responses((status = 200, body = DeviceOut)))]
#[post("/callbell/devices/{id}/silence")]
async fn silence_device(
    permit: Permit<op::SilenceDevice>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
    key: IdempotencyKey,
    body: Json<SilenceIn>,
) -> Result<Answer<DeviceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let (until, reason) = body.value.parse()?;
    let input = (caller, *id, until, reason);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.silence_device",
        once,
        input,
        |tx, input| Box::pin(async move { told(commands::silence(tx, input).await?, tx.now()) }),
    )
    .await
}

/// Ends the silence of a device. Where there is none, nothing happens.
#[utoipa::path(tag = "callbell", responses((status = 204)))]
#[delete("/callbell/devices/{id}/silence")]
async fn unsilence_device(
    permit: Permit<op::UnsilenceDevice>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id);
    kit.db
        .write("callbell.unsilence_device", input, |tx, input| {
            Box::pin(commands::unsilence(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// Retires a device for good. What it sends from now on is put aside and shown to the district.
#[utoipa::path(tag = "callbell", request_body = RetirementIn, responses((status = 200, body = DeviceOut)))]
#[post("/callbell/devices/{id}/retire")]
async fn retire_device(
    permit: Permit<op::RetireDevice>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
    key: IdempotencyKey,
    body: Json<RetirementIn>,
) -> Result<Answer<DeviceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.retire_device",
        once,
        input,
        |tx, input| Box::pin(async move { told(commands::retire(tx, input).await?, tx.now()) }),
    )
    .await
}

/// Gives a device another secret, in this answer and nowhere else. The one before is of no use from now on.
#[utoipa::path(tag = "callbell", responses((status = 200, body = DeviceSecretOut)))]
#[post("/callbell/devices/{id}/secret")]
async fn rotate_device_secret(
    permit: Permit<op::RotateDeviceSecret>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
    key: IdempotencyKey,
) -> Result<Answer<DeviceSecretOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &[]);
    let input = (Arc::clone(&kit.vault), caller, *id);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.rotate_secret",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (row, secret) = commands::rotate_secret(tx, input).await?;
                let version = row.version;
                Ok(Answer::ok(&DeviceSecretOut::new(row, &secret, tx.now()))?.version(version))
            })
        },
    )
    .await
}

/// Says that what is pressed within the next minutes is a test. It rings as ever, but as a test.
#[utoipa::path(tag = "callbell", request_body = TestWindowIn, responses((status = 200, body = DeviceOut)))]
#[post("/callbell/devices/{id}/test-window")]
async fn open_test_window(
    permit: Permit<op::OpenTestWindow>,
    kit: Data<Kit>,
    id: Path<DeviceId>,
    key: IdempotencyKey,
    body: Json<TestWindowIn>,
) -> Result<Answer<DeviceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.open_test_window",
        once,
        input,
        |tx, input| Box::pin(async move { told(commands::open_test_window(tx, input).await?, tx.now()) }),
    )
    .await
}
