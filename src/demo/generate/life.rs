//! One ticket's life: each step of its script is decided by the rules of the lifecycle, and leaves the rows that the
//! application would have written.

use super::clocks::{About, Clocks};
use super::dice::Dice;
use super::district::{District, Routed};
use super::rows::Rows;
use super::script::{Act, Step, Wait, Who};
use crate::access::authenticate::{china, local_day};
use crate::orgs::rules::Unit;
use crate::platform::crypto::sha256;
use crate::platform::kit::Kit;
use crate::routing::rules::Colleague;
use crate::sla::rules::calendar::{Calendar, Limit};
use crate::tickets::commands::callback;
use crate::tickets::rules::chain::{self, Link};
use crate::tickets::rules::escalation;
use crate::tickets::rules::lifecycle::{
    By, Change, Command, Event, Life, Moment, Open, Place, Rating, Refusal, Span, Tick, allowed, decide,
    evolve,
};
use crate::tickets::rules::{attempts, open};
use crate::tickets::{label, timer};
use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallbackId, ProceedingId, ResidentId, TimerId, UnitId};
use entity::kind::{
    ActorKind, CallbackState, ClockKind, EntryKind, LegNature, LimitUnit, ProceedingKind, ProceedingState,
    ReturnGround, Role, TicketState,
};
use entity::{assignment, callback as callbacks, durable_timer, event, proceeding, ticket, ticket_entry};
use sea_orm::ActiveValue::{NotSet, Set};
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

    fn actor(&self, who: Who) -> anyhow::Result<Actor> {
        let district = self.world.district;
        let lead = self.life.lead.unwrap_or(self.routed.unit);
        let helper = self
            .life
            .open(ProceedingKind::Task)
            .and_then(|open| district.colleague(open.unit?, Role::Handler));
        let colleague: &Colleague = match who {
            Who::Operator => district.centre(Role::Operator)?,
            Who::Arbiter => district.centre(Role::Arbiter)?,
            Who::Callback => district.centre(Role::CallbackAgent)?,
            Who::Supervisor => district.centre(Role::Supervisor)?,
            Who::Handler => &self.routed.handler,
            Who::Helper => helper.unwrap_or(&self.routed.handler),
            Who::Lead => match district.colleague(lead, Role::UnitLead) {
                Some(colleague) => colleague,
                None => district.centre(Role::Arbiter)?,
            },
            Who::Requester => {
                return Ok(Actor {
                    kind: ActorKind::Resident,
                    id: Some(self.requester.0),
                    name: None,
                    role: Some(Role::Resident),
                    unit: None,
                });
            }
            Who::System => {
                return Ok(Actor {
                    kind: ActorKind::System,
                    id: None,
                    name: None,
                    role: None,
                    unit: None,
                });
            }
        };
        Ok(Actor {
            kind: ActorKind::Staff,
            id: Some(colleague.id.0),
            name: Some(colleague.name.clone()),
            role: Some(colleague.role),
            unit: Some(colleague.unit),
        })
    }

    /// The command that an act means now; none where what it was meant for did not come about.
    fn command(&mut self, act: Act) -> anyhow::Result<Option<Command>> {
        let task = self.life.open(ProceedingKind::Task).map(|open| open.id);
        Ok(Some(match act {
            Act::AnswerNow => Command::AnswerNow,
            Act::Reject(reason) => Command::Reject(reason),
            Act::Redirect(line) => Command::Redirect(line),
            Act::Accept => Command::Accept,
            Act::Dispatch => Command::Dispatch(self.target()),
            Act::Sign => Command::Sign,
            Act::RequestReturn => Command::RequestReturn(self.id()),
            Act::GrantReturn => {
                self.routed = self.world.district.other(self.place.id, self.routed.unit)?;
                Command::ApproveReturn(Some(self.target()))
            }
            Act::RefuseReturn => Command::RefuseReturn,
            Act::Contact(reached) => Command::FirstContact { reached },
            Act::Note => Command::Note,
            Act::Supplement => Command::Supplement,
            Act::Urge => Command::Urge,
            Act::RequestExtension => Command::RequestExtension {
                id: self.id(),
                amount: self.more(),
            },
            Act::GrantExtension if self.life.open(ProceedingKind::Extension).is_none() => return Ok(None),
            Act::GrantExtension => Command::GrantExtension { amount: self.more() },
            Act::Suspend(days) => Command::Suspend {
                id: self.id(),
                review: self.at + TimeDelta::days(days),
            },
            Act::Resume => Command::Resume,
            Act::CoHandle => {
                let lead = self.life.lead.unwrap_or(self.routed.unit);
                Command::CoHandle {
                    id: self.id(),
                    unit: self.world.district.other(self.place.id, lead)?.unit,
                    span: Span::Limit(Limit {
                        amount: 3,
                        unit: LimitUnit::WorkingDays,
                    }),
                }
            }
            Act::FinishTask => match task {
                Some(id) => Command::FinishTask(id),
                None => return Ok(None),
            },
            Act::Supervise => Command::Supervise {
                id: self.id(),
                span: Span::Limit(Limit {
                    amount: 2,
                    unit: LimitUnit::WorkingDays,
                }),
            },
            Act::AnswerSupervision => Command::AnswerSupervision,
            Act::CloseSupervision => Command::CloseSupervision,
            Act::Reply(result) => Command::Reply(result),
            Act::SendBack => Command::SendBack,
            Act::Approve => Command::Approve,
            Act::Miss => Command::MissCallback,
            Act::Rate(rating) => Command::Rate(rating),
            Act::Lapse => Command::Lapse,
            Act::Withdraw => Command::Withdraw,
        }))
    }

    fn target(&self) -> Place {
        Place {
            unit: self.routed.unit,
            person: Some(self.routed.handler.id),
        }
    }

    /// How much more time is asked for, in the unit of the limit.
    fn more(&self) -> u32 {
        match self.clocks.unit_of_resolution() {
            Some(LimitUnit::Minutes) => 720,
            Some(LimitUnit::WorkingHours) => 8,
            _ => 3,
        }
    }

    fn moment(&self) -> Moment {
        let before = |kind| self.clocks.due(kind).is_some_and(|due| due > self.at);
        Moment {
            return_open: before(ClockKind::Return),
            before_due: before(ClockKind::Resolve),
            extensions_left: 1,
            extension_room: 10_000,
            reopen_open: true,
            urge_open: true,
        }
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

    /// What the timeline keeps of a new leg.
    fn words(&self, event: &Event) -> Value {
        let leads = |change: &Change| matches!(change, Change::Lead { .. });
        match self.legs.last() {
            Some(leg) if event.changes.iter().any(leads) => {
                json!({ "unit": leg.unit_name, "unit_id": leg.unit_id, "staff": leg.staff_name, "staff_id": leg.staff_id })
            }
            _ => json!({}),
        }
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

    /// The lead unit's leg.
    fn leg(&self) -> Option<&assignment::Model> {
        let mut legs = self.legs.iter();
        legs.find(|leg| leg.nature == LegNature::Lead && leg.ended_at.is_none())
    }

    fn end_legs(&mut self, nature: LegNature) {
        let at = self.at;
        let open = self.legs.iter_mut().filter(|leg| leg.ended_at.is_none());
        open.filter(|leg| leg.nature == nature)
            .for_each(|leg| leg.ended_at = Some(at));
    }

    fn begin_leg(&mut self, nature: LegNature, unit: &Unit, handler: Option<&Colleague>) {
        let leg = assignment::Model {
            id: self.id(),
            ticket_id: self.ticket.id,
            nature,
            unit_id: unit.id,
            unit_path: unit.path.clone(),
            unit_name: unit.name.clone(),
            staff_id: handler.map(|handler| handler.id),
            staff_name: handler.map(|handler| handler.name.clone()),
            post: handler.and_then(|_| self.routed.post.clone()),
            explanation: match nature {
                LegNature::Lead => self.routed.explanation.clone(),
                LegNature::Assist => json!({}),
            },
            counts: true,
            started_at: self.at,
            ended_at: None,
            closed_at: None,
        };
        self.legs.push(leg);
    }

    fn change(
        &mut self,
        change: &Change,
        step: &Step,
        command: &Command,
        actor: &Actor,
    ) -> anyhow::Result<()> {
        let directory = &self.world.district.reference.directory;
        match change {
            Change::Lead { unit, .. } => {
                let unit = directory.get(*unit).context("a unit")?;
                self.end_legs(LegNature::Lead);
                let handler = self.routed.handler.clone();
                self.begin_leg(LegNature::Lead, unit, Some(&handler));
                self.clocks.belong_to(unit.id, &unit.path);
                let mut returns = self.proceedings.iter_mut().rev();
                if let Some(row) = returns.find(|row| row.kind == ProceedingKind::Return) {
                    row.target_unit_id = Some(unit.id);
                }
            }
            Change::Unled => self.end_legs(LegNature::Lead),
            Change::Opened(open) => self.begin(open, step, command)?,
            Change::Answered(id) => self.go_on(*id, ProceedingState::Answered, step, actor)?,
            Change::Ended(id, state) => self.go_on(*id, *state, step, actor)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, small: &Open, step: &Step, command: &Command) -> anyhow::Result<()> {
        let district = self.world.district;
        let directory = &district.reference.directory;
        let unit = small.unit.or(self.life.lead).and_then(|id| directory.get(id));
        let unit = unit.context("a unit for each small life")?;
        let is_return = small.kind == ProceedingKind::Return;
        let row = proceeding::Model {
            id: small.id,
            ticket_id: self.ticket.id,
            kind: small.kind,
            state: small.state,
            unit_id: Some(unit.id),
            unit_path: Some(unit.path.clone()),
            unit_name: Some(unit.name.clone()),
            ground: is_return.then_some(ReturnGround::NotOurDuty),
            target_unit_id: if is_return {
                Some(district.other(self.place.id, unit.id)?.unit)
            } else {
                None
            },
            amount: match command {
                Command::RequestExtension { amount, .. } => i32::try_from(*amount).ok(),
                _ => None,
            },
            category: self.ticket.category.clone(),
            asked_sealed: self.seal(label::PROCEEDING, step.internal)?,
            answered_sealed: None,
            opened_by: small.by,
            opened_at: self.at,
            due_at: match command {
                Command::Suspend { review, .. } => Some(*review),
                _ => None,
            },
            ended_by: None,
            ended_at: None,
        };
        self.ticket.proceedings += 1;
        self.proceedings.push(row);
        if small.kind == ProceedingKind::Task {
            self.begin_leg(LegNature::Assist, unit, None);
        }
        Ok(())
    }

    fn go_on(
        &mut self,
        id: ProceedingId,
        state: ProceedingState,
        step: &Step,
        actor: &Actor,
    ) -> anyhow::Result<()> {
        let sealed = self.seal(label::PROCEEDING, step.internal)?;
        let at = self.at;
        let Some(row) = self.proceedings.iter_mut().find(|row| row.id == id) else {
            return Ok(());
        };
        row.state = state;
        row.answered_sealed = sealed.or(row.answered_sealed.take());
        if state != ProceedingState::Answered {
            row.ended_at = Some(at);
            row.ended_by = actor
                .id
                .filter(|_| actor.kind == ActorKind::Staff)
                .map(Into::into);
        }
        if row.kind == ProceedingKind::Task {
            self.end_legs(LegNature::Assist);
        }
        Ok(())
    }

    /// What follows from a command beside the ticket: its call-backs.
    fn follow(&mut self, command: &Command, by: ActorKind) {
        match command {
            Command::Approve => {
                let expires = self.at + TimeDelta::days(self.world.grace_days);
                let row = self.callback(CallbackState::Open, expires);
                self.callbacks.push(row);
            }
            Command::MissCallback => {
                let at = self.at;
                if let Some(row) = self.callbacks.last_mut() {
                    row.attempts += i32::from(attempts::counts(row.tried_at, at, china()));
                    row.tried_at = Some(at);
                }
            }
            Command::Rate(rating) => self.rated(*rating, by),
            Command::Lapse => {
                if let Some(row) = self.callbacks.last_mut() {
                    row.state = CallbackState::Lapsed;
                }
            }
            _ => {}
        }
    }

    fn rated(&mut self, rating: Rating, by: ActorKind) {
        let at = self.at;
        if self.callbacks.is_empty() {
            let row = self.callback(CallbackState::Answered, at);
            self.callbacks.push(row);
        }
        if let Some(row) = self.callbacks.last_mut() {
            row.state = CallbackState::Answered;
            row.contacted = Some(rating.contacted);
            row.solved = Some(rating.solved);
            row.satisfied = Some(i32::from(rating.satisfied));
            row.answered_by = Some(by);
            row.answered_at = Some(at);
        }
    }

    fn callback(&mut self, state: CallbackState, expires_at: DateTime<Utc>) -> callbacks::Model {
        let id: CallbackId = self.id();
        let (unit_id, unit_path) = self.leg().map(|leg| (leg.unit_id, leg.unit_path.clone())).unzip();
        callbacks::Model {
            id,
            ticket_id: self.ticket.id,
            round: self.life.round,
            unit_id,
            unit_path,
            token_hash: sha256(&[callback::token(&self.world.kit.vault, id).as_bytes()]),
            state,
            counts: true,
            attempts: 0,
            tried_at: None,
            contacted: None,
            solved: None,
            satisfied: None,
            opinion_sealed: None,
            answered_by: None,
            created_at: self.at,
            expires_at,
            answered_at: None,
        }
    }

    /// What the ticket's row shows of its life.
    fn reflect(&mut self) {
        let (life, ticket) = (&self.life, &mut self.ticket);
        ticket.state = life.state;
        ticket.round = life.round;
        ticket.replied_by = life.replied_by;
        ticket.contacted = life.contacted;
        ticket.rated = life.rated;
        ticket.result = life.result;
        ticket.routes = life.routes;
        ticket.no_return = life.no_return;
        ticket.came_from = life.came_from;
        ticket.supervised = life.open(ProceedingKind::Supervision).is_some();
        if life.urges > ticket.urges {
            ticket.urged_at = Some(self.at);
        }
        ticket.urges = life.urges;
        ticket.rejected_by = life.rejected_by;
        ticket.closed_at = match life.state {
            TicketState::Closed => ticket.closed_at.or(Some(self.at)),
            _ => None,
        };
        ticket.version += 1;
        ticket.updated_at = self.at;
        let over = (!open::is_open(life.state)).then_some(self.at);
        for leg in self.legs.iter_mut().filter(|leg| leg.ended_at.is_none()) {
            leg.closed_at = leg.closed_at.filter(|_| over.is_some()).or(over);
        }
    }

    fn seal(&self, label: &str, text: Option<&str>) -> anyhow::Result<Option<Vec<u8>>> {
        let vault = &self.world.kit.vault;
        Ok(text.map(|text| vault.seal_text(label, text)).transpose()?)
    }

    fn append(
        &mut self,
        event: &Event,
        before: Option<Before>,
        actor: &Actor,
        said: Said,
    ) -> anyhow::Result<()> {
        let directory = &self.world.district.reference.directory;
        let unit = actor.unit.and_then(|id| directory.get(id));
        let mut entry = ticket_entry::Model {
            ticket_id: self.ticket.id,
            seq: self.ticket.entries + 1,
            kind: event.kind,
            at: self.at,
            actor_kind: actor.kind,
            actor_id: actor.id,
            actor_name: actor.name.clone(),
            role: actor.role,
            unit_id: unit.map(|unit| unit.id),
            unit_name: unit.map(|unit| unit.name.clone()),
            from_state: before.map(|(state, _)| state),
            to_state: event.to,
            public: said.public,
            public_sealed: self.seal(label::PUBLIC, said.public_text)?,
            internal_sealed: self.seal(label::INTERNAL, said.internal_text)?,
            data: said.data,
            hash: Vec::new(),
            request_id: None,
        };
        entry.hash = chain::hash(&Link {
            previous: &self.ticket.head,
            entry: &entry,
        });
        self.ticket.entries = entry.seq;
        self.ticket.head.clone_from(&entry.hash);
        let lead = self.leg();
        let data = json!({
            "from": before.map(|(state, _)| state),
            "to": event.to,
            "unit_before": before.and_then(|(_, unit)| unit),
            "unit_id": lead.map(|leg| leg.unit_id),
            "staff_id": lead.and_then(|leg| leg.staff_id),
            "round": self.life.round,
            "at_once": false,
        });
        let unit_path = lead.map(|leg| leg.unit_path.clone());
        let row = event::ActiveModel {
            seq: NotSet,
            position: NotSet,
            id: Set(self.id()),
            kind: Set(format!("ticket.{}", event.kind)),
            subject_kind: Set("ticket".to_owned()),
            subject_id: Set(self.ticket.id.0),
            unit_path: Set(unit_path),
            data: Set(data),
            at: Set(self.at),
        };
        self.events.push(row);
        self.entries.push(entry);
        Ok(())
    }

    fn timer(&mut self, kind: &str, subject: Uuid, due_at: DateTime<Utc>) {
        let row = durable_timer::Model {
            id: self.id::<TimerId>(),
            kind: kind.to_owned(),
            subject_id: subject,
            due_at,
            attempts: 0,
            created_at: self.at,
        };
        self.timers.push(row);
    }

    /// What is still to come, and the rows.
    fn finish(mut self, rows: &mut Rows) {
        let calendar = self.calendar();
        let ticket = &mut self.ticket;
        self.clocks.set_next_due(calendar, ticket);
        let (id, closed_at) = (ticket.id.0, ticket.closed_at);
        for (row, next) in std::mem::take(&mut self.clocks).rows() {
            if let Some(at) = next {
                self.timer(timer::CLOCK, row.id.0, at);
            }
            rows.clocks.push(row);
        }
        if let (TicketState::Callback, Some(expires)) =
            (self.life.state, self.callbacks.last().map(|row| row.expires_at))
        {
            self.timer(timer::CALLBACK, id, expires);
        }
        let reviews: Vec<DateTime<Utc>> = self
            .proceedings
            .iter()
            .filter(|row| row.ended_at.is_none())
            .filter_map(|row| row.due_at)
            .collect();
        for at in reviews {
            self.timer(timer::REVIEW, id, at);
        }
        if let (true, Some(closed)) = (self.relapses, closed_at) {
            for at in [7, 30].map(|days| closed + TimeDelta::days(days)) {
                if at > self.world.now {
                    self.timer(timer::RECHECK, id, at);
                }
            }
        }
        let nobody = matches!(
            self.life.state,
            TicketState::Registered | TicketState::PendingDispatch
        );
        let unit = self.life.lead.filter(|_| !nobody).unwrap_or(UnitId(Uuid::nil()));
        *rows.queues.entry((unit, self.life.state)).or_default() += 1;
        rows.tickets.push(self.ticket);
        rows.legs.append(&mut self.legs);
        rows.proceedings.append(&mut self.proceedings);
        rows.callbacks.append(&mut self.callbacks);
        rows.entries.append(&mut self.entries);
        rows.events.append(&mut self.events);
        rows.timers.append(&mut self.timers);
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
