//! The life of a ticket: `decide` says what a command does or why not, `evolve` what an event makes of the state.
//! One table (`allowed`) says which command a state takes; it also tells clients what they may do now.

mod command;
mod life;
mod others;
mod print;
mod route;
mod time;

pub use command::{Command, CommandKind, Place, Rating, Span, allowed};
use entity::id::{ProceedingId, StaffId};
use entity::kind::{ClockKind, EntryKind, ProceedingKind, ProceedingState, TicketResult, TicketState};
pub use life::{Change, Event, FINAL_ROUTE, Life, Open, evolve};
use others::{merge, others};
pub use print::{samples, table};
use route::route;
use time::time;

/// What a clock does because of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Starts for the round, by the policy; one that runs goes on as it was.
    Start(ClockKind),
    /// Starts for a small life.
    StartFor(ClockKind, ProceedingId, Span),
    /// Stops, whatever the round.
    Stop(ClockKind),
    /// Those of a small life stop.
    StopFor(ProceedingId),
    /// All of the ticket's own stop.
    StopAll,
    /// Those that run are counted by figures, or not.
    Count(bool),
    /// That one is not counted by figures.
    Discount(ClockKind),
    /// Stands still.
    Pause(ClockKind),
    /// Runs on.
    Resume(ClockKind),
    /// Gets so many of its unit more.
    Extend(ClockKind, u32),
    /// Ends when a plan says.
    Until(ClockKind, chrono::DateTime<chrono::Utc>),
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
    /// Whether they act for the centre.
    pub centre: bool,
    /// Whether it is the requester.
    pub requester: bool,
}

/// What clocks, policy and settings say at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Whether the window for giving the ticket back is open.
    pub return_open: bool,
    /// Whether the clock of the resolution runs and is not due.
    pub before_due: bool,
    /// How many extensions are left.
    pub extensions_left: u32,
    /// How much they may come to, in the unit of the clock.
    pub extension_room: u32,
    /// Whether a closed ticket may be taken up again.
    pub reopen_open: bool,
    /// Whether the requester may press again.
    pub urge_open: bool,
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
    /// Who did the one may not do the other: reply and approve, ask and rule.
    SeparationOfDuty,
    /// A reply needs a first contact, or an attempt at it.
    NoContact,
    /// The requester rated this round already.
    AlreadyRated,
    /// It may be given back no more.
    ReturnForbidden,
    /// The window for giving it back has closed.
    ReturnWindowPast,
    /// The next route is the last one: the centre rules.
    CentreMustRule,
    /// The next route is the last one: the ruling must name the unit.
    MustDesignate,
    /// More time is asked for before the clock is due, or not at all.
    ExtensionAfterDue,
    /// No extension is left, or not so much.
    ExtensionExhausted {
        /// How many are left.
        left: u32,
        /// How much they may come to.
        room: u32,
    },
    /// There is one already that is not over.
    AlreadyOpen(ProceedingKind),
    /// There is none that it could be about.
    NoneOpen(ProceedingKind),
    /// Parts that other units do are not done.
    TasksOpen(usize),
    /// The lead unit can't be called in by itself.
    TaskToLead,
    /// A ticket is not merged into itself, into a merged one, or when others were merged into it.
    MergeRing,
    /// The other ticket is not being handled.
    MergeIntoClosed,
    /// The days in which it could be taken up again are over.
    ReopenWindowPast,
    /// The requester has pressed only just now.
    UrgeTooSoon,
    /// Who refused it does not decide about the appeal.
    AnotherMustDecide,
    /// The reason can be known only after verification, or only before.
    NotVerified,
}

/// Parts that other units do: a reply waits for them.
const TASKS: &[ProceedingKind] = &[ProceedingKind::Task, ProceedingKind::Whistle];
/// What is over once a reply is approved or the unit changes.
const OF_HANDLING: &[ProceedingKind] = &[ProceedingKind::Extension, ProceedingKind::Milestone];
/// What is over with the ticket. A supervision is not: the supervisor ends it.
const OF_TICKET: &[ProceedingKind] = &[
    ProceedingKind::Return,
    ProceedingKind::Extension,
    ProceedingKind::Suspension,
    ProceedingKind::Task,
    ProceedingKind::Whistle,
    ProceedingKind::Milestone,
];

impl Decision {
    fn one(kind: EntryKind, to: TicketState, changes: Vec<Change>, ticks: Vec<Tick>) -> Self {
        Self {
            events: vec![Event { kind, to, changes }],
            ticks,
        }
    }

    fn then(mut self, kind: EntryKind, to: TicketState, changes: Vec<Change>, ticks: Vec<Tick>) -> Self {
        self.events.push(Event { kind, to, changes });
        self.ticks.extend(ticks);
        self
    }

