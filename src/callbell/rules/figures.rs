//! The figures of the call-bell, of a month and a community: shares that say of how many they are, and times with their
//! worst case, never only a mean. A case counts once it is decided: it happened, or its limit has passed without it.
//!
//! Targets and where they come from: acknowledged within 60 s 97.5 % and 180 s 99 % (TSA), within 30 s (Stiftung
//! Warentest); next of kin within 3 minutes (Warentest); on the scene within 45 and 60 minutes of setting out (TSA), 15 of
//! the press (Chinese practice: 6 to 18); a test a month (26 TAC §279.77). The share of false alarms has none: a target
//! would teach people not to press.

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::CallOutcome;

/// A call as the figures see it; tests are counted apart.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// When the first message was handed over.
    pub told_at: Option<DateTime<Utc>>,
    /// When somebody first took it on.
    pub acked_at: Option<DateTime<Utc>>,
    /// Whether there are next of kin to be told.
    pub has_kin: bool,
    /// When the first message to them was handed over.
    pub kin_at: Option<DateTime<Utc>>,
    /// When a helper set out.
    pub going_at: Option<DateTime<Utc>>,
    /// When one was there.
    pub arrived_at: Option<DateTime<Utc>>,
    /// When it was dealt with.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Whether it was verified by voice that nobody need go there.
    pub by_voice: bool,
    /// How it ended.
    pub outcome: Option<CallOutcome>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that were as they should be.
    pub met: u64,
    /// All that are decided.
    pub of: u64,
}

impl Share {
    /// In per cent, to a tenth; none of nothing.
    #[must_use]
    pub fn percent(self) -> Option<f64> {
        let of = u32::try_from(self.of).ok().filter(|of| *of > 0)?;
        let met = u32::try_from(self.met).ok()?;
        Some((f64::from(met) * 1000.0 / f64::from(of)).round() / 10.0)
    }
}

/// Times in seconds: half of them, nearly all, and the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many there are.
    pub of: u64,
    /// Half are no longer.
    pub p50_s: i64,
    /// 99 of 100 are no longer.
    pub p99_s: i64,
    /// None is longer.
    pub worst_s: i64,
}

/// How long something took.
#[must_use]
pub fn spread(mut seconds: Vec<i64>) -> Spread {
    seconds.sort_unstable();
    // The nearest rank: a time that was taken, not one in between.
    let at = |share: usize| {
        let rank = (seconds.len() * share).div_ceil(100).max(1) - 1;
        seconds.get(rank).copied().unwrap_or(0)
    };
    Spread {
        of: u64::try_from(seconds.len()).unwrap_or(u64::MAX),
        p50_s: at(50),
        p99_s: at(99),
        worst_s: seconds.last().copied().unwrap_or(0),
    }
}

/// What is measured: from when, and until when if it has happened.
pub type Measured = (DateTime<Utc>, Option<DateTime<Utc>>);

/// How often something happened within a limit.
pub fn within(
    facts: &[Fact],
    now: DateTime<Utc>,
    limit_s: i64,
    measured: impl Fn(&Fact) -> Option<Measured>,
) -> Share {
    let limit = TimeDelta::seconds(limit_s);
    let mut share = Share::default();
    for (from, until) in facts.iter().filter_map(measured) {
        let met = until.is_some_and(|until| until - from <= limit);
        if met || until.is_some() || now - from > limit {
            share.of += 1;
            share.met += u64::from(met);
        }
    }
    share
}

/// How long it took where it has happened.
pub fn times(facts: &[Fact], measured: impl Fn(&Fact) -> Option<Measured>) -> Spread {
    let taken = facts.iter().filter_map(measured);
    spread(
        taken
            .filter_map(|(from, until)| Some((until? - from).num_seconds()))
            .collect(),
    )
}

/// From the press to the first message.
#[must_use]
pub fn told(fact: &Fact) -> Option<Measured> {
    Some((fact.opened_at, fact.told_at))
}

