//! Homes, next of kin and devices from a file: every line is told what came of it, and a file with a wrong line changes
//! nothing. What is to be written is decided on values, so that a dry run tells the same.

use super::commands::devices::{NewDevice, Secret, Spot, new_row as device_row};
use super::commands::homes::{self, HomeData, KinData, Place, allow, has_homes, kin_row};
use super::dto::device::{
    BellImportOut, BellLineOut, BellLineOutcome as Outcome, BellReportOut, BellSecretOut, DeviceIn,
};
use super::dto::home::{HomeIn, KIN_MAX, KinIn};
use super::store;
use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::orgs::rules::Directory;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Fields};
use crate::platform::id::IdGen;
use crate::platform::personal::Personal;
use crate::reference::Desk;
use crate::residents::rules::{Phone, same_name};
use chrono::{DateTime, NaiveDate, Utc};
use csv::StringRecord;
use entity::callbell_device;
use entity::id::{HomeId, UnitId};
use entity::kind::{DeviceKind, DeviceState, KinPolicy};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;
use uuid::Uuid;

/// The columns, in this order.
pub const HEADER: [&str; 15] = [
    "serial",
    "kind",
    "unit_code",
    "building",
    "entrance",
    "door",
    "resident_name",
    "phone",
    "spoken",
    "kin_name",
    "kin_phone",
    "kin_relation",
    "kin_policy",
    "kin_consent_at",
    "heartbeat_s",
];
/// Lines of a request at most.
pub const LINES_MAX: usize = 1000;
/// Lines written in one transaction by the command line: a press must not wait for a long file.
const PIECE: usize = 200;

/// A line of the file: what stands there, or what is wrong with it.
#[derive(Clone, Debug)]
pub struct Line {
    number: u64,
    serial: String,
    entry: Result<Entry, String>,
}

#[derive(Clone, Debug)]
struct Entry {
    device: NewDevice,
    place: Place,
    home: HomeData,
}

/// A door: unit, building, entrance, door.
type Address = (UnitId, String, String, String);

impl Entry {
    fn address(&self) -> Address {
        let home = &self.home;
        let parts = [&home.building, &home.entrance, &home.door].map(String::clone);
        let [building, entrance, door] = parts;
        (self.place.id, building, entrance, door)
    }

    fn name(&self) -> &str {
        self.home.name.value().map(Personal::plain).unwrap_or_default()
    }

    fn kin(&self) -> Option<&KinData> {
        self.home.kin.as_deref().unwrap_or_default().first()
    }
}

/// Reads CSV with [`HEADER`]. Values of persons are not repeated in what is told of a line.
#[must_use]
pub fn read(text: &str, directory: &Directory, day: NaiveDate, now: DateTime<Utc>) -> Vec<Line> {
    // Spreadsheets write a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    if !reader.headers().is_ok_and(|header| header.iter().eq(HEADER)) {
        return vec![Line {
            number: 1,
            serial: String::new(),
            entry: Err(format!("the header must be {}", HEADER.join(","))),
        }];
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let number = match &record {
            Ok(record) => record.position().map_or(0, csv::Position::line),
            Err(error) => error.position().map_or(0, csv::Position::line),
        };
        let serial = record.as_ref().ok().and_then(|record| record.get(0));
        lines.push(Line {
            number,
            serial: serial.unwrap_or_default().chars().take(40).collect(),
            entry: record
                .map_err(|_| "the line can't be read".to_owned())
                .and_then(|record| read_line(&record, directory, day, now)),
        });
    }
    lines
}

