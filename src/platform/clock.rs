//! The one place that reads the wall clock. Everybody else is handed a time.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// What a follower is corrected by without a word, in microseconds: more is a step of the clock that it follows.
const DRIFT_US: i64 = 2_000_000;

/// A clock that only goes forward: the wall clock, or where that was put back, what has passed since.
#[derive(Debug)]
struct Steady {
    begun: Instant,
    /// How far the wall clock is ahead of what has passed here, at most so far.
    lead_us: AtomicI64,
}

impl Steady {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            lead_us: AtomicI64::new(i64::MIN),
        }
    }

    fn passed_us(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// The time by a wall clock that shows `wall_us`, after so much has passed here.
    fn at(&self, wall_us: i64, passed_us: i64) -> i64 {
        let lead = wall_us - passed_us;
        passed_us + self.lead_us.fetch_max(lead, Ordering::SeqCst).max(lead)
    }

    /// Takes a wall clock that is a little behind for what it shows.
    fn set(&self, wall_us: i64, passed_us: i64) {
        self.lead_us.store(wall_us - passed_us, Ordering::SeqCst);
    }
}

/// A clock. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// The system's clock, shifted: by `--now`, or to keep step with the database's clock. It never goes back: what is
    /// due may come early when a clock is set right, but not late.
    System { offset_us: AtomicI64, steady: Steady },
    /// Turned by hand, in tests.
    Manual { now_us: AtomicI64 },
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System {
            offset_us: AtomicI64::new(0),
            steady: Steady::new(),
        }))
    }

    /// The system's clock, turned so that it now shows `instant`.
    #[must_use]
    pub fn starting_at(instant: DateTime<Utc>) -> Self {
        let offset_us = AtomicI64::new((instant - system_now()).num_microseconds().unwrap_or(0));
        let steady = Steady::new();
        Self(Arc::new(Source::System { offset_us, steady }))
    }

    /// A clock that stands until it is turned.
    #[must_use]
    pub fn manual(instant: DateTime<Utc>) -> Self {
        Self(Arc::new(Source::Manual {
            now_us: AtomicI64::new(instant.timestamp_micros()),
        }))
    }

    /// The time, in whole microseconds: PostgreSQL keeps no more, and both databases must agree.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &*self.0 {
            Source::System { offset_us, steady } => {
                let wall = system_now() + TimeDelta::microseconds(offset_us.load(Ordering::SeqCst));
                let now = steady.at(wall.timestamp_micros(), steady.passed_us());
                DateTime::from_timestamp_micros(now).unwrap_or(wall)
            }
            Source::Manual { now_us } => {
                DateTime::from_timestamp_micros(now_us.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH)
            }
        }
    }

    /// How far the wall clock is behind this one: more than a moment when it was put back.
    #[must_use]
    pub fn wall_is_behind(&self) -> TimeDelta {
        match &*self.0 {
            Source::System { offset_us, .. } => {
                let offset = TimeDelta::microseconds(offset_us.load(Ordering::SeqCst));
                self.now() - (system_now() + offset)
            }
            Source::Manual { .. } => TimeDelta::zero(),
        }
    }

    /// Goes on from an instant that was written down before this process began, if the wall clock shows less: it was put
    /// back meanwhile, and what is due must not wait for it to catch up. What lies more than a day ahead was another
    /// time on purpose. A manual clock stays.
    pub fn not_before(&self, instant: DateTime<Utc>) {
        let Source::System { steady, .. } = &*self.0 else {
            return;
        };
        let ahead = instant - self.now();
        if ahead > TimeDelta::zero() && ahead < TimeDelta::days(1) {
            tracing::warn!(%ahead, "the wall clock is behind what was written last: time goes on from there");
            steady.at(instant.timestamp_micros(), steady.passed_us());
        }
    }

    /// Turns a manual clock forward (or back). A system clock is not moved.
    pub fn advance(&self, by: TimeDelta) {
        if let (Source::Manual { now_us }, Some(by)) = (&*self.0, by.num_microseconds()) {
            now_us.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Shifts a system clock so that it shows `instant` now: instances on one PostgreSQL follow the
    /// database's clock. Where that was put back, this one goes on. A manual clock stays.
    pub fn follow(&self, instant: DateTime<Utc>) {
        let Source::System { offset_us, steady } = &*self.0 else {
            return;
        };
        let behind = (self.now() - instant).num_microseconds().unwrap_or(0);
        let offset = (instant - system_now()).num_microseconds().unwrap_or(0);
        offset_us.store(offset, Ordering::SeqCst);
        if (1..=DRIFT_US).contains(&behind) {
            steady.set(instant.timestamp_micros(), steady.passed_us());
        } else if behind.abs() > DRIFT_US {
            tracing::warn!(behind_us = behind, "the database's clock was set");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the wall clock")]
fn system_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_US: i64 = 3_600_000_000;

    #[test]
    fn an_hour_back_is_no_hour_of_waiting() {
        let steady = Steady::new();
        assert_eq!(steady.at(10 * HOUR_US, 0), 10 * HOUR_US);
        assert_eq!(
            steady.at(9 * HOUR_US + 5, 5),
            10 * HOUR_US + 5,
            "put back: it goes on"
        );
        assert_eq!(
            steady.at(11 * HOUR_US, 7),
            11 * HOUR_US,
            "put forward: it follows"
        );
        assert_eq!(steady.at(10 * HOUR_US + 20, 20), 11 * HOUR_US + 13);
    }

    #[test]
    fn what_was_written_down_is_not_to_come_again() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::starting_at(start);
        clock.not_before(start + TimeDelta::hours(1));
        assert!(clock.now() >= start + TimeDelta::hours(1));
        clock.not_before(start);
        assert!(clock.now() >= start + TimeDelta::hours(1));
        let clock = Clock::starting_at(start);
        clock.not_before(start + TimeDelta::days(30));
        assert!(
            clock.now() < start + TimeDelta::hours(1),
            "another time on purpose"
        );
    }

    #[test]
    fn drift_is_followed_and_a_step_back_is_not() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::starting_at(start);
        assert!(clock.now() - start < TimeDelta::seconds(1));
        clock.follow(start - TimeDelta::milliseconds(500));
        assert!(clock.now() < start + TimeDelta::milliseconds(400));
        clock.follow(start - TimeDelta::hours(1));
        assert!(clock.now() > start - TimeDelta::seconds(1));
        clock.follow(start + TimeDelta::hours(1));
        assert!(clock.now() >= start + TimeDelta::hours(1));
    }

    proptest! {
        #[test]
        fn it_never_goes_back_and_is_never_behind(walls in prop::collection::vec((-HOUR_US..HOUR_US, 0_i64..1_000_000), 1..50)) {
            let steady = Steady::new();
            let (mut passed, mut last) = (0, i64::MIN);
            for (wall, more) in walls {
                passed += more;
                let now = steady.at(wall, passed);
                prop_assert!(now >= wall);
                prop_assert!(last == i64::MIN || now >= last + more);
                last = now;
            }
        }
    }
}
