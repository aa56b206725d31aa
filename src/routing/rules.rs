//! Routing: service × place × rules × who is there → a unit and a person, *and why*. Pure: the same inputs give
//! the same choice, whatever the order of rules of one rank.

pub mod assign;

use crate::catalog::rules::Service;
use crate::orgs::rules::{Directory, Unit};
use crate::staff::rules::handles;
use assign::{Availability, Candidate, Policy, Turn, Why};
use chrono::NaiveDate;
use entity::id::{AssignmentPolicyId, RuleId, StaffId, UnitId};
use entity::kind::{Channel, RequestType, ResponsibleKind, Role, Strategy, UnitKind};
use std::collections::HashMap;

/// A rule that places a ticket before the catalogue's default does. What is `None` fits everything.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Key.
    pub id: RuleId,
    /// Lower goes first.
    pub rank: i32,
    /// What people call it.
    pub name: String,
    /// Services whose code begins so.
    pub category: Option<String>,
    /// Requests of this type.
    pub request_type: Option<RequestType>,
    /// Requests that came this way.
    pub channel: Option<Channel>,
    /// Places below this path.
    pub place_path: Option<String>,
    /// Where they go.
    pub target: UnitId,
    /// To which post there.
    pub post: Option<String>,
    /// The ground, in words.
    pub reason: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// Somebody who can be given tickets in a unit.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// Who.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// Where.
    pub unit: UnitId,
    /// As what.
    pub role: Role,
    /// Line posts covered.
    pub posts: Vec<String>,
}

impl Colleague {
    /// Whether the role takes tickets in hands.
    #[must_use]
    pub fn takes_tickets(&self) -> bool {
        handles(self.role)
    }
}

/// What is to be routed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The service.
    pub service: &'a Service,
    /// The type.
    pub request_type: RequestType,
    /// The way in.
    pub channel: Channel,
    /// The place.
    pub place: &'a Unit,
    /// Today.
    pub day: NaiveDate,
    /// Spreads tickets over colleagues of one post: any number that differs from ticket to ticket.
    pub turn: u64,
}

/// What decides besides the request.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The organisation.
    pub directory: &'a Directory,
    /// Rules, in any order.
    pub rules: &'a [Rule],
    /// The people of the units.
    pub people: People<'a>,
}

/// Who can be given tickets, and by which strategy.
#[derive(Clone, Copy, Debug)]
pub struct People<'a> {
    /// Who can be given tickets.
    pub roster: &'a [Colleague],
    /// Leave of today and capacity, where there is any.
    pub availability: &'a HashMap<StaffId, Availability>,
    /// Strategies of units, in any order.
    pub policies: &'a [Policy],
}

/// Why something was not chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what the sentence above each names")]
pub enum Rejection {
    /// The rule's target no longer exists.
    RuleTargetGone { rule: String },
    /// A unit lacks powers that the service needs.
    LacksPowers { unit: String, powers: Vec<String> },
    /// The place lies in no unit of the kind that is responsible.
    NoUnitOfKind { kind: ResponsibleKind },
    /// There is no such department.
    NoDepartment { code: String },
    /// A colleague does not cover the post.
    OtherPost { name: String },
    /// A colleague covers the post too, but it was another's turn.
    NotTheirTurn { name: String },
    /// A colleague is on leave.
    OnLeave { name: String, until: NaiveDate },
    /// Nobody in the unit can be given tickets.
    NobodyThere { unit: String },
}

/// What put the ticket where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what the sentence above each names")]
pub enum Ground {
    /// A routing rule, with its name and reason.
    Rule {
        id: RuleId,
        name: String,
        reason: String,
    },
    /// The service is a community's own.
    OwnService,
    /// The catalogue names this kind of unit.
    Catalogue { kind: ResponsibleKind },
}

/// Why the person was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonBy {
    /// Covers the post.
    Post,
    /// Nobody covers the post: a handler of the unit.
    AnyHandler,
    /// No handler: the unit's lead.
    Lead,
}

