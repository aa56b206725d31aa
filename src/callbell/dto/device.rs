//! Wire shapes of devices, and of the file by which many are registered.

use super::home::reason;
use crate::callbell::commands::devices::{Change, NewDevice, Replacement, Secret};
use crate::callbell::store::devices::{Filter, state_at};
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Utc};
use entity::callbell_device;
use entity::id::{DeviceId, HomeId, UnitId};
use entity::kind::{DeviceKind, DeviceState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const SERIAL_FORM: &str = "4 to 40 of A-Z a-z 0-9 - _";
const SERIAL_MAX: usize = 40;
const LOCATION_MAX: usize = 40;
const FIRMWARE_MAX: usize = 40;
/// Seconds between two signs of life: of what hangs on the mains, and of what has a battery.
const HEARTBEATS: (u32, u32) = (300, 3600);
const MINUTES_MAX: u32 = 30;

/// A device to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"serial": "PA-2026-000123", "kind": "bell", "home_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "location": "卧室", "heartbeat_s": 3600, "firmware": "1.4.2"}))]
pub struct DeviceIn {
    /// The serial that stands on it: 4 to 40 letters, digits, hyphens and underscores.
    #[schema(example = "PA-2026-000123", min_length = 4, max_length = 40)]
    pub serial: String,
    /// What it is.
    #[schema(example = "bell")]
    pub kind: DeviceKind,
    /// The home where it is.
    pub home_id: Option<HomeId>,
    /// The community of a device without a home.
    pub unit_id: Option<UnitId>,
    /// Where in the home.
    #[schema(example = "卧室", max_length = 40)]
    pub location: Option<String>,
    /// Seconds between two signs of life; 300 for a hub and 3600 for the others unless given.
    #[schema(example = 3600, minimum = 60, maximum = 86_400)]
    pub heartbeat_s: Option<u32>,
    /// Its firmware.
    #[schema(example = "1.4.2", max_length = 40)]
    pub firmware: Option<String>,
}

/// A device as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceChangeIn {
    /// What it is.
    #[schema(example = "bell")]
    pub kind: DeviceKind,
    /// The home where it is; without one it stays with the community.
    pub home_id: Option<HomeId>,
    /// Where in the home.
    #[schema(example = "卧室", max_length = 40)]
    pub location: Option<String>,
    /// Seconds between two signs of life.
    #[schema(example = 3600, minimum = 60, maximum = 86_400)]
    pub heartbeat_s: u32,
    /// Its firmware.
    #[schema(example = "1.4.2", max_length = 40)]
    pub firmware: Option<String>,
}

/// The device that comes into the place of another; what is left out is as there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacementIn {
    /// The serial that stands on it: 4 to 40 letters, digits, hyphens and underscores.
    #[schema(example = "PA-2026-000124", min_length = 4, max_length = 40)]
    pub serial: String,
    /// What it is.
    #[schema(example = "bell")]
    pub kind: Option<DeviceKind>,
    /// Where in the home.
    #[schema(example = "卧室", max_length = 40)]
    pub location: Option<String>,
    /// Seconds between two signs of life.
    #[schema(example = 3600, minimum = 60, maximum = 86_400)]
    pub heartbeat_s: Option<u32>,
    /// Its firmware.
    #[schema(example = "1.4.2", max_length = 40)]
    pub firmware: Option<String>,
}

/// For how long technical alarms are silenced, and why. A press is never silenced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceIn {
    /// Until when: at most 7 days from now.
    #[schema(example = "2026-11-30T18:00:00+08:00")]
    pub until: DateTime<Utc>,
    /// Why; 3 to 200 characters.
    #[schema(example = "住户外出，断电检修")]
    pub reason: String,
}

/// Why a device is retired.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetirementIn {
    /// Why; 3 to 200 characters.
    #[schema(example = "住户搬离")]
    pub reason: String,
}

/// For how long what is pressed is a test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestWindowIn {
    /// Minutes, 1 to 30.
    #[schema(example = 10, minimum = 1, maximum = 30)]
    pub minutes: u32,
}

