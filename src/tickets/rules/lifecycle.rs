//! The life of a ticket: `decide` says what a command does or why not, `evolve` what an event makes of the state.
//! One table (`ALLOWED`) says which command a state takes; it also tells clients what they may do now.

use entity::id::{StaffId, UnitId};
use entity::kind::{ClockKind, EntryKind, RedirectLine, RejectReason, TicketResult, TicketState};

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
    /// How often it was dispatched.
    pub routes: i32,
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
        }
    }
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

/// What the requester says of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// Whether the unit got in touch.
    pub contacted: bool,
    /// Whether the matter is solved.
    pub solved: bool,
    /// 5 very satisfied … 1 very dissatisfied (好差评).
    pub satisfied: u8,
}

impl Rating {
    /// Unsolved, or dissatisfied (2 and below): the matter is taken up again.
    #[must_use]
    pub fn asks_for_rework(self) -> bool {
        !self.solved || self.satisfied <= 2
    }
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer while the caller is on the line (即答).
    AnswerNow,
    /// Not accept, with the channel that is right told to the caller.
    Reject(RejectReason),
    /// Pass the call on to another line.
    Redirect(RedirectLine),
    /// Accept.
    Accept,
    /// Give to a unit, perhaps to a person there.
    Dispatch {
        /// The unit.
        unit: UnitId,
        /// The person.
        person: Option<StaffId>,
    },
    /// Leave to the dispatchers: nothing could place it.
    Pool,
    /// Sign for (签收).
    Sign,
    /// Give to another person of the unit.
    Assign(StaffId),
    /// Record that the requester was contacted (先行联系), or was not reached.
    FirstContact {
        /// Whether somebody answered.
        reached: bool,
    },
    /// Add a note.
    Note,
    /// Add what the requester says.
    Supplement,
    /// Reply with a result.
    Reply(TicketResult),
    /// Approve the reply.
    Approve,
    /// Send the reply back.
    SendBack,
    /// A call-back that reached nobody.
    MissCallback,
    /// The requester's answer, by whatever way.
    Rate(Rating),
    /// Nobody answered the call-back in time.
    Lapse,
    /// Take it back.
    Withdraw,
}

impl Command {
    /// The command's kind.
    #[must_use]
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::AnswerNow => CommandKind::AnswerNow,
            Self::Reject(_) => CommandKind::Reject,
            Self::Redirect(_) => CommandKind::Redirect,
            Self::Accept => CommandKind::Accept,
            Self::Dispatch { .. } => CommandKind::Dispatch,
            Self::Pool => CommandKind::Pool,
            Self::Sign => CommandKind::Sign,
            Self::Assign(_) => CommandKind::Assign,
            Self::FirstContact { .. } => CommandKind::FirstContact,
            Self::Note => CommandKind::Note,
            Self::Supplement => CommandKind::Supplement,
            Self::Reply(_) => CommandKind::Reply,
            Self::Approve => CommandKind::Approve,
            Self::SendBack => CommandKind::SendBack,
            Self::MissCallback | Self::Rate(_) => CommandKind::CallBack,
            Self::Lapse => CommandKind::Lapse,
            Self::Withdraw => CommandKind::Withdraw,
        }
    }
}

/// Commands without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "as in `Command`")]
pub enum CommandKind {
    AnswerNow,
    Reject,
    Redirect,
    Accept,
    Dispatch,
    Pool,
    Sign,
    Assign,
    FirstContact,
    Note,
    Supplement,
    Reply,
    Approve,
    SendBack,
    CallBack,
    Lapse,
    Withdraw,
}

impl CommandKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::AnswerNow,
        Self::Reject,
        Self::Redirect,
        Self::Accept,
        Self::Dispatch,
        Self::Pool,
        Self::Sign,
        Self::Assign,
        Self::FirstContact,
        Self::Note,
        Self::Supplement,
        Self::Reply,
        Self::Approve,
        Self::SendBack,
        Self::CallBack,
        Self::Lapse,
        Self::Withdraw,
    ];
}

