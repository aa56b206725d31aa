//! Clocks of one ticket, as the policy sets them and the calendar counts them, and what is told when they run out.

use crate::access::authenticate::local_day;
use crate::reference::Reference;
use crate::sla::rules::calendar::Calendar;
use crate::sla::rules::explain::{ORANGE, YELLOW};
use crate::sla::rules::pause::Pause;
use crate::sla::rules::policy::Case;
use crate::tickets::rules::escalation::{self, Step};
use crate::tickets::rules::lifecycle::{Span, Tick};
use crate::tickets::{case, course, whole_limit};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::id::{ClockId, ProceedingId, UnitId};
use entity::kind::{ClockKind, LimitUnit};
use entity::{clock, ticket};
use serde_json::json;

/// A clock, and when it is next told of.
#[derive(Debug)]
struct Watched {
    row: clock::Model,
    pauses: Vec<Pause>,
    next: Option<(DateTime<Utc>, Step)>,
}

/// What a clock is about when it starts.
pub struct About<'a> {
    /// The ticket.
    pub ticket: &'a ticket::Model,
    /// The unit whose duty it is.
    pub unit: Option<(UnitId, &'a str)>,
    /// The path of the unit that has the ticket.
    pub lead: Option<&'a str>,
    /// The day whose policy holds.
    pub day: NaiveDate,
    /// Now.
    pub at: DateTime<Utc>,
}

/// The clocks of a ticket.
#[derive(Debug, Default)]
pub struct Clocks(Vec<Watched>);

impl Clocks {
    fn runs(&mut self) -> impl Iterator<Item = &mut Watched> {
        self.0
            .iter_mut()
            .filter(|watched| watched.row.stopped_at.is_none())
    }

    /// The end of one of the ticket's own that runs.
    pub fn due(&self, kind: ClockKind) -> Option<DateTime<Utc>> {
        let own = |row: &clock::Model| row.kind == kind && row.proceeding_id.is_none();
        let mut running = self.0.iter().filter(|watched| watched.row.stopped_at.is_none());
        running
            .find(|watched| own(&watched.row))
            .map(|watched| watched.row.due_at)
    }

    /// The unit of the limit of the resolution.
    pub fn unit_of_resolution(&self) -> Option<LimitUnit> {
        let last = self.0.iter().rev();
        last.map(|watched| &watched.row)
            .find(|row| row.kind == ClockKind::Resolve)
            .map(|row| row.unit)
    }

    /// What a command makes of them.
    pub fn turn(&mut self, reference: &Reference, about: &About<'_>, tick: Tick, id: ClockId) {
        let (at, calendar) = (about.at, reference.calendars.of("/"));
        let own = |row: &clock::Model, kind| row.kind == kind && row.proceeding_id.is_none();
        match tick {
            Tick::Start(kind) if self.due(kind).is_some() => {}
            Tick::Start(kind) => self.start(reference, about, (kind, None, Span::Policy), id),
            Tick::StartFor(kind, small, span) => {
                self.start(reference, about, (kind, Some(small), span), id);
            }
            Tick::Stop(kind) => self.stop(at, |row| own(row, kind)),
            Tick::StopFor(small) => self.stop(at, |row| row.proceeding_id == Some(small)),
            Tick::StopAll => self.stop(at, |row| row.proceeding_id.is_none()),
            Tick::Count(counts) => self.runs().for_each(|watched| watched.row.counts = counts),
            Tick::Discount(kind) => self.change(kind, calendar, |watched| {
                watched.row.counts &= watched.row.paused_at.is_none() && watched.row.due_at <= at;
            }),
            Tick::Pause(kind) => self.change(kind, calendar, |watched| watched.row.paused_at = Some(at)),
            Tick::Resume(kind) => self.change(kind, calendar, |watched| {
                if let Some(from) = watched.row.paused_at.take() {
                    watched.pauses.push((from, at));
                    settle(watched, calendar);
                }
            }),
            Tick::Extend(kind, amount) => self.change(kind, calendar, |watched| {
                watched.row.extended += i32::try_from(amount).unwrap_or(0);
                watched.row.extensions += 1;
                settle(watched, calendar);
            }),
            Tick::Until(kind, end) => self.change(kind, calendar, |watched| {
                (watched.row.by_plan, watched.row.due_at) = (true, end);
            }),
        }
    }

