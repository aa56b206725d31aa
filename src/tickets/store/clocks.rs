//! Clocks of a ticket: started, paused, extended and stopped by what happens; due by calendar and policy.

use super::{Loaded, legs, running, timer};
use crate::access::authenticate::local_day;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::reference::{Reference, Ruling};
use crate::sla::rules::calendar::{Calendar, Due, Limit};
use crate::sla::rules::explain::{ORANGE, YELLOW};
use crate::sla::rules::pause::Pause;
use crate::sla::rules::policy::Case;
use crate::tickets::rules::escalation::{self, Course};
use crate::tickets::rules::lifecycle::{Span, Tick};
use chrono::{DateTime, Datelike, Utc};
use entity::id::{ClockId, ProceedingId, TicketId, UnitId};
use entity::kind::{ClockKind, LimitUnit};
use entity::{clock, ticket};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

pub(super) async fn tick(
    tx: &Tx,
    reference: &Reference,
    loaded: &mut Loaded,
    lead_before: Option<&str>,
    ticks: &[Tick],
) -> Result<(), AppError> {
    // The state is the new one here: who has the ticket is rid of it when it is over.
    legs::follow(tx, reference, loaded).await?;
    if ticks.is_empty() {
        return Ok(());
    }
    let lead = loaded.lead_path().map(str::to_owned);
    let lead = lead.as_deref();
    let before = if loaded.ticket.version > 0 {
        running(tx, loaded.ticket.id).await?
    } else {
        Vec::new()
    };
    let mut open = before.clone();
    for tick in ticks {
        turn(tx, (reference, lead), loaded, &mut open, *tick);
    }
    // What runs on in another unit's hands is counted by that unit's hours.
    for row in open.iter_mut().filter(|row| runs(row) && row.paused_at.is_none()) {
        let same = std::ptr::eq(
            calendar_of(reference, lead_before, row),
            calendar_of(reference, lead, row),
        );
        if !same {
            settle(reference, lead, row, tx.now());
        }
    }
    if lead_before != lead {
        for row in open.iter_mut().filter(|row| runs(row)) {
            (row.unit_id, row.unit_path) = duty_of(loaded, row.kind, row.proceeding_id).unzip();
        }
    }
    let known = |row: &clock::Model| before.iter().find(|known| known.id == row.id);
    let only_stopped = |row: &&clock::Model| {
        known(row).is_some_and(|known| {
            *known != **row
                && *known
                    == clock::Model {
                        stopped_at: None,
                        ..(*row).clone()
                    }
        })
    };
    let stopped: Vec<ClockId> = open.iter().filter(only_stopped).map(|row| row.id).collect();
    write_stopped(tx, &stopped).await?;
    for row in open.iter().filter(|row| !stopped.contains(&row.id)) {
        write(tx, (reference, lead), known(row), row).await?;
    }
    let counted = ticks.iter().rev().find_map(|tick| match tick {
        Tick::Count(counts) => Some(*counts),
        _ => None,
    });
    if let Some(counts) = counted {
        write_counts(tx, loaded.ticket.id, counts).await?;
        legs::write_counts(tx, loaded.ticket.id, counts).await?;
    }
    open.retain(runs);
    set_next_due(reference, loaded, &open);
    loaded.running = open;
    Ok(())
}

fn runs(row: &clock::Model) -> bool {
    row.stopped_at.is_none()
}

/// What one tick makes of the clocks that are known: no statement is needed for it.
fn turn(
    tx: &Tx,
    (reference, lead): (&Reference, Option<&str>),
    loaded: &Loaded,
    open: &mut Vec<clock::Model>,
    tick: Tick,
) {
    let now = tx.now();
    match tick {
        Tick::Stop(kind) => stop(open, now, |row| row.kind == kind && row.proceeding_id.is_none()),
        Tick::StopFor(id) => stop(open, now, |row| row.proceeding_id == Some(id)),
        Tick::StopAll => stop(open, now, |row| row.proceeding_id.is_none()),
        // What runs goes on as it was: neither a return nor another unit begins it anew.
        Tick::Start(kind) => {
            let going = open
                .iter()
                .any(|row| runs(row) && row.kind == kind && row.proceeding_id.is_none());
            if !going {
                open.extend(start(tx, reference, loaded, (kind, None), Span::Policy));
            }
        }
        Tick::StartFor(kind, id, span) => {
            open.extend(start(tx, reference, loaded, (kind, Some(id)), span));
        }
        Tick::Count(counts) => {
            for row in open
                .iter_mut()
                .filter(|row| row.stopped_at.is_none_or(|at| at == now))
            {
                row.counts = counts;
            }
        }
        // Who was late already has been late.
        Tick::Discount(kind) => change(open, kind, |row| {
            row.counts &= row.paused_at.is_none() && row.due_at <= now;
        }),
        Tick::Pause(kind) => change(open, kind, |row| row.paused_at = Some(now)),
        Tick::Resume(kind) => change(open, kind, |row| {
            let Some(from) = row.paused_at.take() else { return };
            if let Some(pauses) = row.pauses.as_array_mut() {
                pauses.push(json!([from, now]));
            }
            if row.by_plan {
                row.due_at += now - from;
            }
            settle(reference, lead, row, now);
        }),
        Tick::Extend(kind, amount) => change(open, kind, |row| {
            row.extended += i32::try_from(amount).unwrap_or(0);
            row.extensions += 1;
            settle(reference, lead, row, now);
        }),
        Tick::Until(kind, at) => change(open, kind, |row| {
            row.by_plan = true;
            row.due_at = at;
            row.provisional = false;
            row.stage = 0;
        }),
    }
}

