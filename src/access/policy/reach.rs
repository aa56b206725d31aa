//! What an actor reaches in an operation, and whether a thing lies within: single loads and lists use the same.

use super::client::{Leave, resident_leave};
use super::{Op, Scope, client_scope, scope};
use crate::access::actor::{Acting, Actor, Grant};
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code};
use entity::id::{ClientId, ResidentId, StaffId};
use entity::kind::Role;

/// Whose a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A resident's.
    Resident(ResidentId),
    /// A client's.
    Client(ClientId),
    /// A member of staff's.
    Staff(StaffId),
}

/// What the policy must know of a thing.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// Paths of the units that have it in hands.
    pub paths: Vec<&'a str>,
    /// The path of its place: what a district-wide role is measured by.
    pub place: &'a str,
    /// Whose it is.
    pub owners: Vec<Owner>,
}

/// What an actor reaches in an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Districts, as path prefixes: everything in them.
    pub districts: Vec<String>,
    /// Subtrees, as path prefixes.
    pub subtrees: Vec<String>,
    /// Single units, as exact paths.
    pub units: Vec<String>,
    /// What is the actor's own.
    pub own: bool,
    /// Everything, without a log-in.
    pub public: bool,
}

impl Reach {
    /// What `actor` reaches in `op`.
    #[must_use]
    pub fn of(actor: &Actor, op: Op) -> Self {
        let mut reach = Self {
            public: op.is_public(),
            ..Self::default()
        };
        if lack(actor, op).is_some() {
            return reach;
        }
        for (role, grant) in roles(actor) {
            let withheld = grant.is_some_and(|grant| grant.withheld);
            match (scope(op, role), grant) {
                (Some(Scope::Unit | Scope::Subtree | Scope::District), _) if withheld => {}
                (Some(Scope::Subtree), None) => {
                    // A client's part of the organisation is its own.
                    if let Actor::Client { unit_path, .. } = actor {
                        reach.subtrees.push(unit_path.clone());
                    }
                }
                (None, _) | (Some(Scope::Unit | Scope::District), None) => {}
                (Some(Scope::Public), _) => reach.public = true,
                (Some(Scope::Own), _) => reach.own = true,
                (Some(Scope::Unit), Some(grant)) => reach.units.extend(grant.paths.iter().cloned()),
                (Some(Scope::Subtree), Some(grant)) => reach.subtrees.extend(grant.paths.iter().cloned()),
                (Some(Scope::District), Some(grant)) => {
                    reach
                        .districts
                        .extend(grant.paths.first().map(|path| district_of(path)));
                }
            }
        }
        for paths in [&mut reach.districts, &mut reach.subtrees, &mut reach.units] {
            paths.sort();
            paths.dedup();
        }
        reach
    }

    /// What tells one reach from another.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        sha256(&[format!("{self:?}").as_bytes()])
    }

    /// Whether the actor reaches nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a unit lies within, by its path.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.units.iter().any(|unit| unit == path)
            || self
                .subtrees
                .iter()
                .chain(&self.districts)
                .any(|tree| path.starts_with(tree.as_str()))
    }

    /// Whether a thing lies within.
    #[must_use]
    pub fn contains(&self, actor: &Actor, facts: &Facts<'_>) -> bool {
        self.public
            || (self.own && owns(actor, facts))
            || self
                .districts
                .iter()
                .any(|district| facts.place.starts_with(district.as_str()))
            || facts.paths.iter().any(|path| {
                self.units.iter().any(|unit| unit == path)
                    || self.subtrees.iter().any(|tree| path.starts_with(tree.as_str()))
            })
    }
}

/// Whether `actor` may do `op` to a thing, and in which role. The narrowest role that allows it is taken.
///
/// # Errors
/// `NotFound` when `read` is not allowed either: what may not be seen does not exist. `Forbidden` otherwise.
pub fn decide(actor: &Actor, op: Op, read: Op, facts: &Facts<'_>) -> Result<Acting, AppError> {
    let allowed = |op: Op| {
        let mut candidates = roles(actor);
        candidates.sort_by_key(|(role, _)| scope(op, *role));
        candidates.into_iter().find(|(_, grant)| {
            let alone = match (actor, grant) {
                (
                    Actor::Staff {
                        id, name, session, ..
                    },
                    Some(grant),
                ) => Actor::Staff {
                    id: *id,
                    name: name.clone(),
                    session: *session,
                    grants: vec![(*grant).clone()],
                },
                _ => actor.clone(),
            };
            Reach::of(&alone, op).contains(actor, facts)
        })
    };
    if let Some((role, grant)) = allowed(op) {
        return Ok(acting(role, grant));
    }
    let hidden = op == read || allowed(read).is_none();
    Err(AppError::new(if hidden {
        Code::NotFound
    } else {
        Code::Forbidden
    }))
}

