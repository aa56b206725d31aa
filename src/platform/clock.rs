//! The one place that reads the wall clock. Everybody else is handed a time.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// The system's clock, shifted: by `--now`, or to keep step with the database's clock.
    System { offset_us: AtomicI64 },
    /// Turned by hand, in tests.
    Manual { now_us: AtomicI64 },
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System {
            offset_us: AtomicI64::new(0),
        }))
    }

    /// The system's clock, turned so that it now shows `instant`.
    #[must_use]
    pub fn starting_at(instant: DateTime<Utc>) -> Self {
        let clock = Self::system();
        clock.follow(instant);
        clock
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
            Source::System { offset_us } => {
                system_now() + TimeDelta::microseconds(offset_us.load(Ordering::Relaxed))
            }
            Source::Manual { now_us } => {
                DateTime::from_timestamp_micros(now_us.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH)
            }
        }
    }

    /// Turns a manual clock forward (or back). A system clock is not moved.
    pub fn advance(&self, by: TimeDelta) {
        if let (Source::Manual { now_us }, Some(by)) = (&*self.0, by.num_microseconds()) {
            now_us.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Shifts a system clock so that it shows `instant` now: instances on one PostgreSQL follow the
    /// database's clock. A manual clock stays.
    pub fn follow(&self, instant: DateTime<Utc>) {
        if let Source::System { offset_us } = &*self.0 {
            let offset = (instant - system_now()).num_microseconds().unwrap_or(0);
            offset_us.store(offset, Ordering::Relaxed);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the wall clock")]
fn system_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
