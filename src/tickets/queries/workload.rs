//! How much the people of a unit have to do: of a page of them, counted over their open tickets alone.

use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::orgs::rules::Unit;
use crate::platform::db::padded;
use crate::platform::error::{AppError, Code};
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::tickets::dto::{StateCount, WorkloadOut, WorkloadQuery};
use chrono::{DateTime, Utc};
use entity::id::{StaffId, UnitId};
use entity::kind::TicketState;
use entity::{assignment, ticket};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use std::collections::{BTreeMap, HashMap};

/// A person of a unit: the order of the list.
type Key = (String, StaffId);

/// A page of the people who can be given tickets of a unit.
///
/// # Errors
/// `NotFound`, `Forbidden`, `InvalidInput`.
pub async fn page(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: UnitId,
    query: &WorkloadQuery,
) -> Result<Page<WorkloadOut>, AppError> {
    let limit = limit(query.limit)?;
    let unit = reference.directory.get(id);
    let unit = unit.ok_or_else(|| AppError::new(Code::NotFound))?;
    caller.decide(Op::GetUnit, &facts(unit))?;
    let below = query.below.unwrap_or(false);
    let list = List::new("workload", &(id, below));
    let after: Option<Key> = list.read(query.cursor.as_deref())?;
    let reach = caller.reach();
    let today = local_day(kit.now());
    let shown = |one: &Unit| {
        one.id == id
            || (below
                && one.path.starts_with(&unit.path)
                && one.exists_on(today)
                && reach.contains(&caller.actor, &facts(one)))
    };
    let mut people: BTreeMap<Key, WorkloadOut> = BTreeMap::new();
    for colleague in reference
        .roster
        .iter()
        .filter(|colleague| colleague.takes_tickets())
    {
        let Some(unit) = reference.directory.get(colleague.unit).filter(|unit| shown(unit)) else {
            continue;
        };
        let availability = reference.availability.get(&colleague.id).copied();
        let availability = availability.unwrap_or_default();
        people
            .entry((unit.path.clone(), colleague.id))
            .or_insert_with(|| WorkloadOut {
                unit_id: unit.id,
                unit_name: unit.name.clone(),
                staff_id: colleague.id,
                staff_name: colleague.name.clone(),
                roles: Vec::new(),
                open: 0,
                states: Vec::new(),
                overdue: 0,
                capacity: availability.capacity,
                away_until: availability.away_until,
            })
            .roles
            .push(colleague.role);
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let mut rows: Vec<(Key, WorkloadOut)> = people
        .into_iter()
        .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
        .take(most)
        .collect();
    count(kit, &mut rows).await?;
    list.page(rows, limit, |(key, _)| key.clone(), |(_, row)| Ok(row))
}

fn facts(unit: &Unit) -> Facts<'_> {
    Facts {
        place: &unit.path,
        paths: vec![&unit.path],
        owners: Vec::new(),
    }
}

async fn count(kit: &Kit, rows: &mut [(Key, WorkloadOut)]) -> Result<(), AppError> {
    let ids: Vec<StaffId> = rows.iter().map(|(_, row)| row.staff_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let mut states: HashMap<StaffId, Vec<StateCount>> = HashMap::new();
    for row in kit.db.read().query_all(&by_state(&ids)).await? {
        let (id, state): (StaffId, TicketState) = (row.try_get("", "staff_id")?, row.try_get("", "state")?);
        let n = number(row.try_get("", "n")?);
        states.entry(id).or_default().push(StateCount { state, n });
    }
    let mut overdue: HashMap<StaffId, u64> = HashMap::new();
    for row in kit.db.read().query_all(&late(&ids, kit.now())).await? {
        overdue.insert(row.try_get("", "staff_id")?, number(row.try_get("", "n")?));
    }
    for (_, row) in rows {
        let mut counts = states.remove(&row.staff_id).unwrap_or_default();
        counts.sort_by_key(|count| count.state);
        row.open = counts.iter().map(|count| count.n).sum();
        row.states = counts;
        row.overdue = overdue.get(&row.staff_id).copied().unwrap_or(0);
    }
    Ok(())
}

/// Open tickets of people, from the index that holds no others.
fn open_of(ids: &[StaffId]) -> SelectStatement {
    let leg = |column| Expr::col((assignment::Entity, column));
    let mut select = Query::select();
    select
        .column((assignment::Entity, assignment::Column::StaffId))
        .expr_as(leg(assignment::Column::StaffId).count(), "n")
        .from(assignment::Entity)
        .inner_join(
            ticket::Entity,
            Expr::col((ticket::Entity, ticket::Column::Id))
                .equals((assignment::Entity, assignment::Column::TicketId)),
        )
        .and_where(leg(assignment::Column::StaffId).is_in(padded(ids)))
        .and_where(leg(assignment::Column::EndedAt).is_null())
        .and_where(leg(assignment::Column::ClosedAt).is_null())
        .group_by_col((assignment::Entity, assignment::Column::StaffId));
    select
}

fn by_state(ids: &[StaffId]) -> SelectStatement {
    let state = (ticket::Entity, ticket::Column::State);
    open_of(ids).column(state).group_by_col(state).to_owned()
}

fn late(ids: &[StaffId], now: DateTime<Utc>) -> SelectStatement {
    let due = Expr::col((ticket::Entity, ticket::Column::NextDueAt));
    open_of(ids).and_where(due.lte(now)).to_owned()
}