fn read_line(
    record: &StringRecord,
    directory: &Directory,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Entry, String> {
    if record.len() != HEADER.len() {
        return Err(format!(
            "it has {} fields instead of {}",
            record.len(),
            HEADER.len()
        ));
    }
    let text = |name: &str| {
        let at = HEADER.iter().position(|column| *column == name);
        at.and_then(|at| record.get(at)).unwrap_or_default()
    };
    let personal = |name: &str| {
        Some(text(name))
            .filter(|text| !text.is_empty())
            .map(Personal::new)
    };
    let mut wrong = Vec::new();
    let kind = DeviceKind::from_word(text("kind"));
    if kind.is_none() {
        let words: Vec<&str> = DeviceKind::ALL.iter().map(|kind| kind.word()).collect();
        wrong.push(format!("kind must be one of: {}", words.join(", ")));
    }
    let unit = directory
        .with_code(text("unit_code"), day)
        .filter(|unit| has_homes(unit.kind, (unit.valid_from, unit.valid_to), day));
    if unit.is_none() {
        wrong.push("unit_code is no community or village of today".to_owned());
    }
    let heartbeat_s = Some(text("heartbeat_s")).filter(|text| !text.is_empty());
    let seconds = heartbeat_s.and_then(|text| text.parse().ok());
    if heartbeat_s.is_some() && seconds.is_none() {
        wrong.push("heartbeat_s must be a whole number".to_owned());
    }
    let kin = read_kin(&text, &mut wrong);
    let unit_id = unit.map_or(UnitId(Uuid::nil()), |unit| unit.id);
    let mut fields = Fields::default();
    let home = HomeIn {
        unit_id,
        resident_id: None,
        resident_name: personal("resident_name"),
        phone: personal("phone"),
        building: text("building").to_owned(),
        entrance: text("entrance").to_owned(),
        door: text("door").to_owned(),
        spoken: personal("spoken"),
        access_notes: None,
        medical_notes: None,
        language: None,
        labels: Vec::new(),
        lat: None,
        lng: None,
        kin: kin.map(|kin| vec![kin]),
    }
    .read(now, true, &mut fields);
    let device = DeviceIn {
        serial: text("serial").to_owned(),
        kind: kind.unwrap_or(DeviceKind::Bell),
        home_id: None,
        unit_id: Some(unit_id),
        location: None,
        heartbeat_s: seconds,
        firmware: None,
    }
    .read(&mut fields);
    for error in fields.into_errors() {
        // `/kin/0/phone` is the column `kin_phone`.
        let told = error.to_string().replace("/kin/0/", "kin_");
        wrong.push(told.trim_start_matches('/').to_owned());
    }
    match unit {
        Some(unit) if wrong.is_empty() => Ok(Entry {
            device,
            place: Place {
                id: unit.id,
                path: unit.path.clone(),
                name: unit.name.clone(),
            },
            home,
        }),
        _ => Err(wrong.join("; ")),
    }
}

/// Who of the next of kin stands in a line; nobody where all their columns are empty.
fn read_kin<'a>(text: &impl Fn(&str) -> &'a str, wrong: &mut Vec<String>) -> Option<KinIn> {
    let columns = HEADER.iter().filter(|column| column.starts_with("kin_"));
    if columns.into_iter().all(|column| text(column).is_empty()) {
        return None;
    }
    let policy = KinPolicy::from_word(text("kin_policy"));
    if policy.is_none() {
        let words: Vec<&str> = KinPolicy::ALL.iter().map(|policy| policy.word()).collect();
        wrong.push(format!("kin_policy must be one of: {}", words.join(", ")));
    }
    let told = text("kin_consent_at");
    let consent_at = DateTime::parse_from_rfc3339(told).ok().map(|at| at.to_utc());
    if consent_at.is_none() && !told.is_empty() {
        wrong.push("kin_consent_at must have the form 2026-01-31T09:00:00+08:00".to_owned());
    }
    Some(KinIn {
        id: None,
        name: Some(Personal::new(text("kin_name"))),
        phone: Some(Personal::new(text("kin_phone"))),
        relation: text("kin_relation").to_owned(),
        // What is wrong with the policy or the instant has been told: they must not be told as missing, too.
        policy: policy
            .filter(|_| told.is_empty() || consent_at.is_some())
            .unwrap_or(KinPolicy::Never),
        consent_at,
    })
}

/// A door of which a line speaks.
struct Door {
    home: HomeId,
    /// Who lives there.
    name: String,
    /// Numbers of the next of kin.
    kin: Vec<String>,
    /// The place of the next one.
    next: i32,
}

/// What is to be written: lines by their place in the file.
#[derive(Default)]
struct Plan {
    homes: Vec<(HomeId, usize)>,
    kin: Vec<(HomeId, i32, usize)>,
    devices: Vec<(HomeId, usize)>,
}

