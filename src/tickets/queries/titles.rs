//! Whose titles somebody reads where only titles stand: in lists and in messages. A title may name who asks.

use crate::access::actor::{Actor, Grant};
use crate::access::policy::{Sight, identity_sight};
use crate::orgs::rules::Directory;
use entity::kind::UnitKind;

/// What stands in a list for the title of a confidential request: a title may name who asks.
pub const CONFIDENTIAL: &str = "保密诉求";
/// What stands there for who must learn of none who asks.
const REDACTED: &str = "（内容见工作单）";

/// Whose titles somebody reads in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Titles {
    /// All.
    All,
    /// Those of requests that are not confidential.
    Open,
    /// None: a third party has the work slip.
    None,
}

impl Titles {
    /// Those that somebody reads.
    pub fn of(actor: &Actor, directory: &Directory) -> Self {
        let Actor::Staff { grants, .. } = actor else {
            return match actor {
                Actor::Resident { .. } => Self::All,
                _ => Self::Open,
            };
        };
        let third_party = |grant: &Grant| {
            let unit = directory.get(grant.unit_id);
            unit.is_some_and(|unit| unit.kind == UnitKind::Provider)
        };
        if !grants.is_empty() && grants.iter().all(third_party) {
            return Self::None;
        }
        let learns = |grant: &Grant| identity_sight(grant.role, true) != Sight::Hidden;
        if grants.iter().any(learns) {
            Self::All
        } else {
            Self::Open
        }
    }

    /// A title as it is shown.
    pub fn shown(self, title: String, confidential: bool) -> String {
        match self {
            Self::All => title,
            Self::Open if !confidential => title,
            Self::Open => CONFIDENTIAL.to_owned(),
            Self::None => REDACTED.to_owned(),
        }
    }
}