    fn ticking(mut self, tick: Tick) -> Self {
        self.ticks.push(tick);
        self
    }

    /// With what ends because of it.
    fn lapsing(mut self, life: &Life, kinds: &[ProceedingKind]) -> Self {
        for open in life.open_of(kinds) {
            self.ticks.push(Tick::StopFor(open.id));
            if let Some(event) = self.events.last_mut() {
                event
                    .changes
                    .push(Change::Ended(open.id, ProceedingState::Lapsed));
            }
        }
        self
    }
}

/// What a command does to a ticket, or why nothing.
///
/// # Errors
/// The refusal; nothing happens then.
pub fn decide(life: &Life, command: &Command, by: By, moment: Moment) -> Result<Decision, Refusal> {
    let kind = command.kind();
    if !allowed(life.state).contains(&kind) {
        return Err(Refusal::NotNow {
            state: life.state,
            command: kind,
        });
    }
    match command {
        Command::AnswerNow
        | Command::Reject(_)
        | Command::Appeal
        | Command::Redirect(_)
        | Command::Accept => accept(life, command, by),
        Command::Dispatch(_)
        | Command::Pool
        | Command::Sign
        | Command::Assign(_)
        | Command::Reassign(_)
        | Command::RequestReturn(_)
        | Command::ApproveReturn(_)
        | Command::RefuseReturn => route(life, command, by, moment),
        Command::RequestExtension { .. }
        | Command::GrantExtension { .. }
        | Command::RefuseExtension
        | Command::Suspend { .. }
        | Command::Resume
        | Command::SetPlan(_)
        | Command::ReachMilestone(_) => time(life, command, by, moment),
        Command::CoHandle { .. }
        | Command::Whistle { .. }
        | Command::FinishTask(_)
        | Command::WaiveTask(_)
        | Command::Supervise { .. }
        | Command::AnswerSupervision
        | Command::CloseSupervision => others(life, command, by),
        Command::Merge { .. } | Command::Unmerge | Command::Follow { .. } => merge(life, command),
        Command::FirstContact { .. }
        | Command::Note
        | Command::Supplement
        | Command::Correct
        | Command::Urge
        | Command::Reply(_)
        | Command::Approve
        | Command::SendBack => handle(life, command, by, moment),
        Command::MissCallback
        | Command::Rate(_)
        | Command::Lapse
        | Command::Reopen
        | Command::Withdraw
        | Command::Archive => finish(life, command, by, moment),
    }
}

fn not_now(life: &Life, command: &Command) -> Refusal {
    Refusal::NotNow {
        state: life.state,
        command: command.kind(),
    }
}

/// Taking a request in, or not.
fn accept(life: &Life, command: &Command, by: By) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use TicketState as S;
    let same = by.staff.is_some() && by.staff == life.rejected_by;
    if life.appealed && same && *command != Command::Appeal {
        return Err(Refusal::AnotherMustDecide);
    }
    Ok(match command {
        Command::AnswerNow => Decision::one(
            E::AnsweredNow,
            S::Closed,
            vec![Change::Result(TicketResult::Answered)],
            vec![Tick::StopAll],
        ),
        Command::Reject(reason) if reason.after_verification() != (life.state == S::ReplyReview) => {
            return Err(Refusal::NotVerified);
        }
        Command::Reject(_)
            if life.state == S::ReplyReview && by.staff.is_some() && by.staff == life.replied_by =>
        {
            return Err(Refusal::SeparationOfDuty);
        }
        // A refusal resolves nothing: it is neither in time nor late.
        Command::Reject(_) => Decision::one(
            E::Rejected,
            S::Rejected,
            vec![Change::Rejected(by.staff)],
            vec![Tick::Discount(ClockKind::Resolve), Tick::StopAll],
        )
        .lapsing(life, ProceedingKind::ALL),
        Command::Appeal if life.appealed => return Err(not_now(life, command)),
        Command::Appeal => Decision::one(
            E::Appealed,
            S::Registered,
            // It is nobody's until it is decided.
            vec![Change::Appealed, Change::Unled],
            vec![Tick::Start(ClockKind::Accept)],
        ),
        Command::Redirect(_) => Decision::one(E::Redirected, S::Redirected, vec![], vec![Tick::StopAll]),
        Command::Accept => Decision::one(
            E::Accepted,
            S::PendingDispatch,
            vec![],
            vec![Tick::Stop(ClockKind::Accept)],
        ),
        other => return Err(not_now(life, other)),
    })
}

fn begun(id: ProceedingId, kind: ProceedingKind, unit: Option<entity::id::UnitId>, by: By) -> Open {
    Open {
        id,
        kind,
        state: ProceedingState::Open,
        unit,
        by: by.staff,
    }
}