/// The unit whose duty a clock is.
fn duty_of(loaded: &Loaded, kind: ClockKind, proceeding: Option<ProceedingId>) -> Option<(UnitId, String)> {
    let small = proceeding
        .filter(|_| matches!(kind, ClockKind::Task | ClockKind::Whistle))
        .and_then(|id| loaded.proceedings.iter().find(|row| row.id == id));
    match (kind, small) {
        (ClockKind::Accept | ClockKind::Dispatch | ClockKind::Arbitrate | ClockKind::Callback, _) => None,
        (_, Some(small)) => small.unit_id.zip(small.unit_path.clone()),
        (_, None) => loaded.lead().map(|leg| (leg.unit_id, leg.unit_path.clone())),
    }
}

fn stop(open: &mut [clock::Model], now: DateTime<Utc>, which: impl Fn(&clock::Model) -> bool) {
    for row in open.iter_mut().filter(|row| runs(row) && which(row)) {
        row.stopped_at = Some(now);
    }
}

fn change(open: &mut [clock::Model], kind: ClockKind, make: impl FnMut(&mut clock::Model)) {
    open.iter_mut()
        .filter(|row| runs(row) && row.kind == kind)
        .for_each(make);
}

/// Sets when a clock is due by what is known of its course.
fn settle(reference: &Reference, lead: Option<&str>, row: &mut clock::Model, now: DateTime<Utc>) {
    let due = due(reference, lead, row);
    if due.at != row.due_at {
        // A new deadline is told anew. Who asked in time and was given more has not been late, though the answer came
        // late.
        row.stage = 0;
        row.breached_at = row.breached_at.filter(|_| due.at <= now);
    }
    row.due_at = due.at;
    row.first_due_at = first_due(reference, lead, row);
    row.provisional = due.provisional;
    row.calendar_version = calendar_version(reference, due.at);
}

/// When a clock would be due by today's calendar without extension or pause.
pub fn first_due(reference: &Reference, lead: Option<&str>, row: &clock::Model) -> DateTime<Utc> {
    if row.by_plan {
        return row.first_due_at;
    }
    calendar_of(reference, lead, row)
        .due(row.started_at, Limit::of(row.amount, row.unit))
        .at
}

/// When a clock is due by today's calendar of the lead unit: its limit with what was added, from its start, without its pauses. The
/// end of one that a plan sets is the plan's.
pub fn due(reference: &Reference, lead: Option<&str>, row: &clock::Model) -> Due {
    if row.by_plan {
        return Due {
            at: row.due_at,
            provisional: row.provisional,
        };
    }
    calendar_of(reference, lead, row).due_with(row.started_at, whole_limit(row), &pauses(row))
}

/// A clock's limit with what was added to it.
pub fn whole_limit(row: &clock::Model) -> Limit {
    Limit::of(row.amount + row.extended, row.unit)
}

/// Pauses of a clock that are over.
pub fn pauses(row: &clock::Model) -> Vec<Pause> {
    serde_json::from_value(row.pauses.clone()).unwrap_or_default()
}

/// Sets when something is due next, and when its lamp turns, of clocks that run. Windows that close are nobody's duty,
/// and a call-back that nobody answers lapses; what stands still is not due.
pub fn set_next_due<'a>(
    reference: &Reference,
    loaded: &mut Loaded,
    running: impl IntoIterator<Item = &'a clock::Model>,
) {
    let lead = loaded.lead_path().map(str::to_owned);
    let next = running
        .into_iter()
        .filter(|row| runs(row) && escalation::is_duty(row.kind) && row.paused_at.is_none())
        .min_by_key(|row| row.due_at);
    let turns = |percent| {
        let row = next?;
        let calendar = calendar_of(reference, lead.as_deref(), row);
        Some(calendar.used_up_at(row.unit, (row.started_at, row.due_at), &pauses(row), percent))
    };
    loaded.ticket.yellow_at = turns(YELLOW);
    loaded.ticket.orange_at = turns(ORANGE);
    loaded.ticket.next_due_at = next.map(|row| row.due_at);
}