/// How a person of the unit is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The strategy.
    pub strategy: Strategy,
    /// What sets it; none where it is the usual one.
    pub policy: Option<AssignmentPolicyId>,
    /// Open tickets, or turns, must be looked at first: the choice comes a moment later.
    pub waits: bool,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The unit; `None`: the dispatchers' pool.
    pub unit: Option<UnitId>,
    /// The person; `None`: the unit's inbox.
    pub person: Option<(StaffId, PersonBy)>,
    /// How the person is found; `None` for the pool.
    pub assignment: Option<Assignment>,
    /// The post.
    pub post: String,
    /// What put it there; `None` for the pool.
    pub ground: Option<Ground>,
    /// What was not chosen, and why.
    pub rejected: Vec<Rejection>,
}

/// Routes a request. What nothing can place goes to the dispatchers' pool, never nowhere.
#[must_use]
pub fn choose(request: &Request<'_>, situation: &Situation<'_>) -> Route {
    let mut rejected = Vec::new();
    let placed = by_rule(request, situation, &mut rejected)
        .or_else(|| by_catalogue(request, situation, &mut rejected));
    let Some((unit, ground, post)) = placed else {
        return Route {
            unit: None,
            person: None,
            assignment: None,
            post: request.service.post.clone(),
            ground: None,
            rejected,
        };
    };
    let day_and_turn = (request.day, request.turn);
    let (person, assignment) = colleague(unit, Some(&post), day_and_turn, &situation.people, &mut rejected);
    Route {
        unit: Some(unit.id),
        person,
        assignment: Some(assignment),
        post,
        ground: Some(ground),
        rejected,
    }
}

/// Powers that a service needs and a unit lacks. (国办函〔2025〕66号 (5): work that belongs to a department must
/// not be pushed down to the grassroots.)
#[must_use]
pub fn missing_powers(service: &Service, unit: &Unit) -> Vec<String> {
    service
        .powers
        .iter()
        .filter(|power| !unit.powers.contains(power))
        .cloned()
        .collect()
}

fn by_rule<'a>(
    request: &Request<'_>,
    situation: &Situation<'a>,
    rejected: &mut Vec<Rejection>,
) -> Option<(&'a Unit, Ground, String)> {
    let mut fitting: Vec<&Rule> = situation
        .rules
        .iter()
        .filter(|rule| fits(rule, request))
        .collect();
    fitting.sort_by_key(|rule| (rule.rank, rule.id));
    for rule in fitting {
        let Some(unit) = situation.directory.current(rule.target, request.day) else {
            rejected.push(Rejection::RuleTargetGone {
                rule: rule.name.clone(),
            });
            continue;
        };
        if !is_competent(request.service, unit, rejected) {
            continue;
        }
        let ground = Ground::Rule {
            id: rule.id,
            name: rule.name.clone(),
            reason: rule.reason.clone(),
        };
        let post = rule.post.clone().unwrap_or_else(|| request.service.post.clone());
        return Some((unit, ground, post));
    }
    None
}

fn fits(rule: &Rule, request: &Request<'_>) -> bool {
    rule.category
        .as_ref()
        .is_none_or(|prefix| request.service.code.starts_with(prefix.as_str()))
        && rule.request_type.is_none_or(|kind| kind == request.request_type)
        && rule.channel.is_none_or(|channel| channel == request.channel)
        && rule
            .place_path
            .as_ref()
            .is_none_or(|path| request.place.path.starts_with(path.as_str()))
        && rule.valid_from <= request.day
        && rule.valid_to.is_none_or(|last| request.day <= last)
}

fn by_catalogue<'a>(
    request: &Request<'_>,
    situation: &Situation<'a>,
    rejected: &mut Vec<Rejection>,
) -> Option<(&'a Unit, Ground, String)> {
    let post = request.service.post.clone();
    if let Some((owner, _)) = &request.service.owner
        && let Some(unit) = situation.directory.current(*owner, request.day)
    {
        return Some((unit, Ground::OwnService, post));
    }
    let kind = request.service.responsible;
    let found = responsible(request, situation.directory);
    let Some(unit) = found else {
        rejected.push(match (&request.service.department, kind) {
            (Some(code), ResponsibleKind::Department) => Rejection::NoDepartment { code: code.clone() },
            _ => Rejection::NoUnitOfKind { kind },
        });
        return None;
    };
    is_competent(request.service, unit, rejected).then_some((unit, Ground::Catalogue { kind }, post))
}

