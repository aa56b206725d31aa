//! When a message is tried again, what an answer means, and when a webhook is switched off. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::MessageState;

/// Seconds between attempts: those of Standard Webhooks, "Deliverability and reliability".
const WAITS_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// A webhook that took nothing for so many days is switched off.
pub const FAILING_DAYS: i64 = 5;
/// After a new secret the one before it signs, too, for so many hours.
pub const FORMER_HOURS: i64 = 24;
/// Days for which it is kept what was delivered, or given up.
pub const KEPT_DAYS: i64 = 30;

/// How long to wait after the attempt of this number; none when it was the last one. `chance` of 0 to 1 spreads those that
/// failed together: up to a fifth more.
#[must_use]
pub fn wait_after(attempt: i32, chance: f64) -> Option<TimeDelta> {
    let at = usize::try_from(attempt.saturating_sub(1)).ok()?;
    let seconds = *WAITS_S.get(at)?;
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a day in milliseconds is far below what a float holds exactly"
    )]
    let spread = (seconds as f64 * 200.0 * chance.clamp(0.0, 1.0)) as i64;
    Some(TimeDelta::milliseconds(seconds * 1000 + spread))
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// The first bytes of the answer.
    pub answer: Option<String>,
    /// Milliseconds that it took.
    pub took_ms: i32,
}

impl Attempted {
    /// Whether the other system has taken the message.
    #[must_use]
    pub fn taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status)) && self.error.is_none()
    }

    /// Whether it wants no more messages (RFC 9110 §15.5.11).
    #[must_use]
    pub fn gone(&self) -> bool {
        self.status == Some(410)
    }

    /// What went wrong, in a word.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        match (&self.error, self.status) {
            (Some(error), _) => Some(error.clone()),
            (None, Some(status)) if (300..400).contains(&status) => {
                Some(format!("answered {status}; redirects are not followed"))
            }
            (None, Some(status)) if !self.taken() => Some(format!("answered {status}")),
            _ => None,
        }
    }
}

/// What becomes of a message after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// How far it got.
    pub state: MessageState,
    /// When it is tried again.
    pub next_at: Option<DateTime<Utc>>,
}

/// What becomes of a message after the attempt of this number.
#[must_use]
pub fn after(attempted: &Attempted, attempt: i32, now: DateTime<Utc>, chance: f64) -> After {
    if attempted.taken() {
        return After {
            state: MessageState::Delivered,
            next_at: None,
        };
    }
    match wait_after(attempt, chance) {
        Some(wait) => After {
            state: MessageState::Pending,
            next_at: Some(now + wait),
        },
        None => After {
            state: MessageState::Dead,
            next_at: None,
        },
    }
}

/// Why a webhook is switched off, after an attempt that failed.
#[must_use]
pub fn off(attempted: &Attempted, failing_since: DateTime<Utc>, now: DateTime<Utc>) -> Option<&'static str> {
    if attempted.gone() {
        return Some("gone");
    }
    (now - failing_since >= TimeDelta::days(FAILING_DAYS)).then_some("failing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attempted(status: u16) -> Attempted {
        Attempted {
            status: Some(status),
            error: None,
            answer: None,
            took_ms: 1,
        }
    }

    #[test]
    fn waits_go_from_seconds_to_a_day() {
        let waits: Vec<i64> = (1..)
            .map_while(|attempt| wait_after(attempt, 0.0))
            .map(|wait| wait.num_seconds())
            .collect();
        assert_eq!((waits.first(), waits.last()), (Some(&5), Some(&86_400)));
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(wait_after(0, 0.5), None);
    }

    #[test]
    fn answers_mean_what_they_say() {
        let now = DateTime::UNIX_EPOCH;
        for status in [200, 201, 204, 299] {
            assert_eq!(
                after(&attempted(status), 1, now, 0.0).state,
                MessageState::Delivered
            );
        }
        for status in [100, 301, 302, 307, 400, 404, 410, 429, 500, 503] {
            let after = after(&attempted(status), 1, now, 0.0);
            assert_eq!(after.state, MessageState::Pending, "{status}");
            assert!(attempted(status).why().is_some());
        }
        assert_eq!(after(&attempted(500), 10, now, 0.0).state, MessageState::Dead);
        assert_eq!(off(&attempted(410), now, now), Some("gone"));
        assert_eq!(off(&attempted(500), now, now + TimeDelta::days(4)), None);
        assert_eq!(
            off(&attempted(500), now, now + TimeDelta::days(5)),
            Some("failing")
        );
    }

    proptest! {
        #[test]
        fn chance_only_adds_a_fifth(attempt in 1_i32..10, chance in 0.0_f64..1.0) {
            let (least, wait) = (wait_after(attempt, 0.0).unwrap(), wait_after(attempt, chance).unwrap());
            prop_assert!(wait >= least && wait <= least * 6 / 5);
        }
    }
}
