//! What is true of the database at any moment at which nobody writes: every command is there as a whole, or not at all.

use super::book::Book;
use entity::kind::{CallbackState, ClockKind, EntryKind, LegNature, ProceedingKind, TicketState};
use entity::{assignment, callback, clock, durable_timer, event, proceeding, ticket, ticket_entry};
use hotline::reference::Reference;
use hotline::sla::rules::calendar::Limit;
use hotline::tickets::rules::chain;
use hotline::tickets::rules::escalation::{self, Course};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// All that matters, as rows.
pub(super) struct Rows {
    tickets: Vec<ticket::Model>,
    entries: HashMap<Uuid, Vec<ticket_entry::Model>>,
    events: HashMap<Uuid, Vec<String>>,
    clocks: Vec<clock::Model>,
    timers: HashMap<(String, Uuid), Vec<durable_timer::Model>>,
    leads: HashMap<Uuid, String>,
    callbacks: Vec<callback::Model>,
    proceedings: Vec<proceeding::Model>,
}

impl Rows {
    pub(super) async fn read(db: &impl ConnectionTrait) -> Self {
        let mut entries: HashMap<Uuid, Vec<_>> = HashMap::new();
        let found = ticket_entry::Entity::find().order_by_asc(ticket_entry::Column::Seq);
        for entry in found.all(db).await.unwrap() {
            entries.entry(entry.ticket_id.0).or_default().push(entry);
        }
        let mut events: HashMap<Uuid, Vec<String>> = HashMap::new();
        let found = event::Entity::find()
            .filter(event::Column::SubjectKind.eq("ticket"))
            .order_by_asc(event::Column::Seq);
        for event in found.all(db).await.unwrap() {
            events.entry(event.subject_id).or_default().push(event.kind);
        }
        let mut timers: HashMap<(String, Uuid), Vec<_>> = HashMap::new();
        for timer in durable_timer::Entity::find().all(db).await.unwrap() {
            timers
                .entry((timer.kind.clone(), timer.subject_id))
                .or_default()
                .push(timer);
        }
        let legs = assignment::Entity::find().filter(assignment::Column::EndedAt.is_null());
        let legs = legs.all(db).await.unwrap();
        let leads = legs.into_iter().filter(|leg| leg.nature == LegNature::Lead);
        Self {
            tickets: ticket::Entity::find().all(db).await.unwrap(),
            entries,
            events,
            clocks: clock::Entity::find().all(db).await.unwrap(),
            timers,
            leads: leads.map(|leg| (leg.ticket_id.0, leg.unit_path)).collect(),
            callbacks: callback::Entity::find().all(db).await.unwrap(),
            proceedings: proceeding::Entity::find().all(db).await.unwrap(),
        }
    }

    fn has_timer(&self, kind: &str, subject: Uuid) -> bool {
        self.timers.contains_key(&(kind.to_owned(), subject))
    }
}

/// Checks them all, against what was answered.
pub(super) fn check(rows: &Rows, book: &Book, reference: &Reference) {
    acknowledged(rows, book);
    timelines(rows);
    told_once(rows);
    timers(rows, reference);
}

/// What was answered is there, what was refused is not, and nothing is there twice.
fn acknowledged(rows: &Rows, book: &Book) {
    let versions: HashMap<String, i64> = rows
        .tickets
        .iter()
        .map(|ticket| (ticket.id.to_string(), ticket.version))
        .collect();
    let mut written: BTreeMap<(&str, EntryKind), usize> = BTreeMap::new();
    let mut by_request: HashMap<&str, String> = HashMap::new();
    for entry in rows.entries.values().flatten() {
        let Some(request) = entry.request_id.as_deref() else {
            continue;
        };
        *written.entry((request, entry.kind)).or_default() += 1;
        by_request.insert(request, entry.ticket_id.to_string());
    }
    for done in &book.done {
        let (id, ticket, version) = done.facts();
        let kept = by_request.get(id).map(String::as_str);
        assert_eq!(kept, Some(ticket), "{id} was answered, and is lost");
        assert!(
            versions[ticket] >= version,
            "{id}: version {version} was answered, {} is kept",
            versions[ticket]
        );
    }
    for id in &book.refused {
        assert!(
            !by_request.contains_key(id.as_str()),
            "{id} was refused, and is there"
        );
    }
    for ((request, kind), n) in written {
        assert_eq!(n, 1, "{request} was done more than once: {kind}");
    }
}