fn is_competent(service: &Service, unit: &Unit, rejected: &mut Vec<Rejection>) -> bool {
    let powers = missing_powers(service, unit);
    if powers.is_empty() {
        return true;
    }
    rejected.push(Rejection::LacksPowers {
        unit: unit.name.clone(),
        powers,
    });
    false
}

fn responsible<'a>(request: &Request<'_>, directory: &'a Directory) -> Option<&'a Unit> {
    use UnitKind::{Community, District, Subdistrict, Town, Village};
    let place = request.place.id;
    match request.service.responsible {
        // A place known only to its sub-district is the sub-district's to look at.
        ResponsibleKind::Community => directory.ancestor(place, &[Community, Village, Subdistrict, Town]),
        ResponsibleKind::Subdistrict => directory.ancestor(place, &[Subdistrict, Town]),
        ResponsibleKind::ParentUnit => {
            let unit = directory.ancestor(place, &[Community, Village, Subdistrict, Town, District])?;
            unit.parent.and_then(|parent| directory.get(parent))
        }
        ResponsibleKind::Department => {
            directory.with_code(request.service.department.as_deref()?, request.day)
        }
        ResponsibleKind::Provider => {
            let offering: Vec<&Unit> = directory
                .all()
                .iter()
                .filter(|unit| unit.kind == UnitKind::Provider && unit.exists_on(request.day))
                .filter(|unit| {
                    unit.parent
                        .and_then(|parent| directory.get(parent))
                        .is_some_and(|above| request.place.path.starts_with(&above.path))
                })
                .collect();
            take_turn(&offering, request.turn).copied()
        }
        ResponsibleKind::Centre => None,
    }
}

fn take_turn<T>(from: &[T], turn: u64) -> Option<&T> {
    let n = u64::try_from(from.len()).ok().filter(|n| *n > 0)?;
    from.get(usize::try_from(turn % n).ok()?)
}

/// The person by the unit's strategy, as far as that needs no counting: the one who covers the post; else a handler;
/// else the lead; else the unit's inbox.
pub fn colleague(
    unit: &Unit,
    post: Option<&str>,
    (day, turn): (NaiveDate, u64),
    people: &People<'_>,
    rejected: &mut Vec<Rejection>,
) -> (Option<(StaffId, PersonBy)>, Assignment) {
    let policy = assign::policy_of(people.policies, &unit.path, day);
    let mut assignment = Assignment {
        strategy: policy.map_or(Strategy::ByPost, |policy| policy.strategy),
        policy: policy.map(|policy| policy.id),
        waits: false,
    };
    let there = candidates(&[unit.id], people);
    if assign::must_count(assignment.strategy, &there) {
        assignment.waits = true;
        return (None, assignment);
    }
    if assignment.strategy == Strategy::Manual {
        return (None, assignment);
    }
    let turn = Turn {
        number: turn,
        last: None,
    };
    let choice = assign::pick(assignment.strategy, post, &there, turn);
    for other in choice.considered {
        let name = other.name;
        rejected.push(match other.why {
            Why::Chosen => continue,
            Why::OnLeave(until) => Rejection::OnLeave { name, until },
            Why::NotTheirTurn => Rejection::NotTheirTurn { name },
            _ => Rejection::OtherPost { name },
        });
    }
    if choice.person.is_none() {
        rejected.push(Rejection::NobodyThere {
            unit: unit.name.clone(),
        });
    }
    (choice.person, assignment)
}

/// The people of units, not counted yet.
#[must_use]
pub fn candidates<'a>(units: &[UnitId], people: &People<'a>) -> Vec<Candidate<'a>> {
    people
        .roster
        .iter()
        .filter(|colleague| units.contains(&colleague.unit) && colleague.takes_tickets())
        .map(|colleague| Candidate {
            colleague,
            availability: people
                .availability
                .get(&colleague.id)
                .copied()
                .unwrap_or_default(),
            open: None,
            disabled: false,
            hands_over: false,
        })
        .collect()
}

#[cfg(test)]
mod tests;
