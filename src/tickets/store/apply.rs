//! The one way to write what a decision did: the ticket, its timeline, clocks, timers and events, in one transaction.

use super::clocks::tick;
use super::legs::{LegData, write_leg};
use super::proceedings::{self, Asked};
use super::{Loaded, label, timer};
use crate::access::actor::{Acting, Actor};
use crate::ledger::events::{self, News};
use crate::ledger::timers;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::reference::Reference;
use crate::tickets::rules::chain::{self, Link};
use crate::tickets::rules::lifecycle::{self, By, Command, Decision, Life, Moment, Refusal, Tick, evolve};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::UnitId;
use entity::kind::{EntryKind, ProceedingKind, TicketState};
use entity::{ticket, ticket_entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

/// What goes into the timeline with a decision.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What the requester may read.
    pub public_text: Option<String>,
    /// What staff write for each other.
    pub internal_text: Option<String>,
    /// Ids, kinds and times.
    pub data: Value,
    /// Whether the requester sees that it happened.
    pub public: bool,
    /// Who has the ticket from now on, when it is dispatched.
    pub leg: Option<LegData>,
    /// The name of the person to whom it is given.
    pub person_name: Option<String>,
    /// What was asked by what begins, in the order of its beginning.
    pub asked: Vec<Asked>,
    /// What is answered to what ends.
    pub answer: Option<String>,
    /// The unit that is called upon, if it is not the one that has the ticket.
    pub charged: Option<UnitId>,
}

/// Who did it, in which role, in which request.
#[derive(Clone, Copy, Debug)]
pub struct Doer<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// In which role; none for the system.
    pub acting: Option<&'a Acting>,
    /// In which request.
    pub request_id: Option<&'a str>,
}

impl Doer<'_> {
    /// The system itself: a timer, a job.
    pub const SYSTEM: Doer<'static> = Doer {
        actor: &Actor::Anonymous,
        acting: None,
        request_id: None,
    };
}

/// Steps of a ticket's life that one command takes, each decided on the state that the one before left.
#[derive(Clone, Debug)]
pub struct Plan {
    before: Life,
    after: Life,
    moment: Moment,
    steps: Vec<(Decision, Said)>,
}

impl Plan {
    /// From this state on.
    pub fn new(life: Life) -> Self {
        Self {
            after: life.clone(),
            before: life,
            moment: Moment::default(),
            steps: Vec::new(),
        }
    }

    /// With what clocks and settings say now.
    #[must_use]
    pub fn at(mut self, moment: Moment) -> Self {
        self.moment = moment;
        self
    }

    /// The life after all steps so far.
    pub fn after(&self) -> &Life {
        &self.after
    }

    /// Whether it is taken up again.
    pub fn begins_a_round(&self) -> bool {
        self.before.round < self.after.round
    }

    /// Whether any clock does something.
    pub fn ticks(&self) -> bool {
        self.steps.iter().any(|(decision, _)| !decision.ticks.is_empty())
    }

    /// Adds what a command does.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(&mut self, command: &Command, by: By, said: Said) -> Result<(), Refusal> {
        let decision = lifecycle::decide(&self.after, command, by, self.moment)?;
        self.add(decision, said);
        Ok(())
    }

    /// Adds what was decided elsewhere: the first entry of a life.
    pub fn add(&mut self, decision: Decision, said: Said) {
        self.after = decision.events.iter().fold(self.after.clone(), evolve);
        self.steps.push((decision, said));
    }
}

