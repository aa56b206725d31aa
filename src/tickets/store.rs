//! Rows of a ticket, and the one way to write what a decision did.

use super::rules::chain::{self, Link};
use super::rules::lifecycle::{self, By, Change, Command, Decision, Life, Refusal, Tick, evolve};
use crate::access::actor::{Acting, Actor};
use crate::ledger::events::{self, News};
use crate::ledger::timers;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::reference::Reference;
use crate::sla::rules::calendar::{Due, Limit};
use crate::sla::rules::policy::Case;
use chrono::{DateTime, Utc};
use entity::id::{ClockId, PolicyId, StaffId, TicketId, UnitId};
use entity::kind::{ClockKind, EntryKind, LegNature, TicketState};
use entity::{assignment, clock, ticket, ticket_entry, ticket_requester};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::{Value, json};

/// Labels of sealed columns.
pub mod label {
    /// The text of the request.
    pub const CONTENT: &str = "ticket.content";
    /// The service's own form.
    pub const FORM: &str = "ticket.form";
    /// The address of the place.
    pub const ADDRESS: &str = "ticket.address";
    /// A requester's name.
    pub const NAME: &str = "ticket_requester.name";
    /// A requester's telephone number.
    pub const PHONE: &str = "ticket_requester.phone";
    /// A text of the timeline that the requester sees.
    pub const PUBLIC: &str = "ticket_entry.public";
    /// A text of the timeline for staff.
    pub const INTERNAL: &str = "ticket_entry.internal";
    /// What the requester says of the result.
    pub const OPINION: &str = "callback.opinion";
}

/// Timers of tickets.
pub mod timer {
    /// A clock is due; the subject is the clock.
    pub const CLOCK: &str = "ticket.clock";
    /// Nobody answered a call-back; the subject is the ticket.
    pub const CALLBACK: &str = "ticket.callback";
}

/// A ticket with what belongs to it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The ticket.
    pub ticket: ticket::Model,
    /// Units that have it in hands.
    pub legs: Vec<assignment::Model>,
    /// For whom it was opened.
    pub requesters: Vec<ticket_requester::Model>,
    /// Entries that this transaction adds to the timeline.
    pub added: Vec<ticket_entry::Model>,
    /// Clocks that run after this transaction, as far as it looked at them.
    pub running: Vec<clock::Model>,
}

impl Loaded {
    /// The lead unit's leg.
    pub fn lead(&self) -> Option<&assignment::Model> {
        self.legs.iter().find(|leg| leg.nature == LegNature::Lead)
    }
}

/// A ticket to be changed: its row is locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: TicketId) -> Result<Loaded, AppError> {
    let row = ticket::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    complete(tx, row).await
}

/// A ticket to be looked at.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: TicketId) -> Result<Loaded, AppError> {
    let row = ticket::Entity::find_by_id(id).one(conn).await?;
    complete(conn, row).await
}

async fn complete(conn: &impl ConnectionTrait, row: Option<ticket::Model>) -> Result<Loaded, AppError> {
    let ticket = row.ok_or_else(|| AppError::new(Code::NotFound))?;
    let legs = assignment::Entity::find()
        .filter(assignment::Column::TicketId.eq(ticket.id))
        .filter(assignment::Column::EndedAt.is_null())
        .all(conn)
        .await?;
    let requesters = ticket_requester::Entity::find()
        .filter(ticket_requester::Column::TicketId.eq(ticket.id))
        .order_by_asc(ticket_requester::Column::Id)
        .all(conn)
        .await?;
    Ok(Loaded {
        ticket,
        legs,
        requesters,
        added: Vec::new(),
        running: Vec::new(),
    })
}

/// The timeline of a ticket, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn timeline(
    conn: &impl ConnectionTrait,
    id: TicketId,
) -> Result<Vec<ticket_entry::Model>, AppError> {
    let rows = ticket_entry::Entity::find()
        .filter(ticket_entry::Column::TicketId.eq(id))
        .order_by_asc(ticket_entry::Column::Seq)
        .all(conn)
        .await?;
    Ok(rows)
}

