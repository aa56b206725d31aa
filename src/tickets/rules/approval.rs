//! Who approves a reply: another person of the unit by default, the unit above when there is none, the centre for
//! confidential matters and after three reworks. Never who replied.

use crate::routing::rules::Colleague;
use entity::id::{StaffId, UnitId};
use entity::kind::Role;

/// From which level on somebody may approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The unit's lead.
    Unit,
    /// The sub-district.
    Street,
    /// The centre.
    Centre,
}

impl Level {
    /// The level of a role; `None` for roles that never approve.
    #[must_use]
    pub fn of(role: Role) -> Option<Self> {
        match role {
            Role::UnitLead => Some(Self::Unit),
            Role::StreetManager => Some(Self::Street),
            Role::Supervisor => Some(Self::Centre),
            _ => None,
        }
    }
}

/// Rounds after which the centre looks at every reply.
const CENTRE_FROM_ROUND: i32 = 4;

/// The level that must approve.
#[must_use]
pub fn required(
    unit: Option<UnitId>,
    replier: Option<StaffId>,
    confidential: bool,
    round: i32,
    roster: &[Colleague],
) -> Level {
    if confidential || round >= CENTRE_FROM_ROUND {
        return Level::Centre;
    }
    let another_lead = roster.iter().any(|colleague| {
        Some(colleague.unit) == unit && colleague.role == Role::UnitLead && Some(colleague.id) != replier
    });
    if another_lead { Level::Unit } else { Level::Street }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn lead(n: u128) -> Colleague {
        Colleague {
            id: Uuid::from_u128(n).into(),
            name: String::new(),
            unit: Uuid::from_u128(9).into(),
            role: Role::UnitLead,
            posts: Vec::new(),
        }
    }

    #[test]
    fn the_level_follows_from_who_is_there_and_what_it_is() {
        let unit = Some(UnitId(Uuid::from_u128(9)));
        let replier = Some(StaffId(Uuid::from_u128(1)));
        assert_eq!(required(unit, replier, false, 1, &[lead(2)]), Level::Unit);
        assert_eq!(
            required(unit, replier, false, 1, &[lead(1)]),
            Level::Street,
            "the lead replied"
        );
        assert_eq!(required(unit, replier, false, 1, &[]), Level::Street);
        assert_eq!(required(unit, replier, true, 1, &[lead(2)]), Level::Centre);
        assert_eq!(required(unit, replier, false, 4, &[lead(2)]), Level::Centre);
        assert!(
            Level::of(Role::Handler).is_none() && Level::of(Role::Supervisor) > Level::of(Role::UnitLead)
        );
    }
}