/// From the press until somebody has it.
#[must_use]
pub fn acked(fact: &Fact) -> Option<Measured> {
    Some((fact.opened_at, fact.acked_at))
}

/// From the press until the next of kin know.
#[must_use]
pub fn kin(fact: &Fact) -> Option<Measured> {
    fact.has_kin.then_some((fact.opened_at, fact.kin_at))
}

/// From the press until somebody is there; what was settled by voice needed nobody.
#[must_use]
pub fn scene(fact: &Fact) -> Option<Measured> {
    (!fact.by_voice).then_some((fact.opened_at, fact.arrived_at))
}

/// From setting out until one is there.
#[must_use]
pub fn way(fact: &Fact) -> Option<Measured> {
    scene(fact)?;
    fact.going_at.map(|going| (going, fact.arrived_at))
}

/// How many of those that were dealt with were false or pressed by mistake.
#[must_use]
pub fn false_alarms(facts: &[Fact]) -> Share {
    let ended = facts.iter().filter_map(|fact| fact.outcome);
    ended.fold(Share::default(), |share, outcome| Share {
        met: share.met + u64::from(outcome == CallOutcome::FalseAlarm),
        of: share.of + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn fact(acked: Option<i64>) -> Fact {
        Fact {
            opened_at: at(0),
            told_at: Some(at(1)),
            acked_at: acked.map(at),
            has_kin: false,
            kin_at: None,
            going_at: None,
            arrived_at: None,
            resolved_at: None,
            by_voice: false,
            outcome: None,
        }
    }

    #[test]
    fn what_is_not_decided_does_not_count() {
        let facts = [fact(Some(20)), fact(Some(61)), fact(None)];
        assert_eq!(within(&facts, at(30), 60, acked), Share { met: 1, of: 2 });
        assert_eq!(within(&facts, at(61), 60, acked), Share { met: 1, of: 3 });
        assert_eq!(within(&facts, at(61), 60, kin), Share::default());
        assert_eq!(Share { met: 1, of: 3 }.percent(), Some(33.3));
        assert_eq!(Share::default().percent(), None);
    }

    #[test]
    fn what_is_settled_by_voice_needs_nobody_there() {
        let voice = Fact {
            resolved_at: Some(at(90)),
            by_voice: true,
            outcome: Some(CallOutcome::FalseAlarm),
            ..fact(Some(20))
        };
        let visit = Fact {
            going_at: Some(at(60)),
            arrived_at: Some(at(600)),
            ..fact(Some(20))
        };
        let facts = [voice, visit];
        assert_eq!(within(&facts, at(9_000), 900, scene), Share { met: 1, of: 1 });
        assert_eq!(within(&facts, at(9_000), 500, way), Share { met: 0, of: 1 });
        assert_eq!(false_alarms(&facts), Share { met: 1, of: 1 });
    }

    #[test]
    fn the_worst_is_told() {
        let spread = spread((1..=200).collect());
        assert_eq!(
            (spread.of, spread.p50_s, spread.p99_s, spread.worst_s),
            (200, 100, 198, 200)
        );
        assert_eq!(
            super::spread(vec![7]),
            Spread {
                of: 1,
                p50_s: 7,
                p99_s: 7,
                worst_s: 7
            }
        );
        assert_eq!(super::spread(Vec::new()), Spread::default());
    }

    proptest! {
        /// No fewer than the share that its name says are as short as a percentile.
        #[test]
        fn a_percentile_keeps_its_word(seconds in prop::collection::vec(0_i64..10_000, 1..300)) {
            let spread = spread(seconds.clone());
            for (share, limit) in [(50, spread.p50_s), (99, spread.p99_s), (100, spread.worst_s)] {
                let short = seconds.iter().filter(|time| **time <= limit).count();
                prop_assert!(short * 100 >= seconds.len() * share);
            }
        }
    }
}