/// The public text of the reply that was written last.
///
/// # Errors
/// When the database does not answer or the text can't be opened.
pub async fn waiting_reply(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    id: TicketId,
) -> Result<Option<String>, AppError> {
    public_text(conn, vault, id, EntryKind::Replied).await
}

/// The public text of the reply that was approved last: all that a requester may read of replies.
///
/// # Errors
/// When the database does not answer or the text can't be opened.
pub async fn approved_reply(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    id: TicketId,
) -> Result<Option<String>, AppError> {
    public_text(conn, vault, id, EntryKind::Approved).await
}

async fn public_text(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    id: TicketId,
    kind: EntryKind,
) -> Result<Option<String>, AppError> {
    let entry = ticket_entry::Entity::find()
        .filter(ticket_entry::Column::TicketId.eq(id))
        .filter(ticket_entry::Column::Kind.eq(kind))
        .order_by_desc(ticket_entry::Column::Seq)
        .one(conn)
        .await?;
    vault.open_optional(
        label::PUBLIC,
        entry.as_ref().and_then(|entry| entry.public_sealed.as_ref()),
    )
}

/// The clocks of a ticket, in the order of their start.
///
/// # Errors
/// When the database does not answer.
pub async fn clocks(conn: &impl ConnectionTrait, id: TicketId) -> Result<Vec<clock::Model>, AppError> {
    let rows = clock::Entity::find()
        .filter(clock::Column::TicketId.eq(id))
        .order_by_asc(clock::Column::StartedAt)
        .all(conn)
        .await?;
    Ok(rows)
}

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
    steps: Vec<(Decision, Said)>,
}

impl Plan {
    /// From this state on.
    pub fn new(life: Life) -> Self {
        Self {
            after: life.clone(),
            before: life,
            steps: Vec::new(),
        }
    }

    /// Adds what a command does.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(&mut self, command: &Command, by: By, said: Said) -> Result<(), Refusal> {
        let decision = lifecycle::decide(&self.after, command, by)?;
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
    let unit_before = loaded.lead().map(|leg| leg.unit_id);
    let mut life = plan.before.clone();
    let mut previous = (loaded.ticket.entries > 0).then_some(life.state);
    for (decision, said) in &plan.steps {
        // What was said belongs to the command, and so to its first event.
        let quiet = Said {
            public: said.public,
            data: json!({}),
            ..Said::default()
        };
        for (event, said) in decision
            .events
            .iter()
            .zip(std::iter::once(said).chain(std::iter::repeat(&quiet)))
        {
            life = evolve(life, event);
            write_leg(tx, loaded, &event.change, said).await?;
            append(tx, vault, loaded, event.kind, (previous, event.to), said, doer)?;
            announce(
                tx,
                loaded,
                event.kind,
                &Moved {
                    from: previous,
                    to: event.to,
                    unit_before,
                },
                life.round,
            );
            previous = Some(event.to);
        }
    }
    let ticket = &mut loaded.ticket;
    ticket.state = life.state;
    ticket.round = life.round;
    ticket.replied_by = life.replied_by;
    ticket.contacted = life.contacted;
    ticket.rated = life.rated;
    ticket.result = life.result;
    ticket.routes = life.routes;
    ticket.updated_at = tx.now();
    if life.state == TicketState::Closed && plan.before.state != life.state {
        ticket.closed_at = Some(tx.now());
    }
    let ticks: Vec<Tick> = plan
        .steps
        .iter()
        .flat_map(|(decision, _)| decision.ticks.iter().copied())
        .collect();
    tick(tx, reference, loaded, &ticks).await?;
    write_ticket(tx, loaded).await
}

