//! A ticket as its life goes, and what an event makes of it.

use entity::id::{ProceedingId, StaffId, TicketId, UnitId};
use entity::kind::{EntryKind, ProceedingKind, ProceedingState, TicketResult, TicketState};

/// Routes after which a ticket may be given back no more: the third is final (Tianjin 2025: after three dispatches the
/// centre designates).
pub const FINAL_ROUTE: i32 = 3;

/// A small life beside the ticket's own that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Key.
    pub id: ProceedingId,
    /// What it is.
    pub kind: ProceedingKind,
    /// `Open`, or `Answered` while somebody must still look at the answer.
    pub state: ProceedingState,
    /// The unit that is called upon.
    pub unit: Option<UnitId>,
    /// Who began it.
    pub by: Option<StaffId>,
}

/// A ticket, as its life goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Where it stands.
    pub state: TicketState,
    /// 1, and one more for each rework.
    pub round: i32,
    /// The unit that has it, once dispatched.
    pub lead: Option<UnitId>,
    /// The person there.
    pub person: Option<StaffId>,
    /// Who wrote the reply that waits for approval or was approved.
    pub replied_by: Option<StaffId>,
    /// Whether first contact was made in this round.
    pub contacted: bool,
    /// What came of it.
    pub result: Option<TicketResult>,
    /// Whether the requester rated this round.
    pub rated: bool,
    /// How often it was given to a unit.
    pub routes: i32,
    /// Whether it may be given back no more.
    pub no_return: bool,
    /// The state to which it goes back when what holds it up is over.
    pub came_from: Option<TicketState>,
    /// The ticket into which it was merged.
    pub primary: Option<TicketId>,
    /// Whether other tickets were merged into it.
    pub followed: bool,
    /// Whether it runs by a plan of milestones.
    pub hard_case: bool,
    /// How often the requester urged.
    pub urges: i32,
    /// Whether its refusal was appealed against.
    pub appealed: bool,
    /// Who refused it.
    pub rejected_by: Option<StaffId>,
    /// Small lives that are not over.
    pub open: Vec<Open>,
}

impl Life {
    /// A ticket just registered.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: TicketState::Registered,
            round: 1,
            lead: None,
            person: None,
            replied_by: None,
            contacted: false,
            result: None,
            rated: false,
            routes: 0,
            no_return: false,
            came_from: None,
            primary: None,
            followed: false,
            hard_case: false,
            urges: 0,
            appealed: false,
            rejected_by: None,
            open: Vec::new(),
        }
    }

    /// The small life of a kind that is not over.
    #[must_use]
    pub fn open(&self, kind: ProceedingKind) -> Option<&Open> {
        self.open.iter().find(|open| open.kind == kind)
    }

    /// Small lives of these kinds that are not over.
    pub fn open_of<'a>(&'a self, kinds: &'a [ProceedingKind]) -> impl Iterator<Item = &'a Open> + 'a {
        self.open.iter().filter(|open| kinds.contains(&open.kind))
    }
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What, as the timeline names it.
    pub kind: EntryKind,
    /// The state after it.
    pub to: TicketState,
    /// What else it changes.
    pub changes: Vec<Change>,
}

/// What an event changes besides the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The unit and person that have it: one route more.
    Lead {
        /// The unit.
        unit: UnitId,
        /// The person.
        person: Option<StaffId>,
    },
    /// No unit has it.
    Unled,
    /// The unit and person that had the ticket into which it was merged have it: no route of its own.
    Follow {
        /// The unit.
        unit: UnitId,
        /// The person.
        person: Option<StaffId>,
    },
    /// The person.
    Person(StaffId),
    /// It may be given back no more.
    NoReturn,
    /// First contact was made.
    Contacted,
    /// A reply.
    Reply {
        /// By whom.
        by: Option<StaffId>,
        /// With which result.
        result: TicketResult,
    },
    /// The result.
    Result(TicketResult),
    /// The requester's answer.
    Rated,
    /// Another round begins.
    Round,
    /// A small life begins.
    Opened(Open),
    /// A small life was answered, and is to be looked at.
    Answered(ProceedingId),
    /// A small life ends so.
    Ended(ProceedingId, ProceedingState),
    /// It runs by a plan.
    HardCase,
    /// Merged into another, or alone again.
    Primary(Option<TicketId>),
    /// The requester urged.
    Urged,
    /// It was refused by somebody.
    Rejected(Option<StaffId>),
    /// The refusal was appealed against.
    Appealed,
}

/// States in which something holds a ticket up: behind them lies the state to which it goes back.
fn holds_up(state: TicketState) -> bool {
    matches!(
        state,
        TicketState::ReturnReview | TicketState::Suspended | TicketState::Merged
    )
}

/// What an event makes of a ticket.
#[must_use]
pub fn evolve(mut life: Life, event: &Event) -> Life {
    if holds_up(event.to) && !holds_up(life.state) {
        life.came_from = Some(life.state);
    } else if !holds_up(event.to) {
        life.came_from = None;
    }
    life.state = event.to;
    for change in &event.changes {
        apply(&mut life, change);
    }
    life
}

fn apply(life: &mut Life, change: &Change) {
    match *change {
        Change::Lead { unit, person } => {
            life.lead = Some(unit);
            life.person = person;
            life.routes += 1;
            life.no_return |= life.routes >= FINAL_ROUTE;
        }
        Change::Follow { unit, person } => {
            life.lead = Some(unit);
            life.person = person;
        }
        Change::Unled => {
            life.lead = None;
            life.person = None;
        }
        Change::Person(person) => life.person = Some(person),
        Change::NoReturn => life.no_return = true,
        Change::Contacted => life.contacted = true,
        Change::Reply { by, result } => {
            life.replied_by = by;
            life.result = Some(result);
        }
        Change::Result(result) => life.result = Some(result),
        Change::Rated => life.rated = true,
        Change::Round => {
            life.round += 1;
            life.contacted = false;
            life.rated = false;
        }
        Change::Opened(open) => life.open.push(open),
        Change::Answered(id) => {
            let found = life.open.iter_mut().find(|open| open.id == id);
            if let Some(open) = found {
                open.state = ProceedingState::Answered;
            }
        }
        Change::Ended(id, _) => life.open.retain(|open| open.id != id),
        Change::HardCase => life.hard_case = true,
        Change::Primary(primary) => life.primary = primary,
        Change::Urged => life.urges += 1,
        Change::Rejected(by) => life.rejected_by = by,
        Change::Appealed => life.appealed = true,
    }
}
