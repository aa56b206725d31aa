//! What a device says, in JSON. Only what is needed to help is required; what is not understood is no reason to be
//! deaf.

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::BellKind;
use serde::{Deserialize, Serialize};
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
    pub seq: Option<i64>,
    /// By the device's own clock.
    pub device_time: Option<DateTime<Utc>>,
    /// Where in the home: kitchen, bedroom.
    #[schema(example = "卧室")]
    pub location: Option<String>,
    /// Per cent.
    pub battery: Option<i32>,
    /// Whether it has mains.
    pub mains: Option<bool>,
    /// Firmware.
    pub firmware: Option<String>,
    /// What is wrong, of `fault`.
    pub detail: Option<String>,
}

impl Message {
    /// Reads a body.
    ///
    /// # Errors
    /// What the parser said, or which member is too long.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let message: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let of_length = |text: &str, most: usize| !text.is_empty() && text.len() <= most;
        let printable = |text: &str| text.chars().all(|c| !c.is_control());
        if !of_length(&message.event_id, 64) || !message.event_id.chars().all(|c| c.is_ascii_graphic()) {
            return Err("event_id: 1 to 64 printable ASCII characters".to_owned());
        }
        if !of_length(&message.device_id, 40) || !printable(&message.device_id) {
            return Err("device_id: 1 to 40 bytes".to_owned());
        }
        for (name, text) in [
            ("location", &message.location),
            ("firmware", &message.firmware),
            ("detail", &message.detail),
        ] {
            if text
                .as_ref()
                .is_some_and(|text| text.len() > 200 || !printable(text))
            {
                return Err(format!("{name}: at most 200 bytes"));
            }
        }
        Ok(message)
    }

    /// Whether the device's clock can't be right.
    #[must_use]
    pub fn clock_is_suspect(&self, now: DateTime<Utc>) -> bool {
        let off = self.device_time.map(|at| (now - at).abs());
        off.is_some_and(|off| off > TimeDelta::hours(CLOCK_OFF_H))
    }
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