/// The work itself.
fn handle(life: &Life, command: &Command, by: By, moment: Moment) -> Result<Decision, Refusal> {
    use ClockKind as K;
    use EntryKind as E;
    use TicketState as S;
    let stay = life.state;
    Ok(match command {
        Command::FirstContact { .. } => Decision::one(
            E::FirstContact,
            stay,
            vec![Change::Contacted],
            vec![Tick::Stop(K::FirstContact)],
        ),
        Command::Note => Decision::one(E::Noted, stay, vec![], vec![]),
        Command::Supplement => Decision::one(E::Supplemented, stay, vec![], vec![]),
        Command::Correct => Decision::one(E::Corrected, stay, vec![], vec![]),
        Command::Urge if !moment.urge_open => return Err(Refusal::UrgeTooSoon),
        Command::Urge => Decision::one(E::Urged, stay, vec![Change::Urged], vec![]),
        Command::Reply(_) if !life.contacted => return Err(Refusal::NoContact),
        Command::Reply(_) if life.open_of(TASKS).next().is_some() => {
            return Err(Refusal::TasksOpen(life.open_of(TASKS).count()));
        }
        Command::Reply(result) => {
            let change = Change::Reply {
                by: by.staff,
                result: *result,
            };
            let ticks = vec![Tick::Stop(K::Return), Tick::Start(K::Approve)];
            Decision::one(E::Replied, S::ReplyReview, vec![change], ticks)
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
            Decision::one(E::Approved, S::Callback, vec![], ticks).lapsing(life, OF_HANDLING)
        }
        Command::SendBack => Decision::one(E::SentBack, S::InProgress, vec![], vec![Tick::Stop(K::Approve)]),
        other => return Err(not_now(life, other)),
    })
}

/// The end, and what comes after it.
fn finish(life: &Life, command: &Command, by: By, moment: Moment) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use TicketState as S;
    Ok(match command {
        // A score is the requester's: they alone may change it, and what it was stays in the timeline.
        Command::Rate(_) if life.rated && by.requester && moment.reopen_open => {
            Decision::one(E::Rated, life.state, vec![Change::Rated], vec![])
        }
        Command::MissCallback | Command::Rate(_) if life.rated => return Err(Refusal::AlreadyRated),
        Command::MissCallback => Decision::one(E::CallbackAttempted, life.state, vec![], vec![]),
        Command::Rate(rating) => rated(life, *rating),
        Command::Lapse => {
            Decision::one(E::Closed, S::Closed, vec![], vec![Tick::StopAll]).lapsing(life, OF_TICKET)
        }
        Command::Reopen if !moment.reopen_open => return Err(Refusal::ReopenWindowPast),
        Command::Reopen => {
            // What was answered on the line was never with a unit.
            let (to, ticks) = match life.lead {
                Some(_) => (S::InProgress, rework()),
                None => (S::PendingDispatch, vec![Tick::Start(ClockKind::Dispatch)]),
            };
            Decision::one(E::Reopened, to, vec![Change::Round], ticks)
        }
        Command::Withdraw => Decision::one(
            E::Withdrawn,
            S::Withdrawn,
            vec![Change::Primary(None)],
            vec![Tick::Count(false), Tick::StopAll],
        )
        .lapsing(life, ProceedingKind::ALL),
        // What is still supervised is not put away.
        Command::Archive if life.open(ProceedingKind::Supervision).is_some() => {
            return Err(Refusal::AlreadyOpen(ProceedingKind::Supervision));
        }
        Command::Archive => Decision::one(E::Archived, S::Archived, vec![], vec![]),
        other => return Err(not_now(life, other)),
    })
}

/// Clocks of another round.
fn rework() -> Vec<Tick> {
    vec![
        Tick::Start(ClockKind::FirstContact),
        Tick::Start(ClockKind::Resolve),
    ]
}

/// A rating closes the matter or takes it up again. One that comes after the close changes no state: reopening is
/// a decision of its own.
fn rated(life: &Life, rating: Rating) -> Decision {
    use EntryKind as E;
    use TicketState as S;
    let rated = |to| Decision::one(E::Rated, to, vec![Change::Rated], vec![]);
    if life.state == S::Closed {
        return rated(S::Closed);
    }
    if rating.asks_for_rework() {
        let mut ticks = vec![Tick::Stop(ClockKind::Callback)];
        ticks.extend(rework());
        rated(S::Callback).then(E::Reworked, S::InProgress, vec![Change::Round], ticks)
    } else {
        rated(S::Callback)
            .then(E::Closed, S::Closed, vec![], vec![Tick::StopAll])
            .lapsing(life, OF_TICKET)
    }
}

#[cfg(test)]
mod tests;