/// Which commands a state takes: the whole table.
#[must_use]
pub fn allowed(state: TicketState) -> &'static [CommandKind] {
    use CommandKind as C;
    match state {
        TicketState::Registered => &[
            C::AnswerNow,
            C::Reject,
            C::Redirect,
            C::Accept,
            C::Note,
            C::Supplement,
            C::Withdraw,
        ],
        TicketState::PendingDispatch => &[C::Dispatch, C::Pool, C::Note, C::Supplement, C::Withdraw],
        TicketState::Dispatched => &[C::Sign, C::Assign, C::Note, C::Supplement, C::Withdraw],
        TicketState::InProgress => &[
            C::FirstContact,
            C::Assign,
            C::Note,
            C::Supplement,
            C::Reply,
            C::Withdraw,
        ],
        TicketState::ReplyReview => &[C::Approve, C::SendBack, C::Note, C::Supplement],
        TicketState::Callback => &[C::CallBack, C::Lapse, C::Note, C::Supplement],
        // An answer given on the line, or one that nobody rated in time, can still be rated.
        TicketState::Closed => &[C::CallBack],
        TicketState::Rejected | TicketState::Redirected | TicketState::Withdrawn => &[],
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What, as the timeline names it.
    pub kind: EntryKind,
    /// The state after it.
    pub to: TicketState,
    /// What else it changes.
    pub change: Change,
}

/// What an event changes besides the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The unit and person that have it.
    Lead {
        /// The unit.
        unit: UnitId,
        /// The person.
        person: Option<StaffId>,
    },
    /// The person.
    Person(StaffId),
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
}

/// What a clock does because of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Starts for the round.
    Start(ClockKind),
    /// Stops, whatever the round.
    Stop(ClockKind),
    /// All stop.
    StopAll,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What happens, in order.
    pub events: Vec<Event>,
    /// What the clocks do.
    pub ticks: Vec<Tick>,
}

/// Who acts, as far as the lifecycle must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The member of staff.
    pub staff: Option<StaffId>,
}

/// Why a command does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The state does not take it.
    NotNow {
        /// The state.
        state: TicketState,
        /// The command.
        command: CommandKind,
    },
    /// Who replied may not approve.
    SeparationOfDuty,
    /// A reply needs a first contact, or an attempt at it.
    NoContact,
    /// The requester rated this round already.
    AlreadyRated,
}

/// What a command does to a ticket, or why nothing.
///
/// # Errors
/// The refusal; nothing happens then.
pub fn decide(life: &Life, command: &Command, by: By) -> Result<Decision, Refusal> {
    use ClockKind as K;
    use EntryKind as E;
    use TicketState as S;
    let kind = command.kind();
    if !allowed(life.state).contains(&kind) {
        return Err(Refusal::NotNow {
            state: life.state,
            command: kind,
        });
    }
    let stay = life.state;
    let one = |kind, to, change, ticks: Vec<Tick>| Decision {
        events: vec![Event { kind, to, change }],
        ticks,
    };
    Ok(match command {
        Command::AnswerNow => Decision {
            events: vec![Event {
                kind: E::AnsweredNow,
                to: S::Closed,
                change: Change::Result(TicketResult::Answered),
            }],
            ticks: vec![Tick::StopAll],
        },
        Command::Reject(_) => one(E::Rejected, S::Rejected, Change::None, vec![Tick::StopAll]),
        Command::Redirect(_) => one(E::Redirected, S::Redirected, Change::None, vec![Tick::StopAll]),
        Command::Accept => one(
            E::Accepted,
            S::PendingDispatch,
            Change::None,
            vec![Tick::Stop(K::Accept)],
        ),
        Command::Pool => one(E::Pooled, S::PendingDispatch, Change::None, vec![]),
        Command::Dispatch { unit, person } => one(
            E::Dispatched,
            S::Dispatched,
            Change::Lead {
                unit: *unit,
                person: *person,
            },
            vec![Tick::Start(K::Sign), Tick::Start(K::Resolve)],
        ),
        Command::Sign => {
            let change = by.staff.map_or(Change::None, Change::Person);
            one(
                E::Signed,
                S::InProgress,
                change,
                vec![Tick::Stop(K::Sign), Tick::Start(K::FirstContact)],
            )
        }
        Command::Assign(person) => one(E::Assigned, stay, Change::Person(*person), vec![]),
        Command::FirstContact { .. } => one(
            E::FirstContact,
            stay,
            Change::Contacted,
            vec![Tick::Stop(K::FirstContact)],
        ),
        Command::Note => one(E::Noted, stay, Change::None, vec![]),
        Command::Supplement => one(E::Supplemented, stay, Change::None, vec![]),
        Command::Reply(_) if !life.contacted => return Err(Refusal::NoContact),
        Command::Reply(result) => {
            let change = Change::Reply {
                by: by.staff,
                result: *result,
            };
            one(E::Replied, S::ReplyReview, change, vec![Tick::Start(K::Approve)])
        }
        Command::Approve | Command::SendBack if by.staff.is_some() && by.staff == life.replied_by => {
            return Err(Refusal::SeparationOfDuty);
        }
        Command::Approve => {
            let ticks = vec![
                Tick::Stop(K::Approve),
                Tick::Stop(K::Resolve),
                Tick::Start(K::Callback),
            ];
            one(E::Approved, S::Callback, Change::None, ticks)
        }
        Command::SendBack => one(
            E::SentBack,
            S::InProgress,
            Change::None,
            vec![Tick::Stop(K::Approve)],
        ),
        Command::MissCallback | Command::Rate(_) if life.rated => return Err(Refusal::AlreadyRated),
        Command::MissCallback => one(E::CallbackAttempted, stay, Change::None, vec![]),
        Command::Rate(rating) => rated(life, *rating),
        Command::Lapse => one(E::Closed, S::Closed, Change::None, vec![Tick::StopAll]),
        Command::Withdraw => one(E::Withdrawn, S::Withdrawn, Change::None, vec![Tick::StopAll]),
    })
}

