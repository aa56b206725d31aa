//! Clocks of a ticket: started and stopped by what happens, due by calendar and policy.

use super::{Loaded, clocks, timer};
use crate::access::authenticate::local_day;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::reference::{Reference, Ruling};
use crate::sla::rules::policy::Case;
use crate::tickets::rules::lifecycle::Tick;
use chrono::{DateTime, Datelike, Utc};
use entity::clock;
use entity::id::ClockId;
use entity::kind::ClockKind;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

pub(super) async fn tick(
    tx: &Tx,
    reference: &Reference,
    loaded: &mut Loaded,
    ticks: &[Tick],
) -> Result<(), AppError> {
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
    loaded.ticket.next_due_at = next_due(&open);
    Ok(())
}

/// When something is due next, of clocks that run. The call-back's lapses, it is not overdue.
pub fn next_due<'a>(running: impl IntoIterator<Item = &'a clock::Model>) -> Option<DateTime<Utc>> {
    let clocks = running
        .into_iter()
        .filter(|clock| clock.kind != ClockKind::Callback);
    clocks.map(|clock| clock.due_at).min()
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
fn start(tx: &Tx, reference: &Reference, loaded: &Loaded, kind: ClockKind) -> Option<clock::Model> {
    let ticket = &loaded.ticket;
    let case = Case {
        request_type: ticket.request_type,
        category: &ticket.category,
        urgency: ticket.urgency,
        unit_path: loaded.lead().map_or("/", |leg| leg.unit_path.as_str()),
        day: local_day(tx.now()),
    };
    let Ruling { limit, line } = reference.ruling(kind, ticket.service_id, &case)?;
    let due = reference.calendar.due(tx.now(), limit);
    let row = clock::Model {
        id: tx.ids().id(),
        ticket_id: ticket.id,
        kind,
        round: ticket.round,
        amount: i32::try_from(limit.amount).unwrap_or(i32::MAX),
        unit: limit.unit,
        policy_id: line.map(|line| line.id),
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

/// The version of the year in which a clock ends.
pub fn calendar_version(reference: &Reference, due: DateTime<Utc>) -> i32 {
    reference.calendar.year(local_day(due).year()).version
}