    fn start(
        &mut self,
        reference: &Reference,
        about: &About<'_>,
        (kind, small, span): (ClockKind, Option<ProceedingId>, Span),
        id: ClockId,
    ) {
        let ticket = about.ticket;
        let path = match (kind, about.unit) {
            (ClockKind::Task | ClockKind::Whistle, Some((_, path))) => Some(path),
            _ => about.lead,
        };
        let case = Case {
            day: about.day,
            ..case(ticket, path, about.at)
        };
        let ruling = reference.ruling(kind, ticket.service_id, &case);
        let (limit, policy) = match (span, ruling) {
            (Span::Limit(limit), _) => (limit, None),
            (Span::Policy, Some(ruling)) => (ruling.limit, ruling.line.map(|line| line.id)),
            _ => return,
        };
        let due = reference.calendars.of("/").due(about.at, limit);
        let (unit_id, unit_path) = about.unit.map(|(id, path)| (id, path.to_owned())).unzip();
        let calendar = reference.calendars.of("/");
        let mut watched = Watched {
            row: clock::Model {
                id,
                ticket_id: ticket.id,
                proceeding_id: small,
                unit_id,
                unit_path,
                counts: true,
                kind,
                round: ticket.round,
                amount: i32::try_from(limit.amount).unwrap_or(i32::MAX),
                unit: limit.unit,
                policy_id: policy,
                calendar_version: calendar.year(local_day(due.at).year()).version,
                provisional: due.provisional,
                started_at: about.at,
                due_at: due.at,
                first_due_at: due.at,
                extended: 0,
                extensions: 0,
                pauses: json!([]),
                paused_at: None,
                by_plan: false,
                stage: 0,
                stopped_at: None,
                breached_at: None,
            },
            pauses: Vec::new(),
            next: None,
        };
        watch(&mut watched, calendar);
        self.0.push(watched);
    }

    fn stop(&mut self, at: DateTime<Utc>, which: impl Fn(&clock::Model) -> bool) {
        for watched in self.runs().filter(|watched| which(&watched.row)) {
            watched.row.stopped_at = Some(at);
            watched.next = None;
        }
    }

    fn change(&mut self, kind: ClockKind, calendar: &Calendar, make: impl Fn(&mut Watched)) {
        for watched in self.runs().filter(|watched| watched.row.kind == kind) {
            make(watched);
            watch(watched, calendar);
        }
    }

    /// Another unit has the ticket: what runs of it is that unit's duty.
    pub fn belong_to(&mut self, unit: UnitId, path: &str) {
        let centre = [
            ClockKind::Accept,
            ClockKind::Dispatch,
            ClockKind::Arbitrate,
            ClockKind::Callback,
        ];
        for watched in self
            .runs()
            .filter(|watched| !centre.contains(&watched.row.kind) && watched.row.kind != ClockKind::Task)
        {
            watched.row.unit_id = Some(unit);
            watched.row.unit_path = Some(path.to_owned());
        }
    }

    /// The next thing to be told until an instant: it is marked as told.
    pub fn told(
        &mut self,
        calendar: &Calendar,
        until: DateTime<Utc>,
    ) -> Option<(DateTime<Utc>, Step, clock::Model)> {
        let due = self
            .runs()
            .filter(|watched| watched.next.is_some_and(|(at, _)| at <= until));
        let watched = due.min_by_key(|watched| watched.next.map(|(at, _)| at))?;
        let (at, step) = watched.next?;
        watched.row.stage = step.stage();
        if step == Step::Overdue {
            watched.row.breached_at = Some(at);
        }
        watch(watched, calendar);
        Some((at, step, watched.row.clone()))
    }

    /// Sets when the ticket is due next, and when its lamp turns.
    pub fn set_next_due(&mut self, calendar: &Calendar, ticket: &mut ticket::Model) {
        let duties = self
            .runs()
            .filter(|watched| escalation::is_duty(watched.row.kind) && watched.row.paused_at.is_none());
        let next = duties.min_by_key(|watched| watched.row.due_at);
        ticket.next_due_at = next.as_ref().map(|watched| watched.row.due_at);
        let turns = |percent| {
            let Watched { row, pauses, .. } = next.as_ref()?;
            Some(calendar.used_up_at(row.unit, (row.started_at, row.due_at), pauses, percent))
        };
        (ticket.yellow_at, ticket.orange_at) = (turns(YELLOW), turns(ORANGE));
    }

    /// The rows, and when each that runs is told of next.
    pub fn rows(self) -> impl Iterator<Item = (clock::Model, Option<DateTime<Utc>>)> {
        self.0.into_iter().map(|mut watched| {
            watched.row.pauses = json!(watched.pauses);
            (watched.row, watched.next.map(|(at, _)| at))
        })
    }
}

fn settle(watched: &mut Watched, calendar: &Calendar) {
    let row = &mut watched.row;
    let due = calendar.due_with(row.started_at, whole_limit(row), &watched.pauses);
    if due.at != row.due_at {
        row.stage = 0;
    }
    (row.due_at, row.provisional) = (due.at, due.provisional);
}

fn watch(watched: &mut Watched, calendar: &Calendar) {
    let row = &watched.row;
    watched.next = match row.paused_at {
        Some(_) => None,
        None => escalation::next(calendar, &course(row)),
    };
}
