//! Who hears of what happens to a call, by which way. Everybody who is on duty up to the level is told side by side, in
//! the inbox and by the first of their channels; when that fails the next one is tried at once.

use super::apply::link;
use super::open::door;
use crate::access::authenticate::china;
use crate::callbell::rules::call::{Event, Moment};
use crate::callbell::rules::ladder::TOP;
use crate::callbell::store;
use crate::callbell::target::Target;
use crate::callbell::world::World;
use crate::duty::queries::{self as duty, Person};
use crate::duty::rules::station::LEVELS;
use crate::notify::store::{Message, Outgoing, moot, moot_tried};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use chrono::{DateTime, Utc};
use entity::id::StaffId;
use entity::kind::{ActorKind, CallOutcome, KinPolicy, Lane, NoticeChannel};
use entity::{callbell_call, callbell_home, callbell_kin};

/// What rings, and is given up once somebody has the call.
pub const RING: &str = "callbell_ring";
/// What is told of a call's turns.
const TURN: &str = "callbell_turn";
/// Seconds between the press by the device's clock and its receipt from which on both are told.
const LATE_S: i64 = 60;
/// What next of kin are told.
pub const KIN: &str = "callbell_kin";

/// Whether somebody is told without anybody's doing.
#[must_use]
pub fn is_told_by_itself(kin: &callbell_kin::Model) -> bool {
    let told = matches!(kin.policy, KinPolicy::Immediate | KinPolicy::OnAck);
    told && kin.consent_at.is_some()
}

/// People on duty, by level.
pub type People = [Vec<Person>; LEVELS];

/// Who is on duty for a call.
///
/// # Errors
/// When the database does not answer.
pub async fn people(tx: &Tx, world: &World, row: &callbell_call::Model) -> Result<People, AppError> {
    duty::on_duty_at(tx, &world.reference.directory, row.unit_id, tx.now()).await
}

/// What the rules must know of this moment.
#[must_use]
pub fn moment(tx: &Tx, row: &callbell_call::Model, people: &People) -> Moment {
    Moment {
        now: tx.now(),
        staffed: people.each_ref().map(|level| !level.is_empty()),
        has_kin: row.has_kin,
    }
}

