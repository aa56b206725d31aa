//! Numbers that are the same in every run of one seed.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        usize::try_from(self.any() % bound).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    /// So many minutes, `from` at least and below `to`.
    pub fn minutes(&mut self, from: usize, to: usize) -> TimeDelta {
        let minutes = from + self.below(to.saturating_sub(from));
        TimeDelta::minutes(i64::try_from(minutes).unwrap_or(0))
    }

    /// One of these.
    ///
    /// # Panics
    /// Of none.
    #[expect(clippy::indexing_slicing, reason = "a number below the length")]
    pub fn pick<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }

    /// One of these, as often as its weight says.
    ///
    /// # Panics
    /// Of none.
    pub fn weighted<'a, T>(&mut self, some: &'a [T], weight: impl Fn(&T) -> usize) -> &'a T {
        let mut left = self.below(some.iter().map(&weight).sum());
        let found = some.iter().find(|one| {
            let passed = left < weight(one);
            left = left.saturating_sub(weight(one));
            passed
        });
        match found {
            Some(one) => one,
            None => self.pick(some),
        }
    }

    /// An id of an instant, the `nth` of its row's ticket: UUID v7 (RFC 9562 §5.7), so that rows lie in the order of their
    /// making.
    pub fn id<T: From<Uuid>>(&mut self, at: DateTime<Utc>, nth: u16) -> T {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let mut bytes = [0; 10];
        let (order, chance) = bytes.split_at_mut(2);
        order.copy_from_slice(&nth.to_be_bytes());
        chance.copy_from_slice(&self.any().to_be_bytes());
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}
