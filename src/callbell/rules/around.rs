//! What is around a call: how far it is, what still counts as fresh, and who may look through a camera. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::StaffId;
use entity::kind::CallState;
use geo::{Distance, Haversine, Point};

/// Minutes after which it is not known any more where somebody on patrol is.
pub const FRESH_MIN: i64 = 30;
/// Hours after a call was dealt with within which those above may still look, to review it.
const REVIEW_H: i64 = 24;

/// A camera's code: 8 digits of the area, 2 of the sector, 3 of the type (131 or 132: a camera), 1 of the network, 6 of
/// its own (GB/T 28181, appendix D).
#[must_use]
pub fn is_camera_code(code: &str) -> bool {
    let digits = code.len() == 20 && code.bytes().all(|byte| byte.is_ascii_digit());
    digits && matches!(code.get(10..13), Some("131" | "132"))
}

/// Metres between two places, each latitude and longitude in degrees.
#[must_use]
pub fn metres(from: (f64, f64), to: (f64, f64)) -> f64 {
    let point = |(lat, lng): (f64, f64)| Point::new(lng, lat);
    Haversine.distance(point(from), point(to)).round()
}

/// Whether it is still known where somebody is.
#[must_use]
pub fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - at <= TimeDelta::minutes(FRESH_MIN)
}

/// Who looks through a camera of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looker {
    /// Who.
    pub staff: StaffId,
    /// Whether they look from above: for more than the community alone.
    pub above: bool,
}

/// Whether somebody may look through a camera for a call: who has it, and those above, as long as it is open, and a day
/// for review.
#[must_use]
pub fn may_look(
    looker: Looker,
    (state, owner, resolved_at): (CallState, Option<StaffId>, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> bool {
    let in_time = match state {
        CallState::Closed | CallState::Resolved => {
            looker.above && resolved_at.is_some_and(|at| now - at <= TimeDelta::hours(REVIEW_H))
        }
        _ => true,
    };
    in_time && (looker.above || owner == Some(looker.staff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_code_is_that_of_a_camera() {
        assert!(is_camera_code("44070300001310000001"));
        assert!(is_camera_code("44070300001320000001"));
        for bad in [
            "4407030000131000001",
            "44070300001110000001",
            "4407030000131000000a",
            "",
        ] {
            assert!(!is_camera_code(bad), "{bad}");
        }
    }

    #[test]
    fn a_degree_of_latitude_is_111_kilometres() {
        let far = metres((22.0, 113.0), (23.0, 113.0));
        assert!((111_000.0..112_000.0).contains(&far), "{far}");
        assert!(metres((22.6, 113.0), (22.6, 113.0)) < 1.0);
    }

    #[test]
    fn who_has_the_call_looks_and_those_above() {
        let at = |hour: i64| DateTime::from_timestamp(1_800_000_000 + hour * 3600, 0).unwrap();
        let who = |n: u128| StaffId(Uuid::from_u128(n));
        let look = |n, above, state, resolved: Option<i64>, now| {
            let looker = Looker { staff: who(n), above };
            may_look(looker, (state, Some(who(1)), resolved.map(at)), at(now))
        };
        assert!(look(1, false, CallState::EnRoute, None, 1));
        assert!(
            !look(2, false, CallState::EnRoute, None, 1),
            "a colleague of the community"
        );
        assert!(look(3, true, CallState::Ringing, None, 1));
        assert!(!look(1, false, CallState::Resolved, Some(1), 2), "it is over");
        assert!(look(3, true, CallState::Resolved, Some(1), 25));
        assert!(!look(3, true, CallState::Closed, Some(1), 26));
    }
}