/// Tells those whom an event concerns.
///
/// # Errors
/// When the database does not answer.
pub async fn tell(
    tx: &Tx,
    world: &World,
    (row, people): (&callbell_call::Model, &People),
    event: &Event,
) -> Result<(), AppError> {
    let call = (row, people);
    let turn = async |what: &str, who: Option<StaffId>| {
        let targets = Target::those(tx, &world.kit.vault, Vec::from_iter(who)).await?;
        turn(tx, world, row, what, &targets).await
    };
    match event {
        Event::Rung(_) => ring(tx, world, call).await,
        Event::TestDropped => {
            // It is no test: who is told of each press is told now.
            tell_kin(tx, world, row, &[KinPolicy::Immediate]).await?;
            ring(tx, world, call).await
        }
        Event::KinTold => tell_kin(tx, world, row, &[KinPolicy::Immediate, KinPolicy::OnAck]).await,
        Event::Acknowledged(_) => moot(tx, row.id, RING).await,
        Event::PressedAgain(true) => {
            let text = "再次按铃，请尽快赶到";
            turn(text, row.owner_id).await?;
            up_to(tx, world, call, text, level(row).saturating_add(1)).await
        }
        Event::CancelRequested => turn("按下了取消，仍须确认平安", row.owner_id).await,
        Event::LeaseRanOut(Some(who)) | Event::ShiftOver(Some(who)) => {
            turn("您接警后未继续处置，已转由他人", Some(*who)).await
        }
        Event::NotThereYet(times) => {
            let up = if *times > 1 { TOP } else { level(row) };
            up_to(tx, world, call, "接警人员尚未到场，请协助", up).await
        }
        Event::CheckInMissed => up_to(tx, world, call, "现场人员失去联系，请核实", TOP).await,
        Event::Resolved(_, outcome, _) => {
            // What is not told by now would mislead.
            moot(tx, row.id, TURN).await?;
            moot(tx, row.id, RING).await?;
            if confirmed(*outcome) {
                tell_kin(tx, world, row, &[KinPolicy::OnConfirmed]).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn confirmed(outcome: CallOutcome) -> bool {
    !matches!(
        outcome,
        CallOutcome::FalseAlarm | CallOutcome::Test | CallOutcome::Equipment
    )
}

fn level(row: &callbell_call::Model) -> u8 {
    u8::try_from(row.level).unwrap_or(TOP).min(TOP)
}

/// Rings everybody on duty up to the call's level: on the first rung by the first of their ways, after that by all of
/// them, since a text that arrived wakes nobody. On the last rung nobody may be missing: where no one is on duty at all,
/// everybody who could help is rung. What was tried for an earlier rung, and failed, is not tried beside it.
async fn ring(
    tx: &Tx,
    world: &World,
    (row, people): (&callbell_call::Model, &People),
) -> Result<(), AppError> {
    let vault = &world.kit.vault;
    let mut targets = Target::up_to(vault, people, level(row));
    if targets.is_empty() && ladder_is_at_its_end(row) {
        targets = Target::helpers(tx, vault, &row.unit_path).await?;
    }
    moot_tried(tx, row.id, RING).await?;
    let home = home_of(tx, row).await?;
    let text = ring_text(world, row, home.as_ref());
    let mut outgoing = Outgoing::default();
    let key = |target: &Target| format!("call:{}:{}:{}", row.id, row.entries, target.staff);
    for target in &targets {
        let message = Message {
            body: &text,
            dedup_key: key(target),
            ..base(row, RING)
        };
        if row.rung > 0 {
            target.add_all(tx, vault, &message, &mut outgoing)?;
        } else {
            target.add(tx, vault, &message, &mut outgoing)?;
        }
    }
    for url in &world.kit.config.callbell.webhook_urls {
        let body = serde_json::json!({
            "type": "callbell.rung",
            "timestamp": tx.now(),
            "data": { "call_id": row.id, "state": row.state, "level": row.level, "test": row.test,
                "unit_path": row.unit_path, "presses": row.presses, "opened_at": row.opened_at },
        });
        let (body, key) = (body.to_string(), format!("call:{}:{}:{url}", row.id, row.entries));
        let message = Message {
            recipient: (ActorKind::System, None),
            channel: NoticeChannel::Webhook,
            address: Some(url),
            body: &body,
            dedup_key: key,
            ..base(row, RING)
        };
        outgoing.add(tx, &world.kit.vault, &message)?;
    }
    outgoing.write(tx).await
}

fn ladder_is_at_its_end(row: &callbell_call::Model) -> bool {
    let ladder = super::row::ladder(row);
    usize::try_from(row.rung).is_ok_and(|rung| rung >= ladder.last())
}

/// Tells people of a turn of the call.
async fn turn(
    tx: &Tx,
    world: &World,
    row: &callbell_call::Model,
    what: &str,
    targets: &[Target],
) -> Result<(), AppError> {
    if targets.is_empty() {
        return Ok(());
    }
    let mut outgoing = Outgoing::default();
    let text = turn_text(tx, world, row, what).await?;
    for target in targets {
        let message = Message {
            body: &text,
            dedup_key: format!("call:{}:{}:{}", row.id, row.entries, target.staff),
            ..base(row, TURN)
        };
        target.add(tx, &world.kit.vault, &message, &mut outgoing)?;
    }
    outgoing.write(tx).await
}

/// Tells everybody on duty up to a level; where no one is, everybody who could help.
async fn up_to(
    tx: &Tx,
    world: &World,
    (row, people): (&callbell_call::Model, &People),
    what: &str,
    level: u8,
) -> Result<(), AppError> {
    let mut targets = Target::up_to(&world.kit.vault, people, level.min(TOP));
    if targets.is_empty() {
        targets = Target::helpers(tx, &world.kit.vault, &row.unit_path).await?;
    }
    turn(tx, world, row, what, &targets).await
}

async fn turn_text(
    tx: &Tx,
    world: &World,
    row: &callbell_call::Model,
    what: &str,
) -> Result<String, AppError> {
    let home = home_of(tx, row).await?;
    let place = home.as_ref().map(door).unwrap_or_default();
    let unit = world.unit_name(row.unit_id);
    Ok(format!(
        "【平安铃】{unit}{place}：{what}。{}",
        link(&world.kit, row.id)
    ))
}

/// The sentence that is spoken: where to go comes first, whom one finds there only then.
fn ring_text(world: &World, row: &callbell_call::Model, home: Option<&callbell_home::Model>) -> String {
    let vault = &world.kit.vault;
    let spoken = match home {
        // A press rings, whatever of the home can't be read.
        Some(home) => vault
            .open_text(store::homes::SPOKEN, &home.spoken_sealed)
            .unwrap_or_else(|error| {
                tracing::error!(home = %home.id, ?error, "what is to be spoken can't be opened");
                door(home)
            }),
        None => world.unit_name(row.unit_id).to_owned(),
    };
    let name = match home {
        Some(home) => vault
            .open_text(store::homes::NAME, &home.resident_sealed)
            .unwrap_or_default(),
        None => String::new(),
    };
    let test = if row.test { "【测试】" } else { "" };
    let late = if row.clock_suspect {
        "（设备时钟异常）"
    } else {
        ""
    };
    format!(
        "【平安铃】{test}{spoken}，{name} 按铃求助，{}{late}。请立即接警；危急请拨120/110/119。{}",
        pressed(row),
        link(&world.kit, row.id)
    )
}

/// When it was pressed and, where that took a while, when it was received: a device that was cut off tells it later.
fn pressed(row: &callbell_call::Model) -> String {
    let received = clock(row.pressed_at);
    match row.device_at.filter(|_| !row.clock_suspect && row.presses == 1) {
        Some(at) if (row.pressed_at - at).num_seconds().abs() > LATE_S => {
            format!("按铃{}，收到{received}", clock(at))
        }
        _ => received,
    }
}

/// A time of the day, as people say it.
pub fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&china()).format("%H:%M:%S").to_string()
}

async fn home_of(tx: &Tx, row: &callbell_call::Model) -> Result<Option<callbell_home::Model>, AppError> {
    match row.home_id {
        Some(id) => store::homes::find(tx, id).await.map(Some),
        None => Ok(None),
    }
}

fn base<'a>(row: &callbell_call::Model, template: &'a str) -> Message<'a> {
    Message {
        recipient: (ActorKind::Staff, None),
        channel: NoticeChannel::InApp,
        lane: Lane::Emergency,
        template,
        ticket: row.ticket_id,
        call: Some(row.id),
        others: &[],
        address: None,
        body: "",
        dedup_key: String::new(),
        not_before: None,
    }
}

