//! Types of events, and patterns by which somebody chooses among them. Pure.

use entity::kind::{CallEntryKind, EntryKind};

/// What the type of a test message is: no event of the log.
pub const TEST: &str = "webhook.test";
/// What happens to technical alarms.
const ALARMS: &[&str] = &["opened", "taken", "climbed", "settled"];
/// What happens to phone calls.
const PHONE: &[&str] = &[
    "ringing",
    "answered",
    "transferred",
    "ended",
    "abandoned",
    "called_back",
    "called_again",
];

/// Every type of event that there may be, in reading order.
#[must_use]
pub fn all() -> Vec<String> {
    // Tickets of former systems are no news.
    let told = EntryKind::ALL.iter().filter(|kind| **kind != EntryKind::Imported);
    let tickets = told.map(|kind| format!("ticket.{kind}"));
    let calls = CallEntryKind::ALL.iter().map(|kind| format!("call.{kind}"));
    let phone = PHONE.iter().map(|what| format!("phone_call.{what}"));
    let alarms = ALARMS.iter().map(|what| format!("bell_alarm.{what}"));
    tickets.chain(calls).chain(alarms).chain(phone).collect()
}

/// Chosen types: whole ones, or all of a kind of thing as `ticket.*`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Types(Vec<String>);

impl Types {
    /// Reads patterns.
    ///
    /// # Errors
    /// The place of the first that chooses nothing.
    pub fn parse(patterns: &[String]) -> Result<Self, usize> {
        let all = all();
        for (at, pattern) in patterns.iter().enumerate() {
            if !all.iter().any(|kind| fits(pattern, kind)) {
                return Err(at);
            }
        }
        Ok(Self(patterns.to_vec()))
    }

    /// As they are kept; what no longer chooses anything does no harm.
    #[must_use]
    pub fn kept(patterns: Vec<String>) -> Self {
        Self(patterns)
    }

    /// The patterns.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// Whether a type is chosen.
    #[must_use]
    pub fn choose(&self, kind: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, kind))
    }
}

fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(beginning) => beginning.ends_with('.') && kind.starts_with(beginning),
        None => pattern == kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_whole_words() {
        let types = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
            Types::parse(&patterns)
        };
        let some = types(&["ticket.closed", "call.*"]).unwrap();
        assert!(some.choose("ticket.closed") && some.choose("call.opened"));
        assert!(
            !some.choose("ticket.closed_again")
                && !some.choose("ticket.signed")
                && !some.choose("callx.opened")
        );
        assert!(types(&["*"]).unwrap().choose("bell_alarm.opened"));
        assert_eq!(types(&["ticket.*", "tick*"]), Err(1));
        assert_eq!(types(&["ticket.unheard_of"]), Err(0));
        assert!(!types(&[]).unwrap().choose("ticket.closed"));
    }

    #[test]
    fn each_type_is_there_once() {
        let mut kinds = all();
        let count = kinds.len();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
        assert!(!kinds.iter().any(|kind| kind == TEST));
    }
}