/// Writes what a plan does: the ticket, its timeline, clocks, timers and events, in this transaction. A new ticket is
/// inserted, a known one updated.
///
/// # Errors
/// When the database does not answer.
pub async fn apply(
    tx: &Tx,
    (vault, reference): (&Vault, &Reference),
    loaded: &mut Loaded,
    plan: &Plan,
    doer: Doer<'_>,
) -> Result<(), AppError> {
    let lead_before = loaded.lead_path().map(str::to_owned);
    let at_once = loaded.ticket.version == 0 && plan.after.state == TicketState::Dispatched;
    let mut life = plan.before.clone();
    let mut previous = (loaded.ticket.entries > 0).then_some(life.state);
    for (decision, said) in &plan.steps {
        // What was said belongs to the command, and so to its first event.
        let quiet = Said {
            public: said.public,
            data: said.leg.as_ref().map_or_else(|| json!({}), LegData::words),
            leg: said.leg.clone(),
            ..Said::default()
        };
        for (event, said) in decision
            .events
            .iter()
            .zip(std::iter::once(said).chain(std::iter::repeat(&quiet)))
        {
            let unit_before = loaded.lead().map(|leg| leg.unit_id);
            life = evolve(life, event);
            let mut asked = said.asked.iter();
            for change in &event.changes {
                write_leg(tx, loaded, change, said).await?;
                proceedings::write(
                    tx,
                    vault,
                    loaded,
                    change,
                    (&mut asked, said.answer.as_ref()),
                    doer,
                )
                .await?;
            }
            append(tx, vault, loaded, event.kind, (previous, event.to), said, doer)?;
            let moved = Moved {
                from: previous,
                to: event.to,
                unit_before,
                at_once,
            };
            // What was over long ago is no news.
            if event.kind != EntryKind::Imported {
                announce(tx, loaded, (event.kind, &charge(said)), &moved, life.round);
            }
            previous = Some(event.to);
        }
    }
    if reflect(&mut loaded.ticket, &life, tx.now()) {
        recheck(tx, reference, &loaded.ticket);
    }
    let ticks: Vec<Tick> = plan
        .steps
        .iter()
        .flat_map(|(decision, _)| decision.ticks.iter().copied())
        .collect();
    tick(tx, reference, loaded, lead_before.as_deref(), &ticks).await?;
    write_ticket(tx, loaded).await
}

/// Writes into a ticket's row what its life shows; whether that has closed it.
pub fn reflect(ticket: &mut ticket::Model, life: &Life, now: DateTime<Utc>) -> bool {
    ticket.state = life.state;
    ticket.round = life.round;
    ticket.replied_by = life.replied_by;
    ticket.contacted = life.contacted;
    ticket.rated = life.rated;
    ticket.result = life.result;
    ticket.routes = life.routes;
    ticket.no_return = life.no_return;
    ticket.came_from = life.came_from;
    ticket.primary_id = life.primary;
    ticket.supervised = life.open(ProceedingKind::Supervision).is_some();
    ticket.hard_case = life.hard_case;
    if life.urges > ticket.urges {
        ticket.urged_at = Some(now);
    }
    ticket.urges = life.urges;
    ticket.appealed = life.appealed;
    ticket.rejected_by = life.rejected_by;
    match (life.state, ticket.closed_at) {
        (TicketState::Closed, None) => {
            ticket.closed_at = Some(now);
            true
        }
        (TicketState::Closed | TicketState::Archived, _) => false,
        _ => {
            ticket.closed_at = None;
            false
        }
    }
}

fn charge(said: &Said) -> Value {
    said.charged
        .map_or(Value::Null, |unit| json!({ "charged": unit }))
}

/// Days after the close on which a requester is asked whether the matter has come back.
pub const RECHECK_DAYS: [i64; 2] = [7, 30];

/// Whether a matter is of those that are known to come back.
pub fn comes_back(reference: &Reference, ticket: &ticket::Model) -> bool {
    let service = reference.catalogue.get(ticket.service_id);
    service.is_some_and(|service| service.relapse)
}

/// Sets the timers of a matter that is known to come back.
fn recheck(tx: &Tx, reference: &Reference, ticket: &ticket::Model) {
    for days in RECHECK_DAYS.into_iter().filter(|_| comes_back(reference, ticket)) {
        let at = tx.now() + TimeDelta::days(days);
        timers::set(tx, timer::RECHECK, ticket.id.0, at);
    }
}