/// A rating closes the matter or takes it up again. One that comes after the close changes no state: reopening is
/// a decision of its own.
fn rated(life: &Life, rating: Rating) -> Decision {
    use TicketState as S;
    let rated = |to| Event {
        kind: EntryKind::Rated,
        to,
        change: Change::Rated,
    };
    if life.state == S::Closed {
        return Decision {
            events: vec![rated(S::Closed)],
            ticks: vec![],
        };
    }
    let (next, ticks) = if rating.asks_for_rework() {
        let ticks = vec![Tick::Stop(ClockKind::Callback), Tick::Start(ClockKind::Resolve)];
        (
            Event {
                kind: EntryKind::Reworked,
                to: S::InProgress,
                change: Change::Round,
            },
            ticks,
        )
    } else {
        (
            Event {
                kind: EntryKind::Closed,
                to: S::Closed,
                change: Change::None,
            },
            vec![Tick::StopAll],
        )
    };
    Decision {
        events: vec![rated(S::Callback), next],
        ticks,
    }
}

/// What an event makes of a ticket.
#[must_use]
pub fn evolve(mut life: Life, event: &Event) -> Life {
    life.state = event.to;
    match event.change {
        Change::None => {}
        Change::Lead { unit, person } => {
            life.lead = Some(unit);
            life.person = person;
            life.routes += 1;
        }
        Change::Person(person) => life.person = Some(person),
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
    }
    life
}

/// The table as text, for people: state × command → next state or refusal.
#[must_use]
pub fn table() -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for state in TicketState::ALL {
        let _ = writeln!(out, "{} {}", state.word(), state.chinese());
        for command in samples() {
            let life = Life {
                state: *state,
                contacted: true,
                ..Life::new()
            };
            if let Ok(decision) = decide(&life, &command, By::default()) {
                let steps: Vec<String> = decision
                    .events
                    .iter()
                    .map(|event| format!("{} → {}", event.kind, event.to))
                    .collect();
                let _ = writeln!(out, "  {command:?}: {}", steps.join(", then "));
            }
        }
    }
    out
}

/// One command of each kind and outcome.
#[must_use]
pub fn samples() -> Vec<Command> {
    let nil = uuid::Uuid::nil();
    let rating = |solved, satisfied| {
        Command::Rate(Rating {
            contacted: true,
            solved,
            satisfied,
        })
    };
    vec![
        Command::AnswerNow,
        Command::Reject(RejectReason::Judicial),
        Command::Redirect(RedirectLine::Police110),
        Command::Accept,
        Command::Pool,
        Command::Dispatch {
            unit: nil.into(),
            person: None,
        },
        Command::Sign,
        Command::Assign(nil.into()),
        Command::FirstContact { reached: true },
        Command::Note,
        Command::Supplement,
        Command::Reply(TicketResult::Solved),
        Command::Approve,
        Command::SendBack,
        Command::MissCallback,
        rating(true, 5),
        rating(false, 1),
        Command::Lapse,
        Command::Withdraw,
    ]
}

#[cfg(test)]
mod tests;