/// A ticket, its timeline with its chain, and its events belong together.
fn timelines(rows: &Rows) {
    let known: HashSet<Uuid> = rows.tickets.iter().map(|ticket| ticket.id.0).collect();
    for id in rows.entries.keys().chain(rows.events.keys()) {
        assert!(
            known.contains(id),
            "something happened to {id}, which is not there"
        );
    }
    let clocked: HashSet<Uuid> = rows.clocks.iter().map(|clock| clock.ticket_id.0).collect();
    for ticket in &rows.tickets {
        let id = ticket.id.0;
        let entries = rows.entries.get(&id).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(
            entries.first().map(|entry| entry.kind),
            Some(EntryKind::Registered),
            "{id}"
        );
        assert_eq!(
            entries.last().map(|entry| entry.to_state),
            Some(ticket.state),
            "{id}"
        );
        assert_eq!(i64::try_from(entries.len()).unwrap(), ticket.entries, "{id}");
        assert_eq!(
            chain::first_broken(entries, &ticket.head),
            None,
            "{id}: the chain is broken"
        );
        let happened: Vec<String> = entries
            .iter()
            .map(|entry| format!("ticket.{}", entry.kind))
            .collect();
        let told = rows.events.get(&id).cloned().unwrap_or_default();
        assert_eq!(told, happened, "{id}: an event for each entry, in its order");
        assert!(clocked.contains(&id), "{id} has no clock");
        let led = rows.leads.contains_key(&id);
        let must_be_led = matches!(
            ticket.state,
            TicketState::Dispatched
                | TicketState::InProgress
                | TicketState::ReplyReview
                | TicketState::Callback
        );
        assert!(led || !must_be_led, "{id} is {} and with nobody", ticket.state);
    }
}

/// A clock is reminded of once before each of its ends, and runs out once.
fn told_once(rows: &Rows) {
    for (id, entries) in &rows.entries {
        let mut told = HashSet::new();
        for entry in entries {
            if matches!(entry.kind, EntryKind::Reminded | EntryKind::Overdue) {
                let of = ["clock", "due_at", "proceeding_id"].map(|key| entry.data[key].to_string());
                assert!(
                    told.insert((entry.kind, of)),
                    "{id}: told again: {} {}",
                    entry.kind,
                    entry.data
                );
            }
        }
    }
}

/// Whatever is to happen by itself has a timer that makes it happen.
fn timers(rows: &Rows, reference: &Reference) {
    for clock in &rows.clocks {
        if clock.stopped_at.is_some() || clock.paused_at.is_some() {
            continue;
        }
        let course = Course {
            kind: clock.kind,
            limit: Limit::of(clock.amount + clock.extended, clock.unit),
            by_plan: clock.by_plan,
            started_at: clock.started_at,
            due_at: clock.due_at,
            stage: clock.stage,
        };
        let lead = rows.leads.get(&clock.ticket_id.0).map(String::as_str);
        let lead = lead.filter(|_| clock.kind != ClockKind::Accept).unwrap_or("/");
        let Some((at, step)) = escalation::next(reference.calendars.of(lead), &course) else {
            continue;
        };
        let set = rows.timers.get(&("ticket.clock".to_owned(), clock.id.0));
        let right = set.is_some_and(|set| set.iter().any(|timer| timer.due_at == at || timer.attempts > 0));
        assert!(right, "nothing tells {step:?} of {clock:?} at {at}: {set:?}");
    }
    for ticket in &rows.tickets {
        let id = ticket.id.0;
        match ticket.state {
            TicketState::Callback => {
                let open = rows.callbacks.iter().any(|row| {
                    row.ticket_id == ticket.id
                        && row.round == ticket.round
                        && row.state == CallbackState::Open
                });
                assert!(open, "{id} waits for a call-back that nobody makes");
                assert!(
                    rows.has_timer("ticket.callback", id),
                    "{id} waits for a call-back for ever"
                );
            }
            TicketState::Suspended => {
                let rests = rows.proceedings.iter().any(|row| {
                    row.ticket_id == ticket.id
                        && row.kind == ProceedingKind::Suspension
                        && row.ended_at.is_none()
                });
                assert!(rests, "{id} rests without a reason");
                assert!(rows.has_timer("ticket.review", id), "{id} rests for ever");
            }
            _ => {}
        }
    }
}
