//! The supervisor's desk: what stands with the units now, and the figures.

use super::figures::{self, ByUnit};
use super::list;
use crate::access::authenticate::{end_of, instant};
use crate::access::permit::Caller;
use crate::access::policy::Reach;
use crate::platform::error::{AppError, Rule};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::tickets::dto::{
    By, DaySpan, DeskOut, DeskUnitOut, FigureRow, FiguresOut, FiguresQuery, LampsOut, TicketsQuery,
};
use crate::tickets::rules::figures::Sums;
use chrono::{DateTime, NaiveTime, Utc};
use entity::id::UnitId;
use entity::kind::{Lamp, ProceedingKind, TicketState};
use entity::{assignment, proceeding, ticket};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationDef,
};
use std::collections::BTreeMap;

/// Rows are counted so far, and no further.
const MOST: u64 = 10_000;

/// The figures that the caller asks for, of what they reach.
///
/// # Errors
/// `InvalidInput`.
pub async fn figures(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    query: &FiguresQuery,
) -> Result<FiguresOut, AppError> {
    let now = kit.now();
    let (by, spans) = query.parse(now)?;
    let reach = caller.reach();
    let below = match query.unit_id {
        None => String::new(),
        Some(id) => {
            let unit = reference.directory.get(id);
            let unit = unit.filter(|unit| reach.covers(&unit.path));
            let unit = unit.ok_or_else(|| AppError::field("?unit_id", Rule::Unknown))?;
            unit.path.clone()
        }
    };
    let conn = &kit.db.long_reader().await?;
    let mut items = Vec::new();
    for span in spans {
        let mut all = figures::of_units(conn, instants(span), now).await?;
        let whole_district = !reach.districts.is_empty() && below.is_empty();
        all.retain(|path, _| match path.as_str() {
            "" => whole_district,
            path => reach.covers(path) && path.starts_with(&below),
        });
        items.extend(rows(reference, by, span, &all));
    }
    Ok(FiguresOut { items })
}

/// From the first instant of the first day to the first after the last.
fn instants((from, to): DaySpan) -> (DateTime<Utc>, DateTime<Utc>) {
    (instant(from, NaiveTime::MIN), end_of(to))
}

fn rows(reference: &Reference, by: By, span: DaySpan, all: &ByUnit) -> Vec<FigureRow> {
    if by == By::All {
        let mut whole = Sums::default();
        for sums in all.values() {
            whole += *sums;
        }
        return vec![FigureRow::new(None, span, &whole)];
    }
    let mut groups: BTreeMap<String, Sums> = BTreeMap::new();
    for (path, sums) in all {
        let key = if by == By::Street {
            street_of(path)
        } else {
            path.clone()
        };
        *groups.entry(key).or_default() += *sums;
    }
    let mut rows: Vec<FigureRow> = groups
        .iter()
        .map(|(path, sums)| {
            let unit = reference.directory.all().iter().find(|unit| unit.path == *path);
            FigureRow::new(unit.map(|unit| (unit.id, unit.name.clone())), span, sums)
        })
        .collect();
    rows.sort_by_key(|row| (row.unit_id.is_none(), row.unit_id));
    rows
}

/// `/440703/440703002/440703002101/` → `/440703/440703002/`.
fn street_of(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(2).collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("/{}/", parts.join("/"))
}

/// What stands with the units that the caller reaches.
///
/// # Errors
/// When the database does not answer.
pub async fn now(kit: &Kit, reference: &Reference, caller: &Caller) -> Result<DeskOut, AppError> {
    let reach = caller.reach();
    let at = kit.now();
    let count = |query: TicketsQuery| {
        let reach = reach.clone();
        async move {
            let by = (&caller.actor, &reach);
            list::count_up_to(&kit.db, &reference.directory, by, &query, at, MOST).await
        }
    };
    let lit = |lamp| {
        count(TicketsQuery {
            lamp: Some(lamp),
            ..TicketsQuery::default()
        })
    };
    let queue = |word: &str| {
        count(TicketsQuery {
            queue: Some(word.to_owned()),
            ..TicketsQuery::default()
        })
    };
    Ok(DeskOut {
        lamps: LampsOut {
            green: lit(Lamp::Green).await?,
            yellow: lit(Lamp::Yellow).await?,
            orange: lit(Lamp::Orange).await?,
            red: lit(Lamp::Red).await?,
        },
        returns: queue("returns").await?,
        callbacks: queue("callback").await?,
        supervised: queue("supervised").await?,
        suspended: queue("suspended").await?,
        extensions: extensions(kit.db.read(), &reach).await?,
        units: units(kit, reference, &reach, at).await?,
    })
}

