//! How much one program, or one resident's app, may ask in a minute, so that one that runs wild does not take the service from
//! the others. Each instance counts for itself. Staff are not limited: a busy hour is what they are there for.

use super::config::LimitsConfig;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use uuid::Uuid;

/// Seconds of a window.
const WINDOW_S: u32 = 60;
/// So many are remembered; then those who did not ask lately are forgotten.
const REMEMBERED: usize = 10_000;

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A program's.
    Client(Uuid),
    /// A resident's.
    Resident(Uuid),
}

/// What is left to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    name: &'static str,
    most: u32,
    rest: u32,
    /// Seconds until the request may be sent again; none where it may go on.
    pub wait_s: Option<u64>,
}

impl Left {
    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 2] {
        let Self { name, most, rest, .. } = self;
        let whole = self
            .wait_s
            .unwrap_or_else(|| u64::from((most - rest).saturating_mul(WINDOW_S) / most.max(&1)));
        [
            ("ratelimit-policy", format!("\"{name}\";q={most};w={WINDOW_S}")),
            ("ratelimit", format!("\"{name}\";r={rest};t={whole}")),
        ]
    }
}

type Limiter = RateLimiter<Uuid, HashMapStateStore<Uuid>, DefaultClock, StateInformationMiddleware>;

/// Counts requests.
pub struct Limits {
    clients: Option<(NonZeroU32, Limiter)>,
    residents: Option<(NonZeroU32, Limiter)>,
}

impl Limits {
    /// By the configuration; 0 is no limit.
    #[must_use]
    pub fn new(config: &LimitsConfig) -> Self {
        let limiter = |most: u32| {
            let most = NonZeroU32::new(most)?;
            let limiter = RateLimiter::hashmap(Quota::per_minute(most));
            Some((most, limiter.with_middleware::<StateInformationMiddleware>()))
        };
        Self {
            clients: limiter(config.client_per_minute),
            residents: limiter(config.resident_per_minute),
        }
    }

    /// Counts a request; nothing where it is not limited.
    #[must_use]
    pub fn count(&self, whose: Whose) -> Option<Left> {
        let (name, limit, id) = match whose {
            Whose::Client(id) => ("client", &self.clients, id),
            Whose::Resident(id) => ("resident", &self.residents, id),
        };
        let (most, limiter) = limit.as_ref()?;
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        let (rest, wait_s) = match limiter.check_key(&id) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(not_yet) => {
                let wait = not_yet.wait_time_from(DefaultClock::default().now());
                (0, Some(wait.as_secs() + 1))
            }
        };
        Some(Left {
            name,
            most: most.get(),
            rest,
            wait_s,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_much_waits_and_nobody_else() {
        let limits = Limits::new(&LimitsConfig {
            client_per_minute: 3,
            resident_per_minute: 0,
        });
        let one = Whose::Client(Uuid::from_u128(1));
        let left: Vec<u32> = (0..3).map(|_| limits.count(one).unwrap().rest).collect();
        assert_eq!(left, [2, 1, 0]);
        let over = limits.count(one).unwrap();
        assert!((1..=20).contains(&over.wait_s.unwrap()));
        let [policy, left] = over.headers();
        assert_eq!(policy, ("ratelimit-policy", "\"client\";q=3;w=60".to_owned()));
        assert!(left.1.starts_with("\"client\";r=0;t="), "{}", left.1);
        assert_eq!(
            limits.count(Whose::Client(Uuid::from_u128(2))).unwrap().wait_s,
            None
        );
        assert_eq!(limits.count(Whose::Resident(Uuid::from_u128(1))), None);
    }
}
