//! When a message is tried again. Pure.

use chrono::TimeDelta;
use entity::kind::Lane;

/// Which lanes a worker sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Of emergency calls: it has a worker of its own, so that no mass of other messages stands before it.
    Emergency,
    /// All others.
    Others,
}

/// Seconds that a sender may take before another one may try.
#[must_use]
pub const fn lease_s(lanes: Lanes) -> i64 {
    match lanes {
        Lanes::Emergency => 15,
        Lanes::Others => 60,
    }
}

/// Messages that are taken at a time.
#[must_use]
pub const fn batch(lanes: Lanes) -> u64 {
    match lanes {
        // All of them side by side, so that one that hangs holds up none.
        Lanes::Emergency => 32,
        Lanes::Others => 100,
    }
}

/// How many of them are sent side by side.
#[must_use]
pub const fn parallel(lanes: Lanes) -> usize {
    match lanes {
        Lanes::Emergency => 32,
        Lanes::Others => 5,
    }
}

/// Seconds after which a channel that does not answer has failed; none but those of every request to another server
/// where nobody is waiting for help. The next channel is tried then, well within ten seconds of the first attempt.
#[must_use]
pub const fn patience_s(lanes: Lanes) -> Option<u64> {
    match lanes {
        Lanes::Emergency => Some(4),
        Lanes::Others => None,
    }
}

/// How long to wait after the attempt of this number; `None` when it was the last one. In an emergency there is no last
/// one: it ends when somebody has taken the call on.
#[must_use]
pub fn wait_after(lane: Lane, attempt: i32) -> Option<TimeDelta> {
    const WAITS_S: [i64; 7] = [5, 30, 120, 600, 3600, 21_600, 86_400];
    const EMERGENCY_S: [i64; 5] = [5, 5, 10, 10, 30];
    let at = usize::try_from(attempt.saturating_sub(1)).ok()?;
    let seconds = match lane {
        Lane::Emergency => Some(EMERGENCY_S.get(at).copied().unwrap_or(60)),
        _ => WAITS_S.get(at).copied(),
    };
    seconds.map(TimeDelta::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<TimeDelta> = (1..)
            .map_while(|attempt| wait_after(Lane::Normal, attempt))
            .collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(waits.len(), 7);
        assert_eq!(wait_after(Lane::Urgent, 0), None);
    }

    #[test]
    fn an_emergency_is_tried_for_ever_and_never_waits_long() {
        for attempt in 1..10_000 {
            let wait = wait_after(Lane::Emergency, attempt);
            assert!(
                wait.is_some_and(|wait| wait <= TimeDelta::seconds(60)),
                "{attempt}"
            );
        }
    }
}
