//! From what is heard of a call to the call: whatever the order, and however often. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{PhoneCallState, PhoneEventKind};

/// Attempts to call back, after which nobody need try again.
pub const ATTEMPTS: i32 = 3;
/// Who hangs up within so many seconds did not wait for anybody: told apart in figures.
pub const SHORT_S: i64 = 5;
/// Of a call that rings, waits in a queue or talks something is heard again within so long; else its end was lost on the way.
pub const RINGS: TimeDelta = TimeDelta::minutes(30);
pub const TALKS: TimeDelta = TimeDelta::hours(6);

/// Something that was heard of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What happened.
    pub kind: PhoneEventKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Who has the call, or whose telephone rings.
    pub agent: Option<String>,
    /// The number of who calls, in one form.
    pub caller: Option<String>,
    /// The number that was called.
    pub line: Option<String>,
    /// Where the recording is kept.
    pub recording: Option<String>,
}

/// What is known of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// When it rang first.
    pub ringing_at: Option<DateTime<Utc>>,
    /// When it was answered first.
    pub answered_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was given up that its end will be heard.
    pub given_up_at: Option<DateTime<Utc>>,
    /// Who had it since when, in order.
    pub agents: Vec<(DateTime<Utc>, String)>,
    /// The number of who calls.
    pub caller: Option<String>,
    /// The number that was called.
    pub line: Option<String>,
    /// Where the recording is kept.
    pub recording: Option<String>,
}

impl Call {
    /// Takes in what was heard. The result is the same in whatever order, and however often: of instants the first
    /// counts, of the end the last, and of texts that contradict each other always the same.
    pub fn hear(&mut self, heard: &Heard) {
        let first = |known: Option<DateTime<Utc>>| Some(known.map_or(heard.at, |known| known.min(heard.at)));
        let known_answer = self.answered_at;
        match heard.kind {
            PhoneEventKind::Ringing => self.ringing_at = first(self.ringing_at),
            PhoneEventKind::Answered => self.answered_at = first(self.answered_at),
            PhoneEventKind::Ended => self.ended_at = self.ended_at.max(Some(heard.at)),
            PhoneEventKind::Transferred => {}
        }
        // It goes on after all; that it was answered may be heard late, while they talk.
        let answered = heard.kind == PhoneEventKind::Answered && known_answer.is_none();
        self.given_up_at = self
            .given_up_at
            .filter(|given_up| heard.at <= *given_up && !answered);
        if let Some(agent) = &heard.agent {
            let had = (heard.at, agent.clone());
            if let Err(place) = self.agents.binary_search(&had) {
                self.agents.insert(place, had);
            }
        }
        keep(&mut self.caller, heard.caller.as_ref());
        keep(&mut self.line, heard.line.as_ref());
        keep(&mut self.recording, heard.recording.as_ref());
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> PhoneCallState {
        match (self.answered_at, self.over_at()) {
            (None, None) => PhoneCallState::Ringing,
            (Some(_), None) => PhoneCallState::Talking,
            (Some(_), Some(_)) => PhoneCallState::Ended,
            (None, Some(_)) => PhoneCallState::Abandoned,
        }
    }

    /// When it ended, or was given up.
    #[must_use]
    pub fn over_at(&self) -> Option<DateTime<Utc>> {
        self.ended_at.or(self.given_up_at)
    }

    /// Gives it up where nothing was heard of it for too long. Whether it did.
    pub fn give_up(&mut self, heard_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let most = match self.state() {
            PhoneCallState::Ringing => RINGS,
            PhoneCallState::Talking => TALKS,
            PhoneCallState::Ended | PhoneCallState::Abandoned => return false,
        };
        let lost = now - heard_at >= most;
        if lost {
            self.given_up_at = Some(now);
        }
        lost
    }

    /// Who has it, or had it last.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        self.agents.last().map(|(_, agent)| agent.as_str())
    }

    /// How long who called waited until somebody answered.
    #[must_use]
    pub fn waited(&self) -> Option<TimeDelta> {
        Some((self.answered_at? - self.ringing_at?).max(TimeDelta::zero()))
    }

    /// How long they talked.
    #[must_use]
    pub fn talked(&self) -> Option<TimeDelta> {
        Some((self.ended_at? - self.answered_at?).max(TimeDelta::zero()))
    }

