//! One ticket's life: each step of its script is decided by the rules of the lifecycle, and leaves the rows that the
//! application would have written.

mod command;
mod log;
mod small;

use super::clocks::{About, Clocks};
use super::dice::Dice;
use super::district::{District, Routed};
use super::rows::Rows;
use super::script::{Act, Step, Wait, Who};
use crate::access::authenticate::local_day;
use crate::orgs::rules::Unit;
use crate::platform::kit::Kit;
use crate::sla::rules::calendar::{Calendar, Limit};
use crate::tickets::rules::escalation;
use crate::tickets::rules::lifecycle::{By, Event, Life, Refusal, Tick, allowed, decide, evolve};
use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ResidentId, UnitId};
use entity::kind::{ActorKind, ClockKind, EntryKind, LimitUnit, Role, TicketState};
use entity::{assignment, callback as callbacks, durable_timer, event, proceeding, ticket, ticket_entry};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a ticket's life needs of the world.
pub struct World<'a> {
    /// The tools.
    pub kit: &'a Kit,
    /// Who and where.
    pub district: &'a District<'a>,
    /// Until when it is known.
    pub now: DateTime<Utc>,
    /// Days until a call-back lapses.
    pub grace_days: i64,
}

/// Who did something, as rows name them.
struct Actor {
    kind: ActorKind,
    id: Option<Uuid>,
    name: Option<String>,
    role: Option<Role>,
    unit: Option<UnitId>,
}

/// What an entry says.
#[derive(Default)]
struct Said {
    public: bool,
    public_text: Option<&'static str>,
    internal_text: Option<&'static str>,
    data: Value,
}

/// A ticket on its way.
pub struct Living<'a> {
    world: &'a World<'a>,
    dice: &'a mut Dice,
    ticket: ticket::Model,
    life: Life,
    place: &'a Unit,
    routed: Routed,
    requester: ResidentId,
    relapses: bool,
    nth: u16,
    at: DateTime<Utc>,
    clocks: Clocks,
    legs: Vec<assignment::Model>,
    proceedings: Vec<proceeding::Model>,
    callbacks: Vec<callbacks::Model>,
    entries: Vec<ticket_entry::Model>,
    events: Vec<event::ActiveModel>,
    timers: Vec<durable_timer::Model>,
}

/// A request as it came in.
pub struct Begun<'a> {
    /// Its row.
    pub ticket: ticket::Model,
    /// Where it is about.
    pub place: &'a Unit,
    /// Where it goes.
    pub routed: Routed,
    /// Who asks.
    pub requester: ResidentId,
    /// Whether such matters are known to come back.
    pub relapses: bool,
}

impl<'a> Living<'a> {
    /// A ticket that was just registered.
    pub fn new(world: &'a World<'a>, dice: &'a mut Dice, begun: Begun<'a>) -> Self {
        Self {
            world,
            dice,
            life: Life::new(),
            at: begun.ticket.created_at,
            ticket: begun.ticket,
            place: begun.place,
            routed: begun.routed,
            requester: begun.requester,
            relapses: begun.relapses,
            nth: 0,
            clocks: Clocks::default(),
            legs: Vec::new(),
            proceedings: Vec::new(),
            callbacks: Vec::new(),
            entries: Vec::new(),
            events: Vec::new(),
            timers: Vec::new(),
        }
    }

    /// Lets it live by its script until now, and hands its rows over.
    ///
    /// # Errors
    /// When the rules refuse what the script wants.
    pub fn live(mut self, script: &[Step], rows: &mut Rows) -> anyhow::Result<()> {
        let registered = Event {
            kind: EntryKind::Registered,
            to: TicketState::Registered,
            changes: Vec::new(),
        };
        let actor = self.actor(Who::Operator)?;
        let said = Said {
            public: true,
            data: json!({ "channel": self.ticket.channel, "category": self.ticket.category, "request_type": self.ticket.request_type }),
            ..Said::default()
        };
        self.append(&registered, None, &actor, said)?;
        self.turn(Tick::Start(ClockKind::Accept));
        for step in script {
            let at = self.when(step.wait);
            if at > self.world.now {
                break;
            }
            self.run_out(at)?;
            self.at = at;
            self.step(step)?;
        }
        self.run_out(self.world.now)?;
        self.finish(rows);
        Ok(())
    }