/// Writes that clocks stopped now: by one statement, since most commands do no more.
async fn write_stopped(tx: &Tx, ids: &[ClockId]) -> Result<(), AppError> {
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

/// Writes whether figures count what of a ticket has stopped before.
async fn write_counts(tx: &Tx, ticket: TicketId, counts: bool) -> Result<(), AppError> {
    clock::Entity::update_many()
        .col_expr(clock::Column::Counts, Expr::value(counts))
        .filter(clock::Column::TicketId.eq(ticket))
        .filter(clock::Column::StoppedAt.is_not_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes a clock and the timer for what is next to be told about it.
async fn write(
    tx: &Tx,
    (reference, lead): (&Reference, Option<&str>),
    known: Option<&clock::Model>,
    row: &clock::Model,
) -> Result<(), AppError> {
    if known == Some(row) {
        return Ok(());
    }
    let next = row.clone().into_active_model().reset_all();
    match known {
        None => tx.stage(next),
        Some(_) => {
            clock::Entity::update(next).exec(tx).await?;
        }
    }
    let same = known.is_some_and(|known| {
        (known.due_at, known.paused_at, known.stage) == (row.due_at, row.paused_at, row.stage)
    });
    if !same {
        watch(tx, reference, lead, row);
    }
    Ok(())
}

/// What of a clock matters for what is told of it.
pub fn course(row: &clock::Model) -> Course {
    Course {
        kind: row.kind,
        limit: whole_limit(row),
        by_plan: row.by_plan,
        started_at: row.started_at,
        due_at: row.due_at,
        stage: row.stage,
    }
}

/// Sets the timer for the next thing to be told about a clock that runs.
pub fn watch(tx: &Tx, reference: &Reference, lead: Option<&str>, row: &clock::Model) {
    if !runs(row) || row.paused_at.is_some() {
        return;
    }
    if let Some((at, _)) = escalation::next(calendar_of(reference, lead, row), &course(row)) {
        timers::set(tx, timer::CLOCK, row.id.0, at);
    }
}

/// What the policy is asked about a ticket in the hands of a unit.
pub fn case<'a>(ticket: &'a ticket::Model, path: Option<&'a str>, now: DateTime<Utc>) -> Case<'a> {
    Case {
        request_type: ticket.request_type,
        category: &ticket.category,
        urgency: ticket.urgency,
        unit_path: path.unwrap_or("/"),
        day: local_day(now),
    }
}

/// Starts a clock; none where the policy has no limit.
fn start(
    tx: &Tx,
    reference: &Reference,
    loaded: &Loaded,
    (kind, proceeding): (ClockKind, Option<ProceedingId>),
    span: Span,
) -> Option<clock::Model> {
    let ticket = &loaded.ticket;
    let unit = duty_of(loaded, kind, proceeding);
    let path = match (kind, &unit) {
        (ClockKind::Task | ClockKind::Whistle, Some((_, path))) => Some(path.as_str()),
        _ => loaded.lead_path(),
    };
    let case = case(ticket, path, tx.now());
    let (limit, line, end) = match span {
        Span::Policy => {
            let Ruling { limit, line } = reference.ruling(kind, ticket.service_id, &case)?;
            (limit, line, None)
        }
        Span::Limit(limit) => (limit, None, None),
        Span::Until(at) => {
            let nothing = Limit {
                amount: 0,
                unit: LimitUnit::Minutes,
            };
            (nothing, None, Some(at))
        }
    };
    let due = end.map_or_else(
        || calendar(reference, kind, Some(case.unit_path)).due(tx.now(), limit),
        |at| Due {
            at,
            provisional: false,
        },
    );
    Some(clock::Model {
        id: tx.ids().id(),
        ticket_id: ticket.id,
        proceeding_id: proceeding,
        unit_id: unit.as_ref().map(|(id, _)| *id),
        unit_path: unit.map(|(_, path)| path),
        counts: true,
        kind,
        round: ticket.round,
        amount: i32::try_from(limit.amount).unwrap_or(i32::MAX),
        unit: limit.unit,
        policy_id: line.map(|line| line.id),
        calendar_version: calendar_version(reference, due.at),
        provisional: due.provisional,
        started_at: tx.now(),
        due_at: due.at,
        first_due_at: due.at,
        extended: 0,
        extensions: 0,
        pauses: json!([]),
        paused_at: None,
        by_plan: end.is_some(),
        stage: 0,
        stopped_at: None,
        breached_at: None,
    })
}

/// The calendar by which a clock of a ticket is counted: that of the unit which has it in hands, by its path. Nobody
/// has a request in hands before it is accepted.
fn calendar<'a>(reference: &'a Reference, kind: ClockKind, lead: Option<&str>) -> &'a Calendar {
    let lead = lead.filter(|_| kind != ClockKind::Accept);
    reference.calendars.of(lead.unwrap_or("/"))
}

/// The calendar by which a clock is counted: of a part that another unit does, that unit's.
pub fn calendar_of<'a>(reference: &'a Reference, lead: Option<&str>, row: &clock::Model) -> &'a Calendar {
    match row.kind {
        ClockKind::Task | ClockKind::Whistle => {
            reference.calendars.of(row.unit_path.as_deref().unwrap_or("/"))
        }
        kind => calendar(reference, kind, lead),
    }
}

/// The version of the year in which a clock ends.
pub fn calendar_version(reference: &Reference, due: DateTime<Utc>) -> i32 {
    reference.calendars.of("/").year(local_day(due).year()).version
}