/// Adds an entry to the timeline, and moves the head of its chain.
pub fn append(
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

/// How an event moved a ticket from one queue to another.
struct Moved {
    from: Option<TicketState>,
    to: TicketState,
    unit_before: Option<UnitId>,
}

/// Tells the log what happened: ids and kinds.
fn announce(tx: &Tx, loaded: &Loaded, kind: EntryKind, moved: &Moved, round: i32) {
    let lead = loaded.lead();
    let data = json!({
        "from": moved.from,
        "to": moved.to,
        "unit_before": moved.unit_before,
        "unit_id": lead.map(|leg| leg.unit_id),
        "staff_id": lead.and_then(|leg| leg.staff_id),
        "round": round,
    });
    events::publish(
        tx,
        News {
            kind: format!("ticket.{kind}"),
            subject_kind: "ticket",
            subject_id: loaded.ticket.id.0,
            unit_path: lead.map(|leg| leg.unit_path.clone()),
            data,
        },
    );
}

/// A ticket without a version yet is new: its row is put aside, to be inserted with others.
async fn write_ticket(tx: &Tx, loaded: &mut Loaded) -> Result<(), AppError> {
    let ticket = &mut loaded.ticket;
    let seen = ticket.version;
    ticket.version += 1;
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

/// Writes who has the ticket.
async fn write_leg(tx: &Tx, loaded: &mut Loaded, change: &Change, said: &Said) -> Result<(), AppError> {
    match change {
        Change::Lead { .. } => {
            let leg = said
                .leg
                .clone()
                .ok_or_else(|| AppError::new(Code::Internal))?
                .into_row(tx, loaded.ticket.id);
            for old in loaded.legs.iter().filter(|old| old.nature == LegNature::Lead) {
                end_leg(tx, old).await?;
            }
            loaded.legs.retain(|old| old.nature != LegNature::Lead);
            tx.stage(leg.clone().into_active_model().reset_all());
            loaded.legs.push(leg);
        }
        Change::Person(person) => {
            if let Some(leg) = loaded.legs.iter_mut().find(|leg| leg.nature == LegNature::Lead) {
                leg.staff_id = Some(*person);
                leg.staff_name = said.person_name.clone().or_else(|| leg.staff_name.clone());
                assignment::Entity::update_many()
                    .col_expr(assignment::Column::StaffId, Expr::value(Some(person.0)))
                    .col_expr(assignment::Column::StaffName, Expr::value(leg.staff_name.clone()))
                    .filter(assignment::Column::Id.eq(leg.id))
                    .exec(tx)
                    .await?;
            }
        }
        _ => {}
    }
    Ok(())
}

async fn end_leg(tx: &Tx, leg: &assignment::Model) -> Result<(), AppError> {
    assignment::Entity::update_many()
        .col_expr(assignment::Column::EndedAt, Expr::value(Some(tx.now())))
        .filter(assignment::Column::Id.eq(leg.id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn tick(tx: &Tx, reference: &Reference, loaded: &mut Loaded, ticks: &[Tick]) -> Result<(), AppError> {
    if ticks.is_empty() {
        return Ok(());
    }
    let stops = ticks
        .iter()
        .any(|tick| matches!(tick, Tick::Stop(_) | Tick::StopAll));
    let mut open: Vec<clock::Model> = if loaded.ticket.version > 0 {
        clocks(tx, loaded.ticket.id)
            .await?
            .into_iter()
            .filter(|clock| clock.stopped_at.is_none())
            .collect()
    } else {
        Vec::new()
    };
    if stops {
        let stopped = |clock: &clock::Model| {
            ticks.iter().any(|tick| match tick {
                Tick::StopAll => true,
                Tick::Stop(kind) => clock.kind == *kind,
                Tick::Start(_) => false,
            })
        };
        let ids: Vec<ClockId> = open
            .iter()
            .filter(|clock| stopped(clock))
            .map(|clock| clock.id)
            .collect();
        stop(tx, &ids).await?;
        open.retain(|clock| !ids.contains(&clock.id));
    }
    for tick in ticks {
        if let Tick::Start(kind) = tick
            && let Some(clock) = start(tx, reference, loaded, *kind)
        {
            open.push(clock);
        }
    }
    loaded.running.clone_from(&open);
    loaded.ticket.next_due_at = open
        .iter()
        .filter(|clock| clock.kind != ClockKind::Callback)
        .map(|clock| clock.due_at)
        .min();
    Ok(())
}

async fn stop(tx: &Tx, ids: &[ClockId]) -> Result<(), AppError> {
    if ids.is_empty() {
        return Ok(());
    }
    clock::Entity::update_many()
        .col_expr(clock::Column::StoppedAt, Expr::value(Some(tx.now())))
        .filter(clock::Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Starts a clock and sets its timer; none where the policy has no limit.
pub fn start(tx: &Tx, reference: &Reference, loaded: &Loaded, kind: ClockKind) -> Option<clock::Model> {
    let (limit, policy, due) = limit(reference, loaded, kind, tx.now())?;
    let ticket = &loaded.ticket;
    let row = clock::Model {
        id: tx.ids().id(),
        ticket_id: ticket.id,
        kind,
        round: ticket.round,
        amount: i32::try_from(limit.amount).unwrap_or(i32::MAX),
        unit: limit.unit,
        policy_id: policy,
        calendar_version: calendar_version(reference, due.at),
        provisional: due.provisional,
        started_at: tx.now(),
        due_at: due.at,
        stopped_at: None,
        breached_at: None,
    };
    tx.stage(row.clone().into_active_model().reset_all());
    timers::set(tx, timer::CLOCK, row.id.0, row.due_at);
    Some(row)
}

/// The limit of a clock: the service's own for the resolution, else the policy's.
fn limit(
    reference: &Reference,
    loaded: &Loaded,
    kind: ClockKind,
    now: DateTime<Utc>,
) -> Option<(Limit, Option<PolicyId>, Due)> {
    let ticket = &loaded.ticket;
    let service = reference.catalogue.get(ticket.service_id);
    let own = service
        .and_then(|service| service.resolve_limit)
        .filter(|_| kind == ClockKind::Resolve);
    // A service's own limit holds for its own urgency: who raises the urgency wants the shorter one.
    let own = own.filter(|_| service.is_some_and(|service| service.urgency == ticket.urgency));
    let (limit, policy) = match own {
        Some((amount, unit)) => (Limit { amount, unit }, None),
        None => {
            let case = Case {
                request_type: ticket.request_type,
                category: &ticket.category,
                urgency: ticket.urgency,
                unit_path: loaded.lead().map_or("/", |leg| leg.unit_path.as_str()),
                day: crate::access::authenticate::local_day(now),
            };
            let line = reference.policy.line(kind, &case)?;
            (line.limit, Some(line.id))
        }
    };
    Some((limit, policy, reference.calendar.due(now, limit)))
}

fn calendar_version(reference: &Reference, due: DateTime<Utc>) -> i32 {
    use chrono::Datelike;
    reference
        .calendar
        .year(crate::access::authenticate::local_day(due).year())
        .version
}

/// A leg as it stands in the timeline: names of the day.
#[derive(Clone, Debug)]
pub struct LegData {
    /// The unit.
    pub unit_id: UnitId,
    /// Its path of the day.
    pub unit_path: String,
    /// Its name of the day.
    pub unit_name: String,
    /// The person.
    pub staff_id: Option<StaffId>,
    /// The person's name.
    pub staff_name: Option<String>,
    /// The post.
    pub post: Option<String>,
    /// Why it came here.
    pub explanation: Value,
}

impl LegData {
    fn into_row(self, tx: &Tx, ticket: TicketId) -> assignment::Model {
        assignment::Model {
            id: tx.ids().id(),
            ticket_id: ticket,
            nature: LegNature::Lead,
            unit_id: self.unit_id,
            unit_path: self.unit_path,
            unit_name: self.unit_name,
            staff_id: self.staff_id,
            staff_name: self.staff_name,
            post: self.post,
            explanation: self.explanation,
            started_at: tx.now(),
            ended_at: None,
        }
    }
}
