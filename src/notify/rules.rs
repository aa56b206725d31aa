//! When a message is tried again. Pure.

use chrono::TimeDelta;

/// How long a sender may take before another one may try.
pub const LEASE_S: i64 = 60;

/// How long to wait after the attempt of this number; `None` when it was the last one.
#[must_use]
pub fn wait_after(attempt: i32) -> Option<TimeDelta> {
    const WAITS_S: [i64; 7] = [5, 30, 120, 600, 3600, 21_600, 86_400];
    let at = usize::try_from(attempt.saturating_sub(1)).ok()?;
    WAITS_S.get(at).map(|seconds| TimeDelta::seconds(*seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<TimeDelta> = (1..).map_while(wait_after).collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(waits.len(), 7);
        assert_eq!(wait_after(0), None);
    }
}