    /// Whether who called hung up before anybody could answer.
    #[must_use]
    pub fn is_short(&self) -> bool {
        let rang = self
            .ringing_at
            .zip(self.ended_at)
            .map(|(rang, ended)| ended - rang);
        self.answered_at.is_none() && rang.is_some_and(|rang| rang < TimeDelta::seconds(SHORT_S))
    }
}

fn keep(known: &mut Option<String>, heard: Option<&String>) {
    if heard > known.as_ref() {
        *known = heard.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heard() -> impl Strategy<Value = Heard> {
        let word = || proptest::option::of("[a-c]");
        let kind = proptest::sample::select(PhoneEventKind::ALL);
        (kind, 0_i64..60, word(), word(), word(), word()).prop_map(
            |(kind, at, agent, caller, line, recording)| Heard {
                kind,
                at: DateTime::UNIX_EPOCH + TimeDelta::seconds(at),
                agent,
                caller,
                line,
                recording,
            },
        )
    }

    fn call(heard: &[Heard]) -> Call {
        let mut call = Call::default();
        for heard in heard {
            call.hear(heard);
        }
        call
    }

    proptest! {
        /// Events lost on the way come again, and overtake each other.
        #[test]
        fn neither_order_nor_repeats_matter(
            (events, mixed) in proptest::collection::vec(heard(), 0..8).prop_flat_map(|events| {
                let twice: Vec<Heard> = events.iter().chain(&events).cloned().collect();
                (Just(events), Just(twice).prop_shuffle())
            }),
        ) {
            prop_assert_eq!(call(&events), call(&mixed));
        }
    }

    fn at(kind: PhoneEventKind, second: i64, agent: Option<&str>) -> Heard {
        Heard {
            kind,
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            agent: agent.map(str::to_owned),
            caller: None,
            line: None,
            recording: None,
        }
    }

    #[test]
    fn a_call_whose_end_is_lost_does_not_ring_for_ever() {
        use PhoneEventKind as K;
        let minute = |minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let mut rings = call(&[at(K::Ringing, 0, None)]);
        assert!(!rings.give_up(minute(0), minute(29)) && rings.give_up(minute(0), minute(30)));
        assert_eq!(
            (rings.state(), rings.is_short()),
            (PhoneCallState::Abandoned, false)
        );
        // Heard late, it was another end than was thought; heard of later, it goes on.
        let mut late = rings.clone();
        late.hear(&at(K::Ended, 3, None));
        assert_eq!(
            (late.state(), late.over_at(), late.is_short()),
            (PhoneCallState::Abandoned, late.ended_at, true)
        );
        let mut told_late = rings.clone();
        told_late.hear(&at(K::Answered, 60, None));
        assert_eq!(told_late.state(), PhoneCallState::Talking);
        rings.hear(&at(K::Answered, 31 * 60, None));
        assert_eq!(rings.state(), PhoneCallState::Talking);
        assert!(!rings.give_up(minute(31), minute(31 + 359)) && rings.give_up(minute(31), minute(31 + 360)));
        assert_eq!((rings.state(), rings.talked()), (PhoneCallState::Ended, None));
        assert!(!rings.give_up(minute(0), minute(10_000)));
    }

    #[test]
    fn a_call_is_told_by_what_was_heard_so_far() {
        use PhoneEventKind as K;
        let ended_first = call(&[at(K::Ended, 90, None)]);
        assert_eq!(ended_first.state(), PhoneCallState::Abandoned);
        let whole = call(&[
            at(K::Ended, 90, None),
            at(K::Answered, 12, Some("a")),
            at(K::Transferred, 40, Some("b")),
            at(K::Ringing, 2, None),
        ]);
        assert_eq!(whole.state(), PhoneCallState::Ended);
        assert_eq!(
            (whole.waited(), whole.talked()),
            (Some(TimeDelta::seconds(10)), Some(TimeDelta::seconds(78)))
        );
        assert_eq!(whole.agent(), Some("b"));
        let short = call(&[at(K::Ringing, 0, None), at(K::Ended, 4, None)]);
        assert!(short.is_short() && !whole.is_short());
        assert!(!call(&[at(K::Ringing, 0, None), at(K::Ended, 5, None)]).is_short());
    }
}