/// In which role somebody acts where no thing is at hand yet: the widest that the operation knows.
///
/// # Errors
/// `Forbidden` when no role allows it, `Unauthenticated` when nobody is logged in.
pub fn coarse(actor: &Actor, op: Op) -> Result<Acting, AppError> {
    let usable = |(role, grant): &(Option<Role>, Option<&Grant>)| match scope(op, *role) {
        None => false,
        Some(Scope::Own) => true,
        Some(_) => grant.is_none_or(|grant| !grant.withheld),
    };
    let best = roles(actor)
        .into_iter()
        .filter(usable)
        .max_by_key(|(role, _)| scope(op, *role));
    let withheld = roles(actor)
        .iter()
        .any(|(role, grant)| scope(op, *role).is_some() && grant.is_some_and(|g| g.withheld));
    match best {
        Some((role, grant)) => match lack(actor, op) {
            None => Ok(acting(role, grant)),
            Some(Leave::Of(scope)) => Err(AppError::new(Code::ScopeMissing).with("scope", scope.word())),
            Some(_) => Err(AppError::new(Code::Forbidden)),
        },
        None if op.is_public() => Ok(acting(None, None)),
        None if matches!(actor, Actor::Anonymous) => Err(AppError::new(Code::Unauthenticated)),
        None if withheld => Err(AppError::new(Code::SecondFactorRequired)),
        None => Err(AppError::new(Code::Forbidden)),
    }
}

/// The leave that a client would need, for itself or for a resident who let it in, and has not.
fn lack(actor: &Actor, op: Op) -> Option<Leave> {
    let (needed, held) = match actor {
        Actor::Client { scopes, .. } => (client_scope(op).map_or(Leave::Free, Leave::Of), scopes),
        Actor::Resident {
            through: Some(app), ..
        } => (resident_leave(op), &app.leave),
        _ => return None,
    };
    match needed {
        Leave::Free => None,
        Leave::Of(scope) if held.contains(&scope) => None,
        lacking => Some(lacking),
    }
}

/// Where no role is needed, one acts as residents do: for oneself.
fn acting(role: Option<Role>, grant: Option<&Grant>) -> Acting {
    Acting {
        role: role.unwrap_or(Role::Resident),
        unit: grant.map(|grant| (grant.unit_id, grant.unit_name.clone())),
        path: grant.and_then(|grant| grant.paths.first().cloned()),
    }
}

/// What the table knows of somebody. Staff whose roles have all ended stand in it as holding none.
fn roles(actor: &Actor) -> Vec<(Option<Role>, Option<&Grant>)> {
    match actor {
        Actor::Anonymous => Vec::new(),
        Actor::Staff { grants, .. } if grants.is_empty() => vec![(None, None)],
        Actor::Staff { grants, .. } => grants
            .iter()
            .map(|grant| (Some(grant.role), Some(grant)))
            .collect(),
        Actor::Resident { .. } => vec![(Some(Role::Resident), None)],
        Actor::Client { .. } => vec![(Some(Role::Integration), None)],
    }
}

fn owns(actor: &Actor, facts: &Facts<'_>) -> bool {
    facts.owners.iter().any(|owner| match (owner, actor) {
        (Owner::Resident(owner), Actor::Resident { id, .. }) => owner == id,
        (Owner::Client(owner), Actor::Client { id, .. }) => owner == id,
        (Owner::Staff(owner), Actor::Staff { id, .. }) => owner == id,
        _ => false,
    })
}

/// `/440703/440703002/` → `/440703/`.
#[must_use]
pub fn district_of(path: &str) -> String {
    path.split('/')
        .nth(1)
        .map_or_else(|| "/".to_owned(), |district| format!("/{district}/"))
}
