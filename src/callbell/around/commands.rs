//! Fixtures are registered, changed and removed; people on patrol say where they are; who may looks through a camera.

use super::store;
use crate::access::Op;
use crate::access::permit::Caller;
use crate::access::policy::{Scope, scope};
use crate::callbell::calls;
use crate::callbell::commands::homes::{allow, put_at};
use crate::callbell::rules::around::{Looker, is_camera_code, may_look};
use crate::callbell::world::Asked;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, FixtureId, UnitId};
use entity::kind::{CallEntryKind, CallState, FixtureKind, PatrolSource};
use entity::{callbell_camera_view, callbell_fixture, callbell_patrol_read};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use secrecy::ExposeSecret;
use serde_json::json;

/// Minutes for which a link to a camera is good.
const LINK_MIN: i64 = 5;

/// What is said of a fixture.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is.
    pub kind: FixtureKind,
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The community.
    pub unit_id: UnitId,
    /// Buildings beside it.
    pub buildings: Vec<String>,
    /// Where it is: latitude and longitude in degrees.
    pub place: Option<(f64, f64)>,
}

async fn check(tx: &Tx, draft: &Draft, own: Option<FixtureId>) -> Result<(), AppError> {
    if draft.kind == FixtureKind::Camera && !is_camera_code(&draft.code) {
        return Err(AppError::field(
            "/code",
            Rule::Form("20 digits of a camera (GB/T 28181)"),
        ));
    }
    if draft.kind == FixtureKind::PatrolPoint && draft.place.is_none() {
        return Err(AppError::field("/lat", Rule::Required));
    }
    let known = store::by_code(tx, draft.kind, &draft.code).await?;
    if known.is_some_and(|row| Some(row.id) != own) {
        return Err(AppError::field("/code", Rule::Taken));
    }
    Ok(())
}

/// Registers a fixture.
///
/// # Errors
/// `InvalidInput`, `Forbidden` or `NotFound` for a unit out of reach.
pub async fn register(
    tx: &Tx,
    (_, caller, draft): &Asked<Draft>,
) -> Result<callbell_fixture::Model, AppError> {
    let (unit, caller) = put_at(tx, caller, Op::ListFixtures, draft.unit_id).await?;
    check(tx, draft, None).await?;
    let row = callbell_fixture::Model {
        id: tx.ids().id(),
        kind: draft.kind,
        code: draft.code.clone(),
        name: draft.name.clone(),
        unit_id: unit.id,
        unit_path: unit.path,
        buildings: json!(draft.buildings),
        lat: draft.place.map(|(lat, _)| lat),
        lng: draft.place.map(|(_, lng)| lng),
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::insert(tx, &row).await?;
    record(tx, &caller, &row);
    Ok(row)
}

fn record(tx: &Tx, caller: &Caller, row: &callbell_fixture::Model) {
    let detail = json!({ "kind": row.kind, "code": row.code, "name": row.name });
    audit::record(tx, caller, "fixture", row.id, detail);
}

/// Changes what is said of a fixture; what it is stays.
///
/// # Errors
/// As `register`; `StaleVersion`.
pub async fn update(
    tx: &Tx,
    (_, caller, (id, version, draft)): &Asked<(FixtureId, IfMatch, Draft)>,
) -> Result<callbell_fixture::Model, AppError> {
    let mut row = store::lock(tx, *id).await?;
    allow(caller, Op::ListFixtures, &row.unit_path)?;
    version.check(row.version)?;
    let (unit, caller) = put_at(tx, caller, Op::ListFixtures, draft.unit_id).await?;
    if draft.kind != row.kind {
        return Err(AppError::field("/kind", Rule::Form("as it is")));
    }
    check(tx, draft, Some(row.id)).await?;
    row.code.clone_from(&draft.code);
    row.name.clone_from(&draft.name);
    row.unit_id = unit.id;
    row.unit_path = unit.path;
    row.buildings = json!(draft.buildings);
    row.lat = draft.place.map(|(lat, _)| lat);
    row.lng = draft.place.map(|(_, lng)| lng);
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row).await?;
    record(tx, &caller, &row);
    Ok(row)
}

/// Removes a fixture.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`.
pub async fn remove(
    tx: &Tx,
    (_, caller, (id, version)): &Asked<(FixtureId, IfMatch)>,
) -> Result<(), AppError> {
    let row = store::lock(tx, *id).await?;
    let caller = allow(caller, Op::ListFixtures, &row.unit_path)?;
    version.check(row.version)?;
    store::delete(tx, row.id).await?;
    record(tx, &caller, &row);
    Ok(())
}

