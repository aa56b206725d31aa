//! Where duty is done: the units and posts that are called for a unit, level by level, and who may be there. Pure.

use crate::platform::period::Period;
use chrono::NaiveDate;
use entity::id::{StaffId, UnitId};
use entity::kind::{DutyPost, Role, UnitKind};

/// Levels: 0 the community or village, 1 the sub-district or town, 2 the district, 3 the shift lead there.
pub const LEVELS: usize = 4;

/// Roles whose holders take duty, in their unit and those below it.
pub const ON_DUTY: [Role; 6] = [
    Role::DutyOfficer,
    Role::Handler,
    Role::UnitLead,
    Role::StreetManager,
    Role::Supervisor,
    Role::Operator,
];

/// A post of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Station {
    /// The unit.
    pub unit: UnitId,
    /// The post.
    pub post: DutyPost,
}

/// At which level a post of a unit of this kind is called; none where no duty is done.
#[must_use]
pub fn level_of(kind: UnitKind, post: DutyPost) -> Option<usize> {
    match (kind, post) {
        (UnitKind::Community | UnitKind::Village, DutyPost::Duty) => Some(0),
        (UnitKind::Subdistrict | UnitKind::Town, DutyPost::Duty) => Some(1),
        (UnitKind::District, DutyPost::Duty) => Some(2),
        (UnitKind::District, DutyPost::ShiftLead) => Some(3),
        _ => None,
    }
}

/// The posts of a unit of this kind.
pub fn posts(kind: UnitKind) -> impl Iterator<Item = DutyPost> {
    DutyPost::ALL
        .iter()
        .copied()
        .filter(move |post| level_of(kind, *post).is_some())
}

/// Who is called for a unit: of each level the post, where the unit has one at it or above it. `chain` is the unit and
/// all above it, lowest first.
#[must_use]
pub fn stations(chain: &[(UnitId, UnitKind)]) -> [Option<Station>; LEVELS] {
    let mut stations = [None; LEVELS];
    for (unit, kind) in chain {
        for post in posts(*kind) {
            let slot = level_of(*kind, post).and_then(|level| stations.get_mut(level));
            if let Some(slot) = slot {
                slot.get_or_insert(Station { unit: *unit, post });
            }
        }
    }
    stations
}

/// A role by which somebody takes duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who holds it.
    pub staff: StaffId,
    /// The path of the unit where.
    pub path: String,
    /// When.
    pub term: Period,
}

/// Whether somebody may be on duty in a unit: on each of the days they hold a role there or above.
#[must_use]
pub fn serves(held: &[Held], staff: StaffId, unit_path: &str, (first, last): (NaiveDate, NaiveDate)) -> bool {
    let holds = |day: NaiveDate| {
        held.iter()
            .any(|held| held.staff == staff && unit_path.starts_with(&held.path) && held.term.contains(day))
    };
    first.iter_days().take_while(|day| *day <= last).all(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn unit(n: u128) -> UnitId {
        Uuid::from_u128(n).into()
    }

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, n).unwrap()
    }

    #[test]
    fn a_community_has_four_levels_and_a_district_two() {
        let chain = [
            (unit(4), UnitKind::Grid),
            (unit(3), UnitKind::Community),
            (unit(2), UnitKind::Subdistrict),
            (unit(1), UnitKind::District),
        ];
        let post = |n, post| Some(Station { unit: unit(n), post });
        let (duty, lead) = (DutyPost::Duty, DutyPost::ShiftLead);
        let all = [post(3, duty), post(2, duty), post(1, duty), post(1, lead)];
        assert_eq!(stations(&chain), all);
        assert_eq!(stations(&chain[3..]), [None, None, all[2], all[3]]);
        assert_eq!(stations(&[(unit(9), UnitKind::Provider)]), [None; LEVELS]);
    }

    #[test]
    fn duty_takes_a_role_there_or_above_on_each_day() {
        let staff: StaffId = Uuid::from_u128(7).into();
        let held = |path: &str, from, to: Option<u32>| Held {
            staff,
            path: path.to_owned(),
            term: Period {
                from: day(from),
                to: to.map(day),
            },
        };
        let serves = |held: &[Held], path, first, last| serves(held, staff, path, (day(first), day(last)));
        let there = [held("/1/2/", 3, Some(5))];
        assert!(serves(&there, "/1/2/", 3, 5) && serves(&there, "/1/2/9/", 4, 4));
        assert!(!serves(&there, "/1/", 4, 4) && !serves(&there, "/1/3/", 4, 4));
        assert!(!serves(&there, "/1/2/", 2, 3) && !serves(&there, "/1/2/", 5, 6));
        let two = [held("/1/2/", 3, Some(5)), held("/1/", 6, None)];
        assert!(serves(&two, "/1/2/", 5, 6) && !serves(&two, "/1/", 5, 6));
        assert!(!super::serves(
            &two,
            Uuid::from_u128(8).into(),
            "/1/2/",
            (day(5), day(6))
        ));
    }
}