/// What is known, and what the lines so far make of it.
struct Planner<'a> {
    ids: &'a IdGen,
    doors: HashMap<Address, Door>,
    devices: HashMap<String, callbell_device::Model>,
    /// Serials of the lines so far, and their homes.
    seen: HashMap<&'a str, HomeId>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    async fn new(
        conn: &impl ConnectionTrait,
        vault: &Vault,
        ids: &'a IdGen,
        lines: &[Line],
    ) -> Result<Self, AppError> {
        let entries: Vec<&Entry> = lines.iter().filter_map(|line| line.entry.as_ref().ok()).collect();
        let serials: Vec<&str> = entries.iter().map(|entry| entry.device.serial.as_str()).collect();
        let devices = store::devices::by_serials(conn, &serials).await?;
        let mut units: Vec<UnitId> = entries.iter().map(|entry| entry.place.id).collect();
        units.sort_unstable();
        units.dedup();
        let wanted: Vec<Address> = entries.iter().map(|entry| entry.address()).collect();
        let mut doors: HashMap<Address, Door> = HashMap::new();
        let wanted: std::collections::HashSet<&Address> = wanted.iter().collect();
        for row in store::homes::in_units(conn, &units).await? {
            let address = (row.unit_id, row.building, row.entrance, row.door);
            if !wanted.contains(&address) {
                continue;
            }
            let name = vault.open_text(store::homes::NAME, &row.resident_sealed)?;
            // Of several homes at one door the oldest is meant.
            doors.entry(address).or_insert(Door {
                home: row.id,
                name,
                kin: Vec::new(),
                next: 0,
            });
        }
        let homes: Vec<HomeId> = doors.values().map(|door| door.home).collect();
        let mut kin: HashMap<HomeId, (Vec<String>, i32)> = HashMap::new();
        for row in store::homes::kin_of(conn, &homes).await? {
            let known = kin.entry(row.home_id).or_default();
            known
                .0
                .push(vault.open_text(store::homes::KIN_PHONE, &row.phone_sealed)?);
            known.1 = row.ord + 1;
        }
        for door in doors.values_mut() {
            (door.kin, door.next) = kin.remove(&door.home).unwrap_or_default();
        }
        Ok(Self {
            ids,
            doors,
            devices: devices.into_iter().map(|row| (row.serial.clone(), row)).collect(),
            seen: HashMap::new(),
            plan: Plan::default(),
        })
    }

    /// What comes of a line.
    fn take(&mut self, at: usize, entry: &'a Entry) -> Result<Outcome, String> {
        let serial = entry.device.serial.as_str();
        let address = entry.address();
        let here = self.doors.get(&address).map(|door| door.home);
        let device = self.devices.get(serial);
        if device.is_some_and(|device| device.state == DeviceState::Retired) {
            return Err("serial is that of a device that is retired".to_owned());
        }
        let place = device.map(|device| device.home_id);
        let place = place.or_else(|| self.seen.get(serial).map(|home| Some(*home)));
        if place.is_some_and(|place| place != here || place.is_none()) {
            return Err("serial exists already, at another home".to_owned());
        }
        let door = match self.doors.entry(address) {
            Slot::Vacant(slot) => {
                let home = self.ids.id();
                self.plan.homes.push((home, at));
                slot.insert(Door {
                    home,
                    name: entry.name().to_owned(),
                    kin: Vec::new(),
                    next: 0,
                })
            }
            Slot::Occupied(slot) => slot.into_mut(),
        };
        if !same_name(&door.name, entry.name()) {
            return Err("resident_name is not that of who lives at this door".to_owned());
        }
        let number = entry
            .kin()
            .and_then(|kin| kin.phone.as_ref())
            .map(Phone::canonical);
        let added = match number {
            Some(number) if !door.kin.contains(&number) => {
                if door.kin.len() >= KIN_MAX {
                    return Err(format!("kin_name: a home has at most {KIN_MAX} next of kin"));
                }
                door.kin.push(number);
                self.plan.kin.push((door.home, door.next, at));
                door.next += 1;
                true
            }
            _ => false,
        };
        if place.is_none() {
            self.seen.insert(serial, door.home);
            self.plan.devices.push((door.home, at));
            return Ok(Outcome::Created);
        }
        Ok(if added {
            Outcome::Updated
        } else {
            Outcome::Unchanged
        })
    }
}

/// What would come of the lines, and what is to be written for it.
async fn plan(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    ids: &IdGen,
    caller: Option<&Caller>,
    lines: &[Line],
) -> Result<(BellReportOut, Plan), AppError> {
    let mut planner = Planner::new(conn, vault, ids, lines).await?;
    let mut report = BellReportOut::default();
    for (at, line) in lines.iter().enumerate() {
        let outcome = match &line.entry {
            Err(message) => Err(message.clone()),
            // A unit out of reach is told as one that is not there.
            Ok(entry) if caller.is_some_and(|caller| !reaches(caller, entry)) => {
                Err("unit_code is out of your reach".to_owned())
            }
            Ok(entry) => planner.take(at, entry),
        };
        let (outcome, message) = match outcome {
            Ok(outcome) => (outcome, None),
            Err(message) => (Outcome::Wrong, Some(message)),
        };
        match outcome {
            Outcome::Created => report.created += 1,
            Outcome::Updated => report.updated += 1,
            Outcome::Unchanged => report.unchanged += 1,
            Outcome::Wrong => report.wrong += 1,
        }
        report.lines.push(BellLineOut {
            line: line.number,
            serial: line.serial.clone(),
            outcome,
            message,
        });
    }
    Ok((report, planner.plan))
}

