//! The one place that makes chance: ids, codes, secrets.

use super::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes ids and secrets.
#[derive(Clone, Debug)]
pub struct IdGen {
    clock: Clock,
    // Counts within a millisecond, so that ids made in a row are in order even while the clock stands.
    order: Arc<Mutex<ContextV7>>,
}

impl IdGen {
    /// Ids carry the time of `clock`, so that their order is the order of making.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            order: Arc::new(Mutex::new(ContextV7::new())),
        }
    }

    /// A new id: UUID v7.
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        let now = self.clock.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        let order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        T::from(Uuid::new_v7(Timestamp::from_unix(
            &*order,
            seconds,
            now.timestamp_subsec_nanos(),
        )))
    }

    /// A new id among those of an instant: for what happened before it was told of. Its order within the millisecond is chance.
    #[must_use]
    pub fn id_at<T: From<Uuid>>(&self, at: chrono::DateTime<chrono::Utc>) -> T {
        let mut random = [0; 10];
        fill(&mut random);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// A number below `bound`.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        fill(&mut bytes);
        // The bias of a modulus is below 2^-30 for the bounds in use (at most 10^9).
        u64::from_le_bytes(bytes) % bound.max(1)
    }

    /// A secret of 32 bytes as URL-safe text.
    #[must_use]
    pub fn secret(&self) -> String {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// The least id that is made at an instant or later: rows are in the order of their making, so a span of time is a
/// span of ids.
#[must_use]
pub fn least_at<T: From<Uuid>>(at: chrono::DateTime<chrono::Utc>) -> T {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    T::from(Uuid::from_u128(
        u128::from(millis) << 80 | 0x7000 << 64 | 0x8000_0000_0000_0000,
    ))
}

/// Fills a buffer with unpredictable bytes.
pub fn fill(buffer: &mut [u8]) {
    // The operating system's generator does not fail once it is seeded; without it nothing may run.
    if aws_lc_rs::rand::fill(buffer).is_err() {
        std::process::abort();
    }
}
