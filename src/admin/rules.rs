//! Settings that change at run time, and what each may be. Pure.

use crate::platform::error::Rule;
use crate::settings::{CALLBACK_GRACE_DAYS, SIGNATURE};
use crate::sla::rules::hours::WINDOWS_MAX;
use serde_json::{Value, json};

/// Characters of the signature that a message begins with.
const SIGNATURE_MAX: usize = 20;
/// Days for which a call-back may be left open.
const GRACE_DAYS: std::ops::RangeInclusive<i64> = 1..=60;

/// A setting that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Windows of a working day.
    WorkingHours,
    /// What messages begin with.
    SmsSignature,
    /// Days after which an unanswered call-back closes.
    CallbackGraceDays,
}

impl Known {
    /// All, in reading order.
    pub const ALL: &'static [Self] = &[Self::WorkingHours, Self::SmsSignature, Self::CallbackGraceDays];

    /// Its id in the table and in the path.
    pub const fn id(self) -> &'static str {
        match self {
            Self::WorkingHours => "working_hours",
            Self::SmsSignature => SIGNATURE,
            Self::CallbackGraceDays => CALLBACK_GRACE_DAYS,
        }
    }

    /// The setting of an id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.id() == id)
    }
}

/// What `working_hours` holds, before it is known whether the windows fit each other.
pub fn windows(value: &Value) -> Result<Vec<(String, String)>, Rule> {
    let windows: Vec<(String, String)> = serde_json::from_value(value.clone())
        .map_err(|_| Rule::Form(r#"[["08:30","12:00"],["14:30","17:30"]]"#))?;
    if windows.len() > WINDOWS_MAX {
        return Err(Rule::TooMany(WINDOWS_MAX));
    }
    Ok(windows)
}

/// A signature, trimmed.
pub fn signature(value: &Value) -> Result<Value, Rule> {
    let text = value.as_str().ok_or(Rule::Type("string"))?.trim();
    if text.is_empty() {
        return Err(Rule::Required);
    }
    if text.chars().count() > SIGNATURE_MAX {
        return Err(Rule::TooLong(SIGNATURE_MAX));
    }
    if text.chars().any(char::is_control) {
        return Err(Rule::Form("one line of text"));
    }
    Ok(json!(text))
}

/// Days within their bounds.
pub fn grace_days(value: &Value) -> Result<Value, Rule> {
    let days = value.as_i64().ok_or(Rule::Type("integer"))?;
    if !GRACE_DAYS.contains(&days) {
        return Err(Rule::Range(format!(
            "{}..{}",
            GRACE_DAYS.start(),
            GRACE_DAYS.end()
        )));
    }
    Ok(json!(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_by_its_id() {
        for known in Known::ALL {
            assert_eq!(Known::from_id(known.id()), Some(*known));
        }
        assert_eq!(Known::from_id("reference"), None);
    }

    #[test]
    fn windows_are_pairs_of_texts() {
        assert_eq!(windows(&json!([["08:30", "12:00"]])).unwrap().len(), 1);
        for bad in [json!("08:30"), json!([["08:30"]]), json!([[8, 12]]), json!(null)] {
            assert!(matches!(windows(&bad), Err(Rule::Form(_))), "{bad}");
        }
        assert_eq!(
            windows(&json!(vec![["08:30", "12:00"]; 9])),
            Err(Rule::TooMany(8))
        );
    }

    #[test]
    fn a_signature_is_a_short_line() {
        assert_eq!(signature(&json!(" 蓬江12345 ")), Ok(json!("蓬江12345")));
        assert_eq!(signature(&json!(7)), Err(Rule::Type("string")));
        assert_eq!(signature(&json!("  ")), Err(Rule::Required));
        assert_eq!(signature(&json!("长".repeat(21))), Err(Rule::TooLong(20)));
        assert!(signature(&json!("a\nb")).is_err());
        assert!(signature(&json!("a\u{0}b")).is_err());
    }

    #[test]
    fn days_have_bounds() {
        assert_eq!(grace_days(&json!(1)), Ok(json!(1)));
        assert_eq!(grace_days(&json!(60)), Ok(json!(60)));
        assert_eq!(grace_days(&json!(1.5)), Err(Rule::Type("integer")));
        assert!(grace_days(&json!(0)).is_err());
        assert!(grace_days(&json!(61)).is_err());
    }
}
