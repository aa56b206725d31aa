//! What a device's words make of what is known of it. Words come in any order and more than once: on each thing the
//! newest word holds, by the device's own count, so that the order in which they came in does not matter.

use super::message::Message;
use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{AlarmKind, BellKind};

/// A device is silent once so many signs of life in a row have not come.
pub const MISSED: i32 = 3;
/// A count that falls by more has begun anew: no message is on its way that long.
const BEGUN_ANEW: i64 = 1_000;
/// Per cent from which on a battery is low.
pub const LOW_BATTERY: i32 = 20;

/// When a device that is heard now counts as silent.
#[must_use]
pub fn silent_at(heartbeat_s: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(i64::from(heartbeat_s) * i64::from(MISSED))
}

/// Whether a word is newer than the one that is known. A device that does not count is taken at its last word.
fn is_newer(seq: Option<i64>, known: Option<i64>) -> bool {
    match (seq, known) {
        (Some(seq), Some(known)) => seq > known || known - seq > BEGUN_ANEW,
        _ => true,
    }
}

/// What is known of a device by its own words. A number beside a thing is that of the message that told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Seconds between two signs of life.
    pub heartbeat_s: i32,
    /// When it was last heard.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When it counts as silent, unless it is heard before.
    pub silent_at: Option<DateTime<Utc>>,
    /// Since when it is.
    pub silent_since: Option<DateTime<Utc>>,
    /// The highest number of a message.
    pub last_seq: Option<i64>,
    /// Per cent.
    pub battery: Option<i32>,
    /// Its number.
    pub battery_seq: Option<i64>,
    /// Whether it has mains.
    pub mains_ok: Option<bool>,
    /// Its number.
    pub mains_seq: Option<i64>,
    /// Firmware.
    pub firmware: Option<String>,
    /// Its number.
    pub firmware_seq: Option<i64>,
    /// What is wrong.
    pub fault: Option<String>,
    /// Its number.
    pub fault_seq: Option<i64>,
    /// When it was last tested.
    pub tested_at: Option<DateTime<Utc>>,
}

/// What may have to be told of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It begins: of what kind, and what is known of it.
    Begins(AlarmKind, String),
    /// It is over.
    IsOver(AlarmKind),
}

/// What has begun and what is over between two standings of a device.
#[must_use]
pub fn findings(before: &Standing, now: &Standing) -> Vec<Finding> {
    let mut found = Vec::new();
    if before.silent_since.is_some() && now.silent_since.is_none() {
        found.push(Finding::IsOver(AlarmKind::Silent));
    }
    if now.tested_at != before.tested_at {
        found.push(Finding::IsOver(AlarmKind::TestOverdue));
    }
    let low = |standing: &Standing| standing.battery.is_some_and(|left| left <= LOW_BATTERY);
    match (low(before), low(now)) {
        (false, true) => {
            let left = now.battery.map(|left| format!("剩余{left}%"));
            found.push(Finding::Begins(AlarmKind::LowBattery, left.unwrap_or_default()));
        }
        (true, false) => found.push(Finding::IsOver(AlarmKind::LowBattery)),
        _ => {}
    }
    match (before.mains_ok, now.mains_ok) {
        (Some(true) | None, Some(false)) => {
            found.push(Finding::Begins(AlarmKind::MainsLost, String::new()));
        }
        (Some(false), Some(true)) => found.push(Finding::IsOver(AlarmKind::MainsLost)),
        _ => {}
    }
    if now.fault.is_some() && (now.fault_seq != before.fault_seq || now.fault != before.fault) {
        let what = now.fault.clone().unwrap_or_default();
        found.push(Finding::Begins(AlarmKind::Fault, what));
    }
    found
}

/// Takes in what a message tells of its device.
pub fn hear(device: &mut Standing, message: &Message, now: DateTime<Utc>) {
    device.last_seen_at = Some(now);
    device.silent_since = None;
    device.silent_at = Some(silent_at(device.heartbeat_s, now));
    let seq = message.seq;
    if is_newer(seq, device.last_seq) {
        device.last_seq = seq.or(device.last_seq);
    }
    let battery = match message.kind {
        BellKind::LowBattery => Some(message.battery.unwrap_or(0)),
        _ => message.battery,
    };
    if battery.is_some() && is_newer(seq, device.battery_seq) {
        device.battery = battery;
        device.battery_seq = seq.or(device.battery_seq);
    }
    let mains = match message.kind {
        BellKind::MainsLost => Some(false),
        BellKind::MainsBack => Some(true),
        _ => message.mains,
    };
    if mains.is_some() && is_newer(seq, device.mains_seq) {
        device.mains_ok = mains;
        device.mains_seq = seq.or(device.mains_seq);
    }
    if message.firmware.is_some() && is_newer(seq, device.firmware_seq) {
        device.firmware.clone_from(&message.firmware);
        device.firmware_seq = seq.or(device.firmware_seq);
    }
    if matches!(message.kind, BellKind::Tamper | BellKind::Fault) && is_newer(seq, device.fault_seq) {
        let detail = message.detail.clone();
        device.fault = detail.or_else(|| Some(message.kind.chinese().to_owned()));
        device.fault_seq = seq.or(device.fault_seq);
    }
    if message.kind == BellKind::Test {
        device.tested_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn device() -> Standing {
        Standing {
            heartbeat_s: 60,
            ..Standing::default()
        }
    }

    fn message(seq: Option<i64>, kind: BellKind, battery: Option<i32>, mains: Option<bool>) -> Message {
        Message {
            event_id: "1".into(),
            device_id: "B1".into(),
            kind,
            seq,
            device_time: None,
            location: None,
            battery,
            mains,
            firmware: None,
            detail: None,
            clock_unreadable: false,
        }
    }

    #[test]
    fn three_signs_of_life_must_be_missed() {
        let mut heard = device();
        hear(
            &mut heard,
            &message(Some(1), BellKind::Heartbeat, None, None),
            at(0),
        );
        assert_eq!(heard.silent_at, Some(at(180)));
    }

    #[test]
    fn a_device_that_counts_from_the_beginning_again_is_heard() {
        let mut heard = device();
        hear(
            &mut heard,
            &message(Some(50_000), BellKind::Heartbeat, Some(80), None),
            at(0),
        );
        hear(
            &mut heard,
            &message(Some(2), BellKind::LowBattery, Some(4), None),
            at(1),
        );
        assert_eq!((heard.battery, heard.last_seq), (Some(4), Some(2)));
    }

    fn messages() -> impl Strategy<Value = Vec<Message>> {
        let kind = proptest::sample::select(BellKind::ALL.to_vec());
        let one = (
            kind,
            prop::option::of(0_i32..100),
            prop::option::of(any::<bool>()),
        );
        prop::collection::vec(one, 1..20).prop_map(|all| {
            all.into_iter()
                .zip(1..)
                .map(|((kind, battery, mains), seq)| message(Some(seq), kind, battery, mains))
                .collect()
        })
    }

    proptest! {
        /// However messages are doubled and mixed, what is known of the device in the end is the same.
        #[test]
        fn the_order_does_not_matter(messages in messages(), mix in prop::collection::vec(any::<prop::sample::Index>(), 0..60)) {
            let mut straight = device();
            for message in &messages {
                hear(&mut straight, message, at(0));
            }
            let mut mixed = device();
            let doubled = mix.iter().map(|index| index.get(&messages));
            for message in doubled.chain(messages.iter().rev()) {
                hear(&mut mixed, message, at(0));
            }
            prop_assert_eq!(straight, mixed);
        }
    }
}
