//! What a device says, in JSON. Only what is needed to help is required; what is not understood is no reason to be
//! deaf.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use entity::kind::BellKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The longest body of a message, in bytes.
pub const MOST_BYTES: usize = 4096;
/// A device's clock that is off by more hours than this is marked, and never a reason to refuse.
const CLOCK_OFF_H: i64 = 24;

/// A message of a device. Further members are allowed: firmware is older than this service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Made once an event: the same when it is sent again. It is the id that is signed, too.
    #[schema(example = "01KB0M6T7Q8Z5W3R2N1P0X9Y8V", min_length = 1, max_length = 64)]
    pub event_id: String,
    /// The serial number of the device.
    #[schema(example = "DEMO-BELL-1")]
    pub device_id: String,
    /// What happened.
    pub kind: BellKind,
    /// Counted up by the device.
    #[serde(default, deserialize_with = "if_it_fits")]
    pub seq: Option<i64>,
    /// By the device's own clock.
    #[serde(default, deserialize_with = "if_it_fits")]
    pub device_time: Option<DateTime<Utc>>,
    /// Where in the home: kitchen, bedroom. At most 200 bytes are kept.
    #[schema(example = "卧室")]
    #[serde(default, deserialize_with = "if_it_fits")]
    pub location: Option<String>,
    /// Per cent.
    #[serde(default, deserialize_with = "if_it_fits")]
    pub battery: Option<i32>,
    /// Whether it has mains.
    #[serde(default, deserialize_with = "if_it_fits")]
    pub mains: Option<bool>,
    /// Firmware. At most 200 bytes are kept.
    #[serde(default, deserialize_with = "if_it_fits")]
    pub firmware: Option<String>,
    /// What is wrong, of `fault`. At most 200 bytes are kept.
    #[serde(default, deserialize_with = "if_it_fits")]
    pub detail: Option<String>,
    /// Whether a time was told that is none.
    #[serde(skip)]
    pub clock_unreadable: bool,
}

/// What is not needed to help, and can't be read, is as if it had not been said.
fn if_it_fits<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// The longest text of a device that is kept, in bytes.
const MOST_TEXT: usize = 200;

/// A text as far as it is kept: printable, and not too long.
fn kept(text: String) -> Option<String> {
    let mut text: String = text.chars().filter(|c| !c.is_control()).collect();
    while text.len() > MOST_TEXT {
        text.pop();
    }
    Some(text).filter(|text| !text.is_empty())
}

impl Message {
    /// Reads a body.
    ///
    /// # Errors
    /// What the parser said, or which member is too long.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let mut message: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let of_length = |text: &str, most: usize| !text.is_empty() && text.len() <= most;
        let printable = |text: &str| text.chars().all(|c| !c.is_control());
        if !of_length(&message.event_id, 64) || !message.event_id.chars().all(|c| c.is_ascii_graphic()) {
            return Err("event_id: 1 to 64 printable ASCII characters".to_owned());
        }
        if !of_length(&message.device_id, 40) || !printable(&message.device_id) {
            return Err("device_id: 1 to 40 bytes".to_owned());
        }
        for text in [&mut message.location, &mut message.firmware, &mut message.detail] {
            *text = text.take().and_then(kept);
        }
        // What no database keeps is no time.
        message.device_time = message
            .device_time
            .filter(|at| (1970..=9999).contains(&at.year()));
        message.clock_unreadable = message.device_time.is_none() && names_a_time(body);
        Ok(message)
    }

    /// Whether the device's clock can't be right.
    #[must_use]
    pub fn clock_is_suspect(&self, now: DateTime<Utc>) -> bool {
        let off = self.device_time.map(|at| (now - at).abs());
        self.clock_unreadable || off.is_some_and(|off| off > TimeDelta::hours(CLOCK_OFF_H))
    }
}

/// Whether a body says a time at all.
fn names_a_time(body: &[u8]) -> bool {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.is_some_and(|value| !value["device_time"].is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Message, String> {
        Message::parse(text.as_bytes())
    }

    #[test]
    fn the_least_that_is_needed_is_enough() {
        let message = parse(r#"{"event_id": "1", "device_id": "B1", "kind": "press"}"#).unwrap();
        assert_eq!((message.kind, message.seq), (BellKind::Press, None));
        assert!(
            parse(r#"{"event_id": "1", "device_id": "B1", "kind": "press", "new_in_firmware_9": {}}"#)
                .is_ok()
        );
    }

    #[test]
    fn what_is_not_needed_to_help_may_be_odd() {
        let odd = [
            r#""device_time": "2026-11-26 08:00:00""#,
            r#""device_time": 1795680000"#,
            r#""device_time": "0000-00-00""#,
            r#""device_time": "-4000-01-01T00:00:00Z""#,
            r#""battery": 87.5, "device_time": "x""#,
            r#""seq": "7", "mains": "yes", "location": 3, "device_time": false"#,
        ];
        let now: DateTime<Utc> = "2026-11-26T08:00:00Z".parse().unwrap();
        for part in odd {
            let message = parse(&format!(
                r#"{{"event_id": "1", "device_id": "B1", "kind": "press", {part}}}"#
            ))
            .unwrap();
            assert!(message.clock_is_suspect(now), "{part}");
            assert_eq!(
                (message.device_time, message.battery, message.seq),
                (None, None, None),
                "{part}"
            );
        }
        let long = format!(
            r#"{{"event_id": "1", "device_id": "B1", "kind": "press", "location": "{}\u0000"}}"#,
            "房".repeat(100)
        );
        let message = parse(&long).unwrap();
        assert_eq!(message.location.map(|text| text.len()), Some(198));
        assert!(
            !parse(r#"{"event_id": "1", "device_id": "B1", "kind": "press"}"#)
                .unwrap()
                .clock_is_suspect(now)
        );
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (bad, what) in [
            ("", "EOF"),
            ("[]", "invalid length"),
            (r#"{"event_id": "1", "device_id": "B1"}"#, "kind"),
            (r#"{"event_id": "1", "device_id": "B1", "kind": "sing"}"#, "sing"),
            (
                r#"{"event_id": "", "device_id": "B1", "kind": "press"}"#,
                "event_id",
            ),
            (
                r#"{"event_id": "1 2", "device_id": "B1", "kind": "press"}"#,
                "event_id",
            ),
            (
                r#"{"event_id": "1", "device_id": "", "kind": "press"}"#,
                "device_id",
            ),
        ] {
            let told = parse(bad).unwrap_err();
            assert!(told.contains(what), "{bad}: {told}");
        }
    }

    #[test]
    fn a_wrong_clock_is_marked() {
        let now: DateTime<Utc> = "2026-11-26T08:00:00Z".parse().unwrap();
        let at = |time: &str| {
            let text = format!(
                r#"{{"event_id": "1", "device_id": "B1", "kind": "press", "device_time": "{time}"}}"#
            );
            parse(&text).unwrap().clock_is_suspect(now)
        };
        assert!(at("1970-01-01T00:00:00Z") && at("2099-01-01T00:00:00Z"));
        assert!(!at("2026-11-26T07:59:58Z") && !at("2026-11-25T08:00:01Z"));
    }
}
