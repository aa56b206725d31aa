//! `/api/v1/callbell/alarms`.

use super::dto::{AlarmActionIn, AlarmOut, AlarmsQuery};
use super::raise::{self, Act};
use super::store::{self, Filter};
use crate::access::{Op, Permit, op};
use crate::callbell::commands::homes::allow;
use crate::callbell::http::homes::below;
use crate::callbell::store::devices;
use crate::callbell::world::{Asked, World};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::reference::Desk;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, post};
use entity::callbell_alarm;
use entity::id::AlarmId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of alarms.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_bell_alarms).service(act_on_bell_alarm);
}

fn told(world: &World, row: callbell_alarm::Model) -> AlarmOut {
    let name = world.unit_name(row.unit_id).to_owned();
    AlarmOut::new(row, name)
}

/// Lists technical alarms, newest first; those that nobody has settled unless told otherwise.
#[utoipa::path(tag = "callbell", params(AlarmsQuery), responses((status = 200, body = Page<AlarmOut>)))]
#[get("/callbell/alarms")]
async fn list_bell_alarms(
    permit: Permit<op::ListBellAlarms>,
    desk: Data<Desk>,
    query: Query<AlarmsQuery>,
) -> Result<Answer<Page<AlarmOut>>, AppError> {
    let world = World::of(&desk).await?;
    let conn = desk.kit.db.read();
    let filter = Filter {
        all: query.all.unwrap_or(false),
        kind: query.kind,
        below: below(conn, query.unit_id).await?,
    };
    let (list, most) = (List::new("bell_alarms", &filter), limit(query.limit)?);
    let before = list.read::<AlarmId>(query.cursor.as_deref())?;
    let rows = store::list(conn, &permit.caller.reach(), &filter, before, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| Ok(told(&world, row)))?)
}

/// Takes an alarm in hands, or settles it with a word of what was done.
#[utoipa::path(tag = "callbell", request_body = AlarmActionIn, responses((status = 200, body = AlarmOut)))]
#[post("/callbell/alarms/{id}/actions")]
async fn act_on_bell_alarm(
    permit: Permit<op::ActOnBellAlarm>,
    desk: Data<Desk>,
    id: Path<AlarmId>,
    key: IdempotencyKey,
    body: Json<AlarmActionIn>,
) -> Result<Answer<AlarmOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (World::of(&desk).await?, caller, (*id, body.value.parse()?));
    let kit = &desk.kit;
    write_once(&kit.db, &kit.vault, "callbell.alarm", once, input, |tx, input| {
        Box::pin(act(tx, input))
    })
    .await
}

async fn act(
    tx: &Tx,
    (world, caller, (id, what)): &Asked<(AlarmId, Act)>,
) -> Result<Answer<AlarmOut>, AppError> {
    // The device first, as when it speaks: two who lock in another order would wait for each other.
    if let Some(device) = store::find(tx, *id).await?.device_id {
        devices::lock(tx, device).await?;
    }
    let mut row = store::lock(tx, *id).await?;
    allow(caller, Op::ListBellAlarms, &row.unit_path)?;
    raise::act(tx, world, &mut row, caller.staff()?, what).await?;
    Answer::ok(&told(world, row))
}