    fn calendar(&self) -> &'a Calendar {
        self.world.district.reference.calendars.of("/")
    }

    fn id<T: From<Uuid>>(&mut self) -> T {
        self.nth += 1;
        self.dice.id(self.at, self.nth)
    }

    /// When a step is done.
    fn when(&mut self, wait: Wait) -> DateTime<Utc> {
        match wait {
            Wait::Wall(long) => self.at + long,
            Wait::Office(long) => {
                let at = self.at + long;
                let calendar = self.calendar();
                if calendar.worked(at, at + TimeDelta::minutes(1)) > TimeDelta::zero() {
                    return at;
                }
                let hour = Limit {
                    amount: 1,
                    unit: LimitUnit::WorkingHours,
                };
                calendar.due(at, hour).at - self.dice.minutes(0, 60)
            }
            Wait::Lapse => self.callbacks.last().map_or(self.at, |row| row.expires_at),
        }
        .max(self.at)
    }

    /// Tells of clocks that run out until an instant.
    fn run_out(&mut self, until: DateTime<Utc>) -> anyhow::Result<()> {
        while let Some((at, step, row)) = self.clocks.told(self.calendar(), until) {
            self.at = at.max(self.at);
            let directory = &self.world.district.reference.directory;
            let kind = row.unit_id.and_then(|id| directory.get(id)).map(|unit| unit.kind);
            let data = json!({ "clock": row.kind, "due_at": row.due_at, "audience": escalation::audience(step, kind).word(), "charged": row.unit_id, "proceeding_id": row.proceeding_id });
            let event = Event {
                kind: match step {
                    escalation::Step::Remind => EntryKind::Reminded,
                    escalation::Step::Overdue => EntryKind::Overdue,
                    escalation::Step::Escalate | escalation::Step::Report => EntryKind::Escalated,
                },
                to: self.life.state,
                changes: Vec::new(),
            };
            let actor = self.actor(Who::System)?;
            let said = Said {
                data,
                ..Said::default()
            };
            self.append(&event, Some((self.life.state, self.life.lead)), &actor, said)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        let Some(command) = self.command(step.act)? else {
            return Ok(());
        };
        // What went another way than the script thought is left out: a return that was too late needs no ruling.
        if !allowed(self.life.state).contains(&command.kind()) {
            return Ok(());
        }
        let actor = self.actor(step.who)?;
        let by = By {
            staff: actor
                .id
                .filter(|_| actor.kind == ActorKind::Staff)
                .map(Into::into),
            centre: matches!(step.who, Who::Operator | Who::Arbiter | Who::Supervisor),
            requester: step.who == Who::Requester,
        };
        let decision = match decide(&self.life, &command, by, self.moment()) {
            Ok(decision) => decision,
            Err(Refusal::ReturnWindowPast | Refusal::ExtensionAfterDue | Refusal::NoneOpen(_)) => {
                return Ok(());
            }
            Err(refusal) => bail!("{:?} is refused: {refusal:?}", step.act),
        };
        for (nth, event) in decision.events.iter().enumerate() {
            let before = self.life.state;
            let unit_before = self.life.lead;
            self.life = evolve(self.life.clone(), event);
            for change in &event.changes {
                self.change(change, step, &command, &actor)?;
            }
            let first = nth == 0;
            let said = Said {
                public: is_public(event.kind),
                public_text: step.public.filter(|_| first),
                internal_text: step.internal.filter(|_| first),
                data: self.words(event),
            };
            self.append(event, Some((before, unit_before)), &actor, said)?;
        }
        for tick in decision.ticks {
            self.turn(tick);
        }
        self.follow(&command, actor.kind);
        self.reflect();
        Ok(())
    }

    fn turn(&mut self, tick: Tick) {
        let id = self.id();
        let small = match tick {
            Tick::StartFor(ClockKind::Task | ClockKind::Whistle, id, _) => {
                let mut rows = self.proceedings.iter();
                rows.find(|row| row.id == id)
                    .and_then(|row| row.unit_id.zip(row.unit_path.clone()))
            }
            _ => None,
        };
        let lead = self.leg().map(|leg| (leg.unit_id, leg.unit_path.clone()));
        let kind = match tick {
            Tick::Start(kind) | Tick::StartFor(kind, ..) => Some(kind),
            _ => None,
        };
        let centre = matches!(
            kind,
            Some(ClockKind::Accept | ClockKind::Dispatch | ClockKind::Arbitrate | ClockKind::Callback)
        );
        let unit = small.as_ref().or(lead.as_ref().filter(|_| !centre));
        let about = About {
            ticket: &self.ticket,
            unit: unit.map(|(id, path)| (*id, path.as_str())),
            lead: lead.as_ref().map(|(_, path)| path.as_str()),
            day: local_day(self.world.now),
            at: self.at,
        };
        self.clocks.turn(self.world.district.reference, &about, tick, id);
    }
}

/// The state before an entry, and the unit that had it then.
type Before = (TicketState, Option<UnitId>);

/// What requesters see of a timeline.
fn is_public(kind: EntryKind) -> bool {
    use EntryKind as E;
    !matches!(
        kind,
        E::Noted
            | E::Replied
            | E::SentBack
            | E::ReturnRequested
            | E::ReturnApproved
            | E::ReturnRefused
            | E::ExtensionRequested
            | E::TaskOpened
            | E::TaskDone
            | E::SupervisionAnswered
            | E::CallbackAttempted
    )
}
