//! What can't be trusted or understood is kept, and the district hears of it: somebody may be lying on the floor.

use super::Incoming;
use crate::access::Reach;
use crate::access::authenticate::local_day;
use crate::access::policy::district_of;
use crate::callbell::rules::ladder::TOP;
use crate::callbell::rules::message::Message as Told;
use crate::callbell::target::Target;
use crate::callbell::world::World;
use crate::duty::queries as duty;
use crate::notify::store::{Message, Outgoing};
use crate::platform::crypto::{hex, sha256};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::id::least_at;
use crate::staff;
use chrono::{DateTime, TimeDelta, Utc};
use entity::callbell_quarantine;
use entity::id::{QuarantineId, StaffId, UnitId};
use entity::kind::{ActorKind, BellKind, BellSource, Lane, NoticeChannel, QuarantineReason};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that was put aside.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldOut {
    /// Key.
    pub id: QuarantineId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// By which way.
    pub source: BellSource,
    /// Why.
    pub reason: QuarantineReason,
    /// As the device called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// What it said, as far as it is text.
    #[schema(example = "{\"device_id\":\"PA-2026-000999\",\"kind\":\"press\"}")]
    pub body: String,
    /// Who has looked at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<StaffId>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
}

impl From<callbell_quarantine::Model> for HeldOut {
    fn from(row: callbell_quarantine::Model) -> Self {
        Self {
            id: row.id,
            received_at: row.received_at,
            source: row.source,
            reason: row.reason,
            serial: row.serial,
            remote: row.remote,
            body: String::from_utf8_lossy(&row.body).into_owned(),
            seen_by: row.seen_by,
            seen_at: row.seen_at,
        }
    }
}

/// The most that is put aside in an hour: whoever floods the service with what can't be trusted fills no disk. A device
/// sends the same again for minutes, and the district knows of the flood by then.
const MOST_AN_HOUR: u64 = 5_000;
/// The same of presses that name a device which there is: no mass of other noise takes their place.
const MOST_PRESSES: u64 = 20_000;

/// What a message that can't be trusted says of itself.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// The device's serial number.
    pub serial: Option<String>,
    /// What happened.
    pub kind: Option<BellKind>,
    /// The event's id.
    pub event: String,
    /// Where the device is, if there is one of that number.
    pub unit: Option<UnitId>,
}

impl Claim {
    /// What a message says.
    #[must_use]
    pub fn of(message: &Told) -> Self {
        Self {
            serial: Some(message.device_id.clone()),
            kind: Some(message.kind),
            event: message.event_id.clone(),
            unit: None,
        }
    }

    /// Whether somebody may have pressed a bell that there is.
    fn may_be_real(&self) -> bool {
        self.kind == Some(BellKind::Press) && self.unit.is_some()
    }

    fn most(&self) -> u64 {
        if self.may_be_real() {
            MOST_PRESSES
        } else {
            MOST_AN_HOUR
        }
    }

    /// What is told once: an hour's worth of one device's noise of a kind, but each press by itself.
    fn key(&self, hour: impl std::fmt::Display) -> String {
        let serial = self.serial.as_deref().unwrap_or_default();
        let event = match self.kind {
            Some(BellKind::Press) => self.event.as_str(),
            _ => "",
        };
        let noise = hex(&sha256(&[serial.as_bytes(), b"\n", event.as_bytes()]));
        let kind = self.kind.map_or("", BellKind::word);
        format!("{kind}:{noise}:{hour}")
    }
}

/// Puts a message aside in a transaction of its own.
///
/// # Errors
/// `BellFlood` when so much was put aside within the hour that more would say nothing new; when the database does not answer.
pub async fn hold(
    world: &World,
    incoming: &Incoming,
    reason: QuarantineReason,
    claim: Claim,
) -> Result<(), AppError> {
    let kit = &world.kit;
    let since: QuarantineId = least_at(kit.now() - TimeDelta::hours(1));
    let lately = kit
        .glances
        .get("callbell.quarantine".to_owned(), held_since(kit.db.read(), since));
    if *lately.await? >= claim.most() {
        metrics::counter!("hotline_callbell_flood_total").increment(1);
        tell_of_flood(world).await?;
        return Err(AppError::new(Code::BellFlood).retry_after(60));
    }
    let input = (world.clone(), incoming.clone(), reason, claim);
    world
        .kit
        .db
        .write(
            "callbell.quarantine",
            input,
            |tx, (world, incoming, reason, claim)| Box::pin(keep(tx, world, incoming, *reason, claim)),
        )
        .await
}

/// The district hears of a flood once, however long it lasts.
async fn tell_of_flood(world: &World) -> Result<(), AppError> {
    let hour = world.kit.now().format("%Y%m%d%H").to_string();
    let written = world
        .kit
        .db
        .write("callbell.flood", (world.clone(), hour), |tx, (world, hour)| {
            Box::pin(tell(
                tx,
                world,
                format!(
                    "【平安铃】无法确认的设备消息一小时内超过{MOST_AN_HOUR}条，其后的已不再保留，请查明来源。"
                ),
                hour.clone(),
            ))
        });
    written.await
}

