//! Chance that can be had again, and how much of a test runs: the short form, unless the environment asks for more.

use std::hash::{BuildHasher, RandomState};

/// A number from the environment, else the short form's.
pub fn count(variable: &str, short: u64) -> u64 {
    std::env::var(variable).map_or(short, |given| given.parse().expect("a number"))
}

/// What all chance of a test comes from: `TEST_SEED`, else another one each time. Told, so that a failure shows it.
pub fn seed() -> u64 {
    let seed = count("TEST_SEED", RandomState::new().hash_one("seed"));
    eprintln!("TEST_SEED={seed} makes the same choices again");
    seed
}

/// Numbers that look random (splitmix64).
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    /// Of a seed, for one of several who must not choose alike.
    pub fn new(seed: u64, who: u64) -> Self {
        let mut chance = Self(seed ^ who.wrapping_mul(0xA076_1D64_78BD_642F));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, several: &[T]) -> T {
        let at = self.below(u64::try_from(several.len()).unwrap());
        several[usize::try_from(at).unwrap()].clone()
    }
}
