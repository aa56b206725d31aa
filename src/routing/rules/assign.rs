//! Which person of a unit gets a ticket: by the unit's strategy, among those who are there and have room. Pure.

use super::{Colleague, PersonBy};
use chrono::NaiveDate;
use entity::id::{AssignmentPolicyId, StaffId};
use entity::kind::{Role, Strategy};

/// The strategy of a unit and those below it, for a time.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Key.
    pub id: AssignmentPolicyId,
    /// The unit's path.
    pub unit_path: String,
    /// The strategy.
    pub strategy: Strategy,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// The policy of a unit: its own, else that of the nearest unit above which has one.
#[must_use]
pub fn policy_of<'a>(policies: &'a [Policy], unit_path: &str, day: NaiveDate) -> Option<&'a Policy> {
    policies
        .iter()
        .filter(|policy| unit_path.starts_with(&policy.unit_path))
        .filter(|policy| policy.valid_from <= day && policy.valid_to.is_none_or(|last| day <= last))
        .max_by_key(|policy| policy.unit_path.len())
}

/// What keeps somebody from being given tickets; nothing unless it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// On leave today, until this day.
    pub away_until: Option<NaiveDate>,
    /// Open tickets at most.
    pub capacity: Option<u64>,
}

/// Somebody of the unit, and how they stand.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Who, as what.
    pub colleague: &'a Colleague,
    /// Leave and capacity.
    pub availability: Availability,
    /// Open tickets; none where nobody counted.
    pub open: Option<u64>,
    /// May not log in any more.
    pub disabled: bool,
    /// It is their own ticket that goes to somebody else.
    pub hands_over: bool,
}

impl Candidate<'_> {
    /// Why this person is passed over, whatever the strategy.
    #[must_use]
    pub fn skipped(&self) -> Option<Why> {
        let full = self
            .availability
            .capacity
            .is_some_and(|most| self.open.is_some_and(|open| open >= most));
        match self.availability.away_until {
            _ if self.disabled => Some(Why::Disabled),
            _ if self.hands_over => Some(Why::HandsOver),
            Some(until) => Some(Why::OnLeave(until)),
            None if full => Some(Why::AtCapacity),
            None => None,
        }
    }
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Gets the ticket.
    Chosen,
    /// On leave until this day.
    OnLeave(NaiveDate),
    /// Has as many open tickets as they may.
    AtCapacity,
    /// May not log in any more.
    Disabled,
    /// It is their own ticket that goes to somebody else.
    HandsOver,
    /// Others cover the post, or hold the role that comes first.
    OtherPost,
    /// Has more to do than the one who was chosen.
    MoreToDo,
    /// Could have been chosen as well: it was another's turn.
    NotTheirTurn,
}

impl Why {
    /// In one word, and what it concerns.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Chosen => "chosen".into(),
            Self::OnLeave(until) => format!("on_leave:{until}"),
            Self::AtCapacity => "at_capacity".into(),
            Self::Disabled => "disabled".into(),
            Self::HandsOver => "hands_over".into(),
            Self::OtherPost => "other_post".into(),
            Self::MoreToDo => "more_to_do".into(),
            Self::NotTheirTurn => "not_their_turn".into(),
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Decides where several would do: any number that differs from ticket to ticket.
    pub number: u64,
    /// Who was chosen last in this unit.
    pub last: Option<StaffId>,
}

/// Who was considered, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Who.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// Open tickets, if they were counted.
    pub open: Option<u64>,
    /// Open tickets at most.
    pub capacity: Option<u64>,
    /// What became of it.
    pub why: Why,
}

/// A choice: nobody means the unit's inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Who gets it.
    pub person: Option<(StaffId, PersonBy)>,
    /// Everybody of the unit, by key.
    pub considered: Vec<Considered>,
}

