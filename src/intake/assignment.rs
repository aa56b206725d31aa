//! Which person of a unit gets a ticket, where that needs counting, and the explanation of it.

use super::dto::{AssignmentOut, CandidateOut, PersonOut};
use super::route::person_text;
use crate::platform::error::AppError;
use crate::reference::Reference;
use crate::routing::rules::assign::{self, Choice, Turn};
use crate::routing::rules::{self, Assignment};
use crate::routing::store::assignment as store;
use chrono::NaiveDate;
use entity::id::{StaffId, UnitId};
use entity::kind::Strategy;
use sea_orm::ConnectionTrait;

/// What a person is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The unit that has the ticket.
    pub unit: UnitId,
    /// The post there.
    pub post: Option<&'a str>,
    /// Today.
    pub day: NaiveDate,
    /// Decides where several would do.
    pub number: u64,
    /// Whose ticket it was: somebody else is to get it.
    pub without: Option<StaffId>,
}

/// A choice that looked at open tickets and turns.
#[derive(Clone, Debug)]
pub struct Counted {
    /// By which strategy.
    pub assignment: Assignment,
    /// Who.
    pub choice: Choice,
}

/// Chooses by the unit's strategy, by open tickets and turns as they are now. Who took a unit over has its work, by the
/// strategy of their own unit.
///
/// # Errors
/// When the database does not answer.
pub async fn choose(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    wanted: &Wanted<'_>,
) -> Result<Counted, AppError> {
    let people = reference.people();
    let heir = reference.directory.heir(wanted.unit);
    let path = reference
        .directory
        .get(heir)
        .map_or("", |unit| unit.path.as_str());
    let policy = assign::policy_of(people.policies, path, wanted.day);
    let assignment = Assignment {
        strategy: policy.map_or(Strategy::ByPost, |policy| policy.strategy),
        policy: policy.map(|policy| policy.id),
        waits: false,
    };
    let mut there = rules::candidates(&[wanted.unit, heir], &people);
    let ids: Vec<StaffId> = there.iter().map(|person| person.colleague.id).collect();
    let standings = store::standings(conn, &ids).await?;
    for person in &mut there {
        let id = person.colleague.id;
        let standing = standings.get(&id).copied().unwrap_or_default();
        person.open = Some(standing.open);
        person.disabled = standing.disabled;
        person.hands_over = wanted.without == Some(id);
    }
    let last = match assignment.strategy {
        Strategy::RoundRobin => store::last_turn(conn, heir).await?,
        _ => None,
    };
    let turn = Turn {
        number: wanted.number,
        last,
    };
    Ok(Counted {
        choice: assign::pick(assignment.strategy, wanted.post, &there, turn),
        assignment,
    })
}

impl Counted {
    /// Who was chosen, in few words.
    #[must_use]
    pub fn person(&self) -> Option<PersonOut> {
        let (id, by) = self.choice.person?;
        let considered = self.choice.considered.iter().find(|person| person.id == id)?;
        Some(PersonOut {
            id,
            name: considered.name.clone(),
            because: person_text(by).to_owned(),
        })
    }

    /// The explanation.
    #[must_use]
    pub fn explain(&self) -> AssignmentOut {
        let candidates = self.choice.considered.iter().map(|person| CandidateOut {
            id: person.id,
            name: person.name.clone(),
            open: person.open,
            capacity: person.capacity,
            why: person.why.words(),
        });
        AssignmentOut {
            candidates: candidates.collect(),
            ..explain(&self.assignment, self.choice.person.is_some())
        }
    }
}

/// The explanation of a choice that needed no counting, or of one that is still to come.
#[must_use]
pub fn explain(assignment: &Assignment, chosen: bool) -> AssignmentOut {
    let state = match assignment {
        Assignment { waits: true, .. } => "waiting",
        _ if chosen => "chosen",
        _ => "inbox",
    };
    AssignmentOut {
        strategy: assignment.strategy,
        policy_id: assignment.policy,
        state: state.to_owned(),
        candidates: Vec::new(),
    }
}