/// Extensions that wait for a decision, of units that are reached.
async fn extensions(conn: &impl ConnectionTrait, reach: &Reach) -> Result<u64, AppError> {
    let paths: Vec<Option<String>> = proceeding::Entity::find()
        .select_only()
        .column(proceeding::Column::UnitPath)
        .filter(proceeding::Column::Kind.eq(ProceedingKind::Extension))
        .filter(proceeding::Column::EndedAt.is_null())
        .into_tuple()
        .all(conn)
        .await?;
    let reached = paths.iter().flatten().filter(|path| reach.covers(path));
    Ok(u64::try_from(reached.count()).unwrap_or(MOST))
}

/// What one unit has in hands.
#[derive(Debug, FromQueryResult)]
struct InHands {
    unit_id: UnitId,
    unit_path: String,
    open: i64,
    overdue: i64,
    oldest: DateTime<Utc>,
    started: i64,
}

/// Units that have tickets, summed up by the database over the legs that are not over.
async fn units(
    kit: &Kit,
    reference: &Reference,
    reach: &Reach,
    now: DateTime<Utc>,
) -> Result<Vec<DeskUnitOut>, AppError> {
    use assignment::Column as C;
    let to_ticket: RelationDef = assignment::Entity::belongs_to(ticket::Entity)
        .from(C::TicketId)
        .to(ticket::Column::Id)
        .into();
    let late = Expr::col((ticket::Entity, ticket::Column::NextDueAt)).lte(now);
    let late: SimpleExpr = CaseStatement::new().case(late, 1).finally(0).into();
    let seconds = if kit.db.is_sqlite() {
        "SUM(unixepoch(assignment.started_at))"
    } else {
        "CAST(SUM(EXTRACT(EPOCH FROM assignment.started_at)) AS bigint)"
    };
    let units = assignment::Entity::find()
        .select_only()
        .columns([C::UnitId, C::UnitPath])
        .expr_as(Expr::col((assignment::Entity, C::Id)).count(), "open")
        .expr_as(Func::sum(late).cast_as("bigint"), "overdue")
        .expr_as(Expr::col((assignment::Entity, C::StartedAt)).min(), "oldest")
        .expr_as(Expr::cust(seconds), "started")
        .join(JoinType::InnerJoin, to_ticket)
        // In these words, so that the embedded database finds the index.
        .filter(Expr::cust("assignment.nature = 'lead'"))
        .filter(C::EndedAt.is_null())
        .filter(C::ClosedAt.is_null())
        .filter(ticket::Column::State.ne(TicketState::Callback))
        // In the order of that index, which the embedded database else leaves aside for one that has every ticket.
        .group_by(C::UnitPath)
        .group_by(C::UnitId)
        .into_model::<InHands>()
        .all(kit.db.read())
        .await?;
    let mut units: Vec<DeskUnitOut> = units
        .into_iter()
        .filter(|unit| reach.covers(&unit.unit_path))
        .map(|unit| {
            let whole = now.timestamp() * unit.open - unit.started;
            let known = reference.directory.get(unit.unit_id);
            DeskUnitOut {
                unit_id: unit.unit_id,
                unit_name: known.map(|unit| unit.name.clone()).unwrap_or_default(),
                open: unit.open,
                overdue: unit.overdue,
                oldest_since: unit.oldest,
                mean_minutes: whole / (unit.open * 60),
            }
        })
        .collect();
    units.sort_by_key(|unit| (-unit.overdue, -unit.mean_minutes, unit.unit_id));
    Ok(units)
}