/// Where somebody on patrol is.
#[derive(Clone, Debug)]
pub enum Whereabouts {
    /// At a point: what its tag says.
    Point(String, PatrolSource),
    /// Somewhere in a community.
    Place(UnitId, (f64, f64)),
}

/// Notes where the caller is.
///
/// # Errors
/// `InvalidInput` for a point or unit that there is not.
pub async fn read(tx: &Tx, (world, caller, place): &Asked<Whereabouts>) -> Result<(), AppError> {
    let (staff, _) = caller.staff()?;
    let (fixture_id, unit_path, lat, lng, source) = match place {
        Whereabouts::Point(code, source) => {
            let point = store::by_code(tx, FixtureKind::PatrolPoint, code).await?;
            let point = point.ok_or_else(|| AppError::field("/code", Rule::Unknown))?;
            (Some(point.id), point.unit_path, point.lat, point.lng, *source)
        }
        Whereabouts::Place(unit, (lat, lng)) => {
            let unit = world.reference.directory.get(*unit);
            let unit = unit.ok_or_else(|| AppError::field("/unit_id", Rule::Unknown))?;
            (None, unit.path.clone(), Some(*lat), Some(*lng), PatrolSource::Gps)
        }
    };
    // Nobody says of themselves that they are where they have nothing to do.
    if !caller.reach().covers(&unit_path) {
        return Err(AppError::new(Code::NotFound));
    }
    let row = callbell_patrol_read::Model {
        id: tx.ids().id(),
        staff_id: staff,
        fixture_id,
        unit_path,
        lat,
        lng,
        source,
        at: tx.now(),
    };
    tx.stage(row.into_active_model().reset_all());
    Ok(())
}

/// A look through a camera.
#[derive(Clone, Debug)]
pub struct Look {
    /// Where it is seen.
    pub link: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Makes a link to a camera for a call: for who has the call and those above, as long as it is open. Who looked, through
/// which and what for stands in the log of the call.
///
/// # Errors
/// `NotFound`, `Forbidden` for who does not have it, `ActionNotAllowed` where no surveillance is configured.
pub async fn look(
    tx: &Tx,
    (world, caller, (call, camera, purpose)): &Asked<(CallId, FixtureId, String)>,
) -> Result<Look, AppError> {
    let mut row = calls::lock(tx, *call).await?;
    let acting = caller.decide(Op::ViewCamera, &calls::facts(&row))?;
    let camera = store::find(tx, *camera).await?;
    if camera.kind != FixtureKind::Camera || camera.unit_path != row.unit_path {
        return Err(AppError::new(Code::NotFound));
    }
    let (staff, name) = caller.staff()?;
    let scope = scope(Op::ViewCamera, acting.role);
    let above = scope.is_some_and(|scope| scope > Scope::Unit);
    let state = (row.state, row.owner_id, row.resolved_at);
    if !may_look(Looker { staff, above }, state, tx.now()) {
        return Err(AppError::new(Code::Forbidden).say(
            "仅接警人及上级可在处置期间查看",
            "Only who has the call, and those above, while it is open",
        ));
    }
    let settings = &world.kit.config.callbell;
    if settings.camera_link.is_empty() {
        return Err(
            AppError::new(Code::ActionNotAllowed).say("未接入视频监控", "No video surveillance is connected")
        );
    }
    let until = tx.now() + TimeDelta::minutes(LINK_MIN);
    let signed = format!("{}.{}.{staff}", camera.code, until.timestamp());
    let key = hmac::Key::new(
        hmac::HMAC_SHA256,
        settings.camera_secret.expose_secret().as_bytes(),
    );
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    let link = settings
        .camera_link
        .replace("{code}", &camera.code)
        .replace("{until}", &until.timestamp().to_string())
        .replace("{staff}", &staff.to_string())
        .replace("{signature}", &signature);
    let view = callbell_camera_view::Model {
        id: tx.ids().id(),
        call_id: row.id,
        camera_id: camera.id,
        staff_id: staff,
        at: tx.now(),
        purpose: purpose.clone(),
        until,
    };
    callbell_camera_view::Entity::insert(view.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    let what = json!({ "camera_id": camera.id, "code": camera.code, "purpose": purpose });
    if row.state == CallState::Closed {
        // Its log is final.
        audit::record(tx, caller, "call", row.id, what);
    } else {
        let doer = calls::Doer::staff(staff, name);
        calls::note(tx, world, &mut row, (CallEntryKind::CameraViewed, what), &doer).await?;
    }
    Ok(Look { link, until })
}