/// A device.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceOut {
    /// Key.
    pub id: DeviceId,
    /// The serial that stands on it.
    #[schema(example = "PA-2026-000123")]
    pub serial: String,
    /// What it is.
    pub kind: DeviceKind,
    /// The home where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_id: Option<HomeId>,
    /// The community.
    pub unit_id: UnitId,
    /// Its path.
    #[schema(example = "/440703/440703002/440703002101/")]
    pub unit_path: String,
    /// Where it stands now; a silence ends by itself.
    pub state: DeviceState,
    /// Until when its technical alarms are silenced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced_until: Option<DateTime<Utc>>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced_why: Option<String>,
    /// The device in whose place it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces_id: Option<DeviceId>,
    /// Where in the home.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "卧室")]
    pub location: Option<String>,
    /// Seconds between two signs of life.
    #[schema(example = 3600)]
    pub heartbeat_s: i32,
    /// When it was last heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Since when nothing was heard of it that should have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<DateTime<Utc>>,
    /// Per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 84)]
    pub battery: Option<i32>,
    /// Whether it has mains power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mains_ok: Option<bool>,
    /// Its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1.4.2")]
    pub firmware: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// False alarms have come so often that somebody should look.
    pub visit_wanted: bool,
    /// Until when what is pressed is a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_until: Option<DateTime<Utc>>,
    /// When a test last came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tested_at: Option<DateTime<Utc>>,
    /// Made for demonstration.
    pub synthetic: bool,
    /// Version, as in the `ETag`. What a device tells of itself leaves it as it is.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

/// A device and its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceSecretOut {
    /// The device.
    pub device: DeviceOut,
    /// The secret that it signs with, as Standard Webhooks write it. It is told this once: put it into the device.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: String,
}

/// Which devices to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DevicesQuery {
    /// Only those of this unit and below.
    pub unit_id: Option<UnitId>,
    /// Only those of this home.
    pub home_id: Option<HomeId>,
    /// Only those that stand so now.
    pub state: Option<DeviceState>,
    /// `true`: only those of which nothing is heard that should be; `false`: only the others.
    pub silent: Option<bool>,
    /// Only those whose serial begins so, in capital or small letters.
    pub q: Option<String>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// How to read a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BellImportQuery {
    /// `true`: only tells what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of a line.
///
/// `created` 新建 · `updated` 已补充 · `unchanged` 无变化 · `wrong` 有误
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BellLineOutcome {
    /// The device is registered, and its home where it was not known.
    Created,
    /// The device was there; somebody of the next of kin was added.
    Updated,
    /// Everything is as the line says.
    Unchanged,
    /// The line is wrong.
    Wrong,
}

/// What came of a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BellLineOut {
    /// Which line of the file; the header is 1.
    #[schema(example = 2)]
    pub line: u64,
    /// The serial that stands there.
    #[schema(example = "PA-2026-000123")]
    pub serial: String,
    /// What came of it.
    pub outcome: BellLineOutcome,
    /// What is wrong; values of persons are not repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kin_consent_at is required")]
    pub message: Option<String>,
}

/// What came of a file, line by line. A file with a line that is wrong has changed nothing.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct BellReportOut {
    /// Only told, nothing written.
    pub dry_run: bool,
    /// Whether it was written.
    pub written: bool,
    /// Lines whose device is new.
    pub created: usize,
    /// Lines that added next of kin.
    pub updated: usize,
    /// Lines that changed nothing.
    pub unchanged: usize,
    /// Lines that are wrong.
    pub wrong: usize,
    /// Every line.
    pub lines: Vec<BellLineOut>,
}

/// The secret of a new device.
#[derive(Clone, Serialize, ToSchema)]
pub struct BellSecretOut {
    /// The device's serial.
    #[schema(example = "PA-2026-000123")]
    pub serial: String,
    /// Its secret. It is told this once: put it into the device.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: String,
}

/// What came of a file, and the secrets of the devices that are new.
#[derive(Clone, Default, Serialize, ToSchema)]
pub struct BellImportOut {
    /// What came of each line.
    pub report: BellReportOut,
    /// A secret for each new device.
    pub secrets: Vec<BellSecretOut>,
}

impl DeviceIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewDevice, AppError> {
        let mut fields = Fields::default();
        if self.home_id.is_none() && self.unit_id.is_none() {
            fields.add("/home_id", Rule::Required);
        }
        let new = self.read(&mut fields);
        fields.finish()?;
        Ok(new)
    }

    /// Reads all fields and notes every mistake.
    pub(in crate::callbell) fn read(self, fields: &mut Fields) -> NewDevice {
        let usual = if self.kind == DeviceKind::Hub {
            HEARTBEATS.0
        } else {
            HEARTBEATS.1
        };
        NewDevice {
            serial: serial(fields, &self.serial),
            kind: self.kind,
            home_id: self.home_id,
            unit_id: self.unit_id,
            location: fields.optional("/location", self.location.as_deref(), LOCATION_MAX),
            heartbeat_s: heartbeat(fields, self.heartbeat_s.unwrap_or(usual)),
            firmware: fields.optional("/firmware", self.firmware.as_deref(), FIRMWARE_MAX),
        }
    }
}