/// Adds an entry to the timeline, and moves the head of its chain.
fn append(
    tx: &Tx,
    vault: &Vault,
    loaded: &mut Loaded,
    kind: EntryKind,
    (from, to): (Option<TicketState>, TicketState),
    said: &Said,
    doer: Doer<'_>,
) -> Result<(), AppError> {
    let (actor_kind, actor_id) = doer.actor.identity();
    let seal =
        |label, text: &Option<String>| text.as_ref().map(|text| vault.seal_text(label, text)).transpose();
    let ticket = &mut loaded.ticket;
    let mut entry = ticket_entry::Model {
        ticket_id: ticket.id,
        seq: ticket.entries + 1,
        kind,
        at: tx.now(),
        actor_kind,
        actor_id,
        actor_name: doer.actor.name().map(str::to_owned),
        role: doer.acting.map(|acting| acting.role),
        unit_id: doer
            .acting
            .and_then(|acting| acting.unit.as_ref())
            .map(|(id, _)| *id),
        unit_name: doer
            .acting
            .and_then(|acting| acting.unit.as_ref())
            .map(|(_, name)| name.clone()),
        from_state: from,
        to_state: to,
        public: said.public,
        public_sealed: seal(label::PUBLIC, &said.public_text)?,
        internal_sealed: seal(label::INTERNAL, &said.internal_text)?,
        data: said.data.clone(),
        hash: Vec::new(),
        request_id: doer.request_id.map(str::to_owned),
    };
    entry.hash = chain::hash(&Link {
        previous: &ticket.head,
        entry: &entry,
    });
    ticket.entries = entry.seq;
    ticket.head.clone_from(&entry.hash);
    loaded.added.push(entry.clone());
    tx.stage(entry.into_active_model().reset_all());
    Ok(())
}

/// Writes down what happened without a decision: an entry of the timeline and an event. The state stays; the ticket is
/// still to be written.
///
/// # Errors
/// When a text can't be sealed.
pub fn happen(
    tx: &Tx,
    vault: &Vault,
    loaded: &mut Loaded,
    kind: EntryKind,
    said: &Said,
    doer: Doer<'_>,
) -> Result<(), AppError> {
    let state = loaded.ticket.state;
    append(tx, vault, loaded, kind, (Some(state), state), said, doer)?;
    let stays = Moved {
        from: Some(state),
        to: state,
        unit_before: loaded.lead().map(|leg| leg.unit_id),
        at_once: false,
    };
    announce(tx, loaded, (kind, &said.data), &stays, loaded.ticket.round);
    Ok(())
}

/// How an event moved a ticket from one queue to another.
struct Moved {
    from: Option<TicketState>,
    to: TicketState,
    unit_before: Option<UnitId>,
    /// Registered and dispatched by one command.
    at_once: bool,
}

/// Tells the log what happened: ids and kinds.
fn announce(tx: &Tx, loaded: &Loaded, (kind, what): (EntryKind, &Value), moved: &Moved, round: i32) {
    let lead = loaded.lead();
    let mut data = json!({
        "from": moved.from,
        "to": moved.to,
        "unit_before": moved.unit_before,
        "unit_id": lead.map(|leg| leg.unit_id),
        "staff_id": lead.and_then(|leg| leg.staff_id),
        "round": round,
        "at_once": moved.at_once,
    });
    if let (Some(data), Some(what)) = (data.as_object_mut(), what.as_object()) {
        for (key, value) in what {
            // How it moved is counted: no word of the entry takes its place.
            data.entry(key).or_insert_with(|| value.clone());
        }
    }
    events::publish(
        tx,
        News {
            kind: format!("ticket.{kind}"),
            subject_kind: "ticket",
            subject_id: loaded.ticket.id.0,
            unit_path: Some(
                lead.map_or_else(|| loaded.ticket.place_path.clone(), |leg| leg.unit_path.clone()),
            ),
            data,
        },
    );
}

/// Writes the row of a ticket. One without a version yet is new: it is put aside, to be inserted with others.
///
/// # Errors
/// When the database does not answer.
pub async fn write_ticket(tx: &Tx, loaded: &mut Loaded) -> Result<(), AppError> {
    let ticket = &mut loaded.ticket;
    let seen = ticket.version;
    ticket.version += 1;
    ticket.updated_at = tx.now();
    let row = ticket.clone().into_active_model().reset_all();
    if seen == 0 {
        tx.stage(row);
        return Ok(());
    }
    let written = ticket::Entity::update_many()
        .set(row)
        .filter(ticket::Column::Id.eq(ticket.id))
        .filter(ticket::Column::Version.eq(seen))
        .exec(tx)
        .await?;
    // The row is locked, so this can't happen; if it does, the command runs again.
    if written.rows_affected == 1 {
        Ok(())
    } else {
        Err(AppError::new(Code::Conflict).repeatable())
    }
}