fn reaches(caller: &Caller, entry: &Entry) -> bool {
    allow(caller, Op::GetHome, &entry.place.path).is_ok()
}

/// Writes the lines, all or none; with a dry run only tells what would come of them. Without a caller it is the command
/// line that asks, which may everywhere.
///
/// # Errors
/// When the database does not answer. Lines that are wrong stand in the report.
pub async fn run(
    tx: &Tx,
    (vault, caller, lines, dry_run): &(Arc<Vault>, Option<Caller>, Vec<Line>, bool),
) -> Result<BellImportOut, AppError> {
    let (mut report, plan) = plan(tx, vault, tx.ids(), caller.as_ref(), lines).await?;
    report.dry_run = *dry_run;
    if *dry_run || report.wrong > 0 || report.created + report.updated == 0 {
        return Ok(BellImportOut {
            report,
            secrets: Vec::new(),
        });
    }
    let secrets = write(tx, vault, lines, &plan)?;
    report.written = true;
    let serials: Vec<&str> = secrets.iter().map(|new| new.serial.as_str()).collect();
    let detail = json!({ "homes": plan.homes.len(), "kin": plan.kin.len(), "serials": serials });
    match caller {
        Some(caller) => audit::record(tx, caller, "callbell_device", "file", detail),
        None => audit::record_system(tx, "import_bells", "callbell_device", "file", detail),
    }
    Ok(BellImportOut { report, secrets })
}

fn write(tx: &Tx, vault: &Vault, lines: &[Line], plan: &Plan) -> Result<Vec<BellSecretOut>, AppError> {
    let entry = |at: usize| lines.get(at).and_then(|line| line.entry.as_ref().ok());
    for (home, at) in &plan.homes {
        let Some(entry) = entry(*at) else { continue };
        let row = homes::new_row(tx, vault, (*home, &entry.place), &entry.home, false)?;
        store::homes::stage(tx, row);
    }
    for (home, ord, at) in &plan.kin {
        let Some(kin) = entry(*at).and_then(Entry::kin) else {
            continue;
        };
        let row = kin_row(tx.ids(), tx.now(), vault, (*home, *ord), kin, None)?;
        store::homes::stage_kin(tx, row);
    }
    let mut secrets = Vec::with_capacity(plan.devices.len());
    for (home, at) in &plan.devices {
        let Some(entry) = entry(*at) else { continue };
        let spot = Spot {
            home_id: Some(*home),
            unit_id: entry.place.id,
            unit_path: entry.place.path.clone(),
        };
        let secret = Secret::make();
        store::devices::stage(tx, device_row(tx, vault, &spot, &entry.device, &secret, false)?);
        secrets.push(BellSecretOut {
            serial: entry.device.serial.clone(),
            secret: secret.text(),
        });
    }
    Ok(secrets)
}

/// Reads a file of any length for the command line. All lines are checked before any is written; they are written in
/// pieces, and a piece that something came in between of is told and left out.
///
/// # Errors
/// When the database does not answer; pieces before that stay written.
pub async fn run_file(desk: &Desk, text: &str, dry_run: bool) -> Result<BellImportOut, AppError> {
    let kit = &desk.kit;
    let reference = desk.reference().await?;
    let lines = read(text, &reference.directory, local_day(kit.now()), kit.now());
    let (checked, _) = plan(kit.db.read(), &kit.vault, &kit.ids, None, &lines).await?;
    if dry_run || checked.wrong > 0 {
        return Ok(BellImportOut {
            report: BellReportOut { dry_run, ..checked },
            secrets: Vec::new(),
        });
    }
    let mut all = BellImportOut::default();
    for piece in lines.chunks(PIECE) {
        let input = (Arc::clone(&kit.vault), None, piece.to_vec(), false);
        let done = kit
            .db
            .write("callbell.import", input, |tx, input| Box::pin(run(tx, input)))
            .await?;
        all.report.written |= done.report.written;
        all.report.created += done.report.created;
        all.report.updated += done.report.updated;
        all.report.unchanged += done.report.unchanged;
        all.report.wrong += done.report.wrong;
        all.report.lines.extend(done.report.lines);
        all.secrets.extend(done.secrets);
    }
    Ok(all)
}
