//! Actors: who is asking.

use super::authenticate::needs_second_factor;
use entity::api_client;
use entity::id::{ClientId, ResidentId, SessionId, StaffId, UnitId};
use entity::kind::{ActorKind, Channel, ClientScope, Role};
use uuid::Uuid;

/// A role held in a unit, valid today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where it is held.
    pub unit_id: UnitId,
    /// The unit's name.
    pub unit_name: String,
    /// The unit's path; paths of units that it succeeded follow.
    pub paths: Vec<String>,
    /// Line posts covered.
    pub posts: Vec<String>,
    /// Not to be used until a second factor is shown.
    pub withheld: bool,
}

/// An app that a resident let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// Which.
    pub client: ClientId,
    /// Its name.
    pub name: String,
    /// What it may do for them.
    pub leave: Vec<ClientScope>,
}

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known.
    Anonymous,
    /// A member of staff.
    Staff {
        /// Who.
        id: StaffId,
        /// As colleagues see the name.
        name: String,
        /// The log-in.
        session: SessionId,
        /// Roles held today.
        grants: Vec<Grant>,
    },
    /// A resident or merchant.
    Resident {
        /// Who.
        id: ResidentId,
        /// The log-in.
        session: SessionId,
        /// The app that acts for them; none where they are there themselves.
        through: Option<Through>,
    },
    /// An integrator's client.
    Client {
        /// Which.
        id: ClientId,
        /// Its name.
        name: String,
        /// The channel that its tickets come by.
        channel: Channel,
        /// Where it may register.
        unit_path: String,
        /// What it has leave for.
        scopes: Vec<ClientScope>,
    },
}

/// In which role and for which unit somebody acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// The role.
    pub role: Role,
    /// The unit, for staff.
    pub unit: Option<(UnitId, String)>,
    /// The unit's path, for staff.
    pub path: Option<String>,
}

impl Actor {
    /// A client as it is now, with the leave that it holds; no more than what these words name, where they are given.
    #[must_use]
    pub fn client(row: api_client::Model, asked: Option<&str>) -> Self {
        let held: Vec<ClientScope> = serde_json::from_value(row.scopes).unwrap_or_default();
        let wanted =
            |scope: &ClientScope| asked.is_none_or(|asked| asked.split(' ').any(|word| word == scope.word()));
        Self::Client {
            id: row.id,
            name: row.name,
            channel: row.channel,
            unit_path: row.unit_path,
            scopes: held.into_iter().filter(wanted).collect(),
        }
    }

    /// The kind and id, as rows name them.
    #[must_use]
    pub fn identity(&self) -> (ActorKind, Option<Uuid>) {
        match self {
            Self::Anonymous => (ActorKind::System, None),
            Self::Staff { id, .. } => (ActorKind::Staff, Some(id.0)),
            Self::Resident { id, .. } => (ActorKind::Resident, Some(id.0)),
            Self::Client { id, .. } => (ActorKind::Client, Some(id.0)),
        }
    }

    /// A stable name for keys: kind and id. An app has keys of its own beside those of the resident.
    #[must_use]
    pub fn key(&self) -> String {
        let (kind, id) = self.identity();
        let through = self.through().map(|app| format!(":{}", app.client.0));
        format!("{kind}:{}{}", id.unwrap_or_default(), through.unwrap_or_default())
    }

    /// The app through which a resident acts.
    #[must_use]
    pub fn through(&self) -> Option<&Through> {
        match self {
            Self::Resident { through, .. } => through.as_ref(),
            _ => None,
        }
    }

    /// Whether somebody of the staff has shown a second factor, as far as it matters: for a role that needs one.
    #[must_use]
    pub fn shows_second_factor(&self) -> bool {
        match self {
            Self::Staff { grants, .. } => {
                let mut strict = grants
                    .iter()
                    .filter(|grant| needs_second_factor(grant.role))
                    .peekable();
                strict.peek().is_some() && strict.all(|grant| !grant.withheld)
            }
            _ => false,
        }
    }

    /// The name that others may read: staff and clients have one; for a resident it is that of the app through which they act.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Staff { name, .. } | Self::Client { name, .. } => Some(name),
            Self::Anonymous | Self::Resident { .. } => self.through().map(|app| app.name.as_str()),
        }
    }

    /// The resident, where they are there themselves.
    #[must_use]
    pub fn in_person(&self) -> Option<ResidentId> {
        self.resident_id().filter(|_| self.through().is_none())
    }

    /// The staff id.
    #[must_use]
    pub fn staff_id(&self) -> Option<StaffId> {
        match self {
            Self::Staff { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The resident's id.
    #[must_use]
    pub fn resident_id(&self) -> Option<ResidentId> {
        match self {
            Self::Resident { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The log-in.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Staff { session, .. } | Self::Resident { session, .. } => Some(*session),
            _ => None,
        }
    }
}