/// Tells next of kin who agreed to be told of each press, the moment it comes in.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_kin_at_once(
    tx: &Tx,
    world: &World,
    row: &callbell_call::Model,
    kin: &[callbell_kin::Model],
) -> Result<(), AppError> {
    if row.test {
        return Ok(());
    }
    let at_once = kin.iter().filter(|kin| kin.policy == KinPolicy::Immediate);
    write_to_kin(tx, world, row, at_once).await
}

/// Tells next of kin of these policies who agreed; each of them once a call.
async fn tell_kin(
    tx: &Tx,
    world: &World,
    row: &callbell_call::Model,
    policies: &[KinPolicy],
) -> Result<(), AppError> {
    let Some(home) = row.home_id.filter(|_| !row.test) else {
        return Ok(());
    };
    let kin = store::homes::kin(tx, home).await?;
    let those = kin.iter().filter(|kin| policies.contains(&kin.policy));
    write_to_kin(tx, world, row, those).await
}

async fn write_to_kin(
    tx: &Tx,
    world: &World,
    row: &callbell_call::Model,
    kin: impl Iterator<Item = &callbell_kin::Model>,
) -> Result<(), AppError> {
    let vault = &world.kit.vault;
    let mut outgoing = Outgoing::default();
    for kin in kin.filter(|kin| kin.consent_at.is_some()) {
        let Ok(phone) = vault.open_text(store::homes::KIN_PHONE, &kin.phone_sealed) else {
            tracing::error!(kin = %kin.id, "a number of next of kin can't be opened");
            continue;
        };
        let body = format!(
            "【平安铃】您的{}于{}按铃求助，社区值班人员正在处置。如需了解情况请拨打12345。",
            kin_of(&kin.relation),
            clock(row.pressed_at)
        );
        let others = [(NoticeChannel::Voice, phone.clone())];
        let message = Message {
            recipient: (ActorKind::System, None),
            channel: NoticeChannel::Sms,
            address: Some(&phone),
            others: &others,
            body: &body,
            dedup_key: format!("call:{}:kin:{}", row.id, kin.id),
            ..base(row, KIN)
        };
        outgoing.add(tx, vault, &message)?;
    }
    outgoing.write(tx).await
}

/// What the resident is to their next of kin, by what those are to them.
fn kin_of(relation: &str) -> &'static str {
    match relation {
        "儿子" | "女儿" | "子女" | "儿媳" | "女婿" => "家中老人",
        _ => "亲友",
    }
}
