//! Clocks of a ticket: started and stopped by what happens, due by calendar and policy.

use super::{Loaded, clocks, timer};
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::reference::Reference;
use crate::sla::rules::calendar::{Due, Limit};
use crate::sla::rules::policy::Case;
use crate::tickets::rules::lifecycle::Tick;
use chrono::{DateTime, Utc};
use entity::clock;
use entity::id::{ClockId, PolicyId};
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
fn start(tx: &Tx, reference: &Reference, loaded: &Loaded, kind: ClockKind) -> Option<clock::Model> {
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