impl DeviceChangeIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut fields = Fields::default();
        let change = Change {
            kind: self.kind,
            home_id: self.home_id,
            location: fields.optional("/location", self.location.as_deref(), LOCATION_MAX),
            heartbeat_s: heartbeat(&mut fields, self.heartbeat_s),
            firmware: fields.optional("/firmware", self.firmware.as_deref(), FIRMWARE_MAX),
        };
        fields.finish()?;
        Ok(change)
    }
}

impl ReplacementIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<Replacement, AppError> {
        let mut fields = Fields::default();
        let new = Replacement {
            serial: serial(&mut fields, &self.serial),
            kind: self.kind,
            location: fields.optional("/location", self.location.as_deref(), LOCATION_MAX),
            heartbeat_s: self.heartbeat_s.map(|seconds| heartbeat(&mut fields, seconds)),
            firmware: fields.optional("/firmware", self.firmware.as_deref(), FIRMWARE_MAX),
        };
        fields.finish()?;
        Ok(new)
    }
}

impl SilenceIn {
    /// Checks the reason; whether the end will do is told by the clock of the command.
    pub fn parse(self) -> Result<(DateTime<Utc>, String), AppError> {
        let mut fields = Fields::default();
        let reason = reason(&mut fields, &self.reason);
        fields.finish()?;
        Ok((self.until, reason))
    }
}

impl RetirementIn {
    /// Checks the reason.
    pub fn parse(self) -> Result<String, AppError> {
        let mut fields = Fields::default();
        let reason = reason(&mut fields, &self.reason);
        fields.finish()?;
        Ok(reason)
    }
}

impl TestWindowIn {
    /// Checks the minutes.
    pub fn parse(self) -> Result<u32, AppError> {
        if (1..=MINUTES_MAX).contains(&self.minutes) {
            return Ok(self.minutes);
        }
        let bounds = format!("1..{MINUTES_MAX}");
        Err(AppError::field("/minutes", Rule::Range(bounds)))
    }
}

impl DevicesQuery {
    /// The filter; the path of the unit is for the caller to find.
    pub(in crate::callbell) fn filter(&self, below: Option<String>) -> Result<Filter, AppError> {
        let serial = self.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if serial.is_some_and(|text| text.len() > SERIAL_MAX || !text.chars().all(is_serial)) {
            return Err(AppError::field("?q", Rule::Form("A-Z a-z 0-9 - _, at most 40")));
        }
        Ok(Filter {
            below,
            home_id: self.home_id,
            state: self.state,
            silent: self.silent,
            serial: serial.map(str::to_owned),
        })
    }
}

fn is_serial(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

fn serial(fields: &mut Fields, given: &str) -> String {
    let serial = given.trim();
    if serial.is_empty() {
        fields.add("/serial", Rule::Required);
    } else if !(4..=SERIAL_MAX).contains(&serial.len()) || !serial.chars().all(is_serial) {
        fields.add("/serial", Rule::Form(SERIAL_FORM));
    }
    serial.to_owned()
}

fn heartbeat(fields: &mut Fields, seconds: u32) -> i32 {
    if !(60..=86_400).contains(&seconds) {
        fields.add("/heartbeat_s", Rule::Range("60..86400".into()));
    }
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

impl DeviceOut {
    /// A device as it stands at an instant.
    pub(in crate::callbell) fn new(row: callbell_device::Model, now: DateTime<Utc>) -> Self {
        let state = state_at(&row, now);
        let silenced = state == DeviceState::Silenced;
        Self {
            id: row.id,
            serial: row.serial,
            kind: row.kind,
            home_id: row.home_id,
            unit_id: row.unit_id,
            unit_path: row.unit_path,
            state,
            silenced_until: row.silenced_until.filter(|_| silenced),
            silenced_why: row.silenced_why.filter(|_| silenced),
            replaces_id: row.replaces_id,
            location: row.location,
            heartbeat_s: row.heartbeat_s,
            last_seen_at: row.last_seen_at,
            silent_since: row.silent_since,
            battery: row.battery,
            mains_ok: row.mains_ok,
            firmware: row.firmware,
            fault: row.fault,
            visit_wanted: row.visit_wanted,
            test_until: row.test_until.filter(|until| *until > now),
            tested_at: row.tested_at,
            synthetic: row.synthetic,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

impl DeviceSecretOut {
    /// A device with what is told of it once.
    pub(in crate::callbell) fn new(row: callbell_device::Model, secret: &Secret, now: DateTime<Utc>) -> Self {
        Self {
            device: DeviceOut::new(row, now),
            secret: secret.text(),
        }
    }
}