/// How much was put aside since an id, counted no further than what is allowed.
async fn held_since(conn: &impl ConnectionTrait, since: QuarantineId) -> Result<u64, AppError> {
    let ids: Vec<QuarantineId> = callbell_quarantine::Entity::find()
        .select_only()
        .column(callbell_quarantine::Column::Id)
        .filter(callbell_quarantine::Column::Id.gte(since))
        .limit(MOST_PRESSES)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(u64::try_from(ids.len()).unwrap_or(MOST_PRESSES))
}

/// The most of a body that is kept, in bytes.
const MOST_KEPT: usize = 8192;

/// Puts a message aside in this transaction, and tells the district's desk.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(
    tx: &Tx,
    world: &World,
    incoming: &Incoming,
    reason: QuarantineReason,
    claim: &Claim,
) -> Result<(), AppError> {
    let id: QuarantineId = tx.ids().id();
    let told = claim.serial.as_deref().unwrap_or_default();
    tx.stage(callbell_quarantine::ActiveModel {
        id: Set(id),
        received_at: Set(tx.now()),
        source: Set(incoming.source),
        reason: Set(reason),
        remote: Set(incoming.remote.clone()),
        serial: Set(claim.serial.clone()),
        body: Set(incoming.body.iter().take(MOST_KEPT).copied().collect()),
        seen_by: Set(None),
        seen_at: Set(None),
        note: Set(None),
    });
    let body = format!(
        "【平安铃】收到无法确认的设备消息（{}，自称“{told}”），已保留，请立即核实是否有人求助。",
        reason.chinese()
    );
    let key = format!("{reason}:{}", claim.key(tx.now().format("%Y%m%d%H")));
    if let Some(unit) = claim.unit.filter(|_| claim.may_be_real()) {
        tell_on_duty(tx, world, (unit, told), &key).await?;
    }
    tell(tx, world, body, key).await
}

/// A press that can't be trusted may be somebody on the floor: whoever is on duty for the home hears of it by their own
/// ways, as of a call.
async fn tell_on_duty(
    tx: &Tx,
    world: &World,
    (unit, serial): (UnitId, &str),
    key: &str,
) -> Result<(), AppError> {
    let vault = &world.kit.vault;
    let people = duty::on_duty_at(tx, &world.reference.directory, unit, tx.now()).await?;
    let mut targets = Target::up_to(vault, &people, TOP);
    if targets.is_empty() {
        let path = world.reference.directory.get(unit).map(|unit| unit.path.clone());
        targets = Target::helpers(tx, vault, &path.unwrap_or_default()).await?;
    }
    let body = format!(
        "【平安铃】{}设备“{serial}”按铃，但无法确认其真伪，请立即联系或上门核实是否有人求助。",
        world.unit_name(unit)
    );
    let mut outgoing = Outgoing::default();
    for target in targets {
        let message = Message {
            recipient: (ActorKind::Staff, None),
            channel: NoticeChannel::InApp,
            lane: Lane::Emergency,
            template: "callbell_unproven",
            ticket: None,
            call: None,
            others: &[],
            address: None,
            body: &body,
            dedup_key: format!("unproven:{key}:{}", target.staff),
            not_before: None,
        };
        target.add(tx, vault, &message, &mut outgoing)?;
    }
    outgoing.write(tx).await
}

/// Tells the district's desk; what has the same key is told once.
async fn tell(tx: &Tx, world: &World, body: String, key: String) -> Result<(), AppError> {
    let mut outgoing = Outgoing::default();
    let units = world.reference.directory.all().iter();
    for unit in units.filter(|unit| unit.parent.is_none()) {
        let district = district_of(&unit.path);
        for staff in staff::store::who_could_help(tx, "", &district, local_day(tx.now())).await? {
            let message = Message {
                recipient: (ActorKind::Staff, Some(staff.0)),
                channel: NoticeChannel::InApp,
                lane: Lane::Urgent,
                template: "callbell_quarantine",
                ticket: None,
                call: None,
                others: &[],
                address: None,
                body: &body,
                dedup_key: format!("quarantine:{key}:{staff}"),
                not_before: None,
            };
            outgoing.add(tx, &world.kit.vault, &message)?;
        }
    }
    outgoing.write(tx).await
}

/// What was put aside, newest first; what nobody has looked at unless all is wanted.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    all: bool,
    before: Option<QuarantineId>,
    limit: u64,
) -> Result<Vec<callbell_quarantine::Model>, AppError> {
    if reach.districts.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = callbell_quarantine::Entity::find();
    if !all {
        select = select.filter(callbell_quarantine::Column::SeenAt.is_null());
    }
    if let Some(before) = before {
        select = select.filter(callbell_quarantine::Column::Id.lt(before));
    }
    let select = select.order_by_desc(callbell_quarantine::Column::Id).limit(limit);
    Ok(select.all(conn).await?)
}

/// Notes who has looked at it; once is enough.
///
/// # Errors
/// `NotFound`.
pub async fn see(tx: &Tx, (staff, id): &(StaffId, QuarantineId)) -> Result<(), AppError> {
    let row = callbell_quarantine::Entity::find_by_id(*id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    if row.seen_at.is_some() {
        return Ok(());
    }
    let mut next = row.into_active_model();
    next.seen_by = Set(Some(*staff));
    next.seen_at = Set(Some(tx.now()));
    callbell_quarantine::Entity::update(next).exec(tx).await?;
    Ok(())
}