/// Whether open tickets, or the last turn, must be known before anybody can be chosen.
#[must_use]
pub fn must_count(strategy: Strategy, people: &[Candidate<'_>]) -> bool {
    match strategy {
        Strategy::Manual => false,
        Strategy::LeastLoad | Strategy::RoundRobin => true,
        Strategy::ByPost => people
            .iter()
            .any(|person| person.availability.capacity.is_some() && person.open.is_none()),
    }
}

/// Chooses by post: who covers it, else a handler, else a lead; by load or in turn: among the handlers, else the leads.
/// Who is skipped is never chosen; where nobody is left it is nobody.
#[must_use]
pub fn pick(strategy: Strategy, post: Option<&str>, people: &[Candidate<'_>], turn: Turn) -> Choice {
    let mut people: Vec<&Candidate<'_>> = people.iter().collect();
    people.sort_by_key(|person| person.colleague.id);
    let covers = |person: &Candidate<'_>| {
        post.is_some_and(|post| person.colleague.posts.iter().any(|covered| covered == post))
    };
    let levels: &[PersonBy] = match strategy {
        Strategy::Manual => &[],
        Strategy::ByPost => &[PersonBy::Post, PersonBy::AnyHandler, PersonBy::Lead],
        Strategy::LeastLoad | Strategy::RoundRobin => &[PersonBy::AnyHandler, PersonBy::Lead],
    };
    let mut chosen = None;
    let mut level: Vec<StaffId> = Vec::new();
    for by in levels {
        let fits = |person: &Candidate<'_>| match by {
            PersonBy::Post => covers(person),
            PersonBy::AnyHandler => person.colleague.role == Role::Handler,
            PersonBy::Lead => person.colleague.role == Role::UnitLead,
        };
        let free: Vec<&Candidate<'_>> = people
            .iter()
            .copied()
            .filter(|person| fits(person) && person.skipped().is_none())
            .collect();
        if let Some(person) = among(strategy, &free, turn) {
            chosen = Some((person.colleague.id, *by));
            level = free.iter().map(|person| person.colleague.id).collect();
            break;
        }
    }
    let load = |id| {
        let person = people.iter().find(|person| person.colleague.id == id);
        person.and_then(|person| person.open)
    };
    let least = chosen.and_then(|(id, _)| load(id));
    let mut considered: Vec<Considered> = Vec::new();
    for person in &people {
        let id = person.colleague.id;
        // Who holds two roles in the unit is still one person.
        if considered.iter().any(|known| known.id == id) {
            continue;
        }
        let why = match person.skipped() {
            _ if chosen.is_some_and(|(chosen, _)| chosen == id) => Why::Chosen,
            Some(why) => why,
            None if !level.contains(&id) => Why::OtherPost,
            None if strategy == Strategy::LeastLoad && person.open > least => Why::MoreToDo,
            None => Why::NotTheirTurn,
        };
        considered.push(Considered {
            id,
            name: person.colleague.name.clone(),
            open: person.open,
            capacity: person.availability.capacity,
            why,
        });
    }
    Choice {
        person: chosen,
        considered,
    }
}

/// One of those who are free, in the order of their keys.
fn among<'a>(strategy: Strategy, free: &[&'a Candidate<'a>], turn: Turn) -> Option<&'a Candidate<'a>> {
    match strategy {
        Strategy::Manual => None,
        Strategy::ByPost => super::take_turn(free, turn.number).copied(),
        Strategy::LeastLoad => {
            let least = free.iter().map(|person| person.open).min()?;
            let idlest: Vec<&Candidate<'_>> = free
                .iter()
                .copied()
                .filter(|person| person.open == least)
                .collect();
            super::take_turn(&idlest, turn.number).copied()
        }
        Strategy::RoundRobin => {
            let next = free
                .iter()
                .find(|person| turn.last.is_some_and(|last| person.colleague.id > last));
            next.or_else(|| free.first()).copied()
        }
    }
}

#[cfg(test)]
mod tests;
