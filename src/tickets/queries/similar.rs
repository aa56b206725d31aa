//! Matters that may have been registered already: of the same person, and at the same place.

use super::list::{Listed, col, scope, select};
use super::titles::Titles;
use crate::access::actor::Actor;
use crate::access::permit::Caller;
use crate::access::policy::Sight;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::residents;
use crate::residents::rules::Phone;
use crate::tickets::dto::{CallerOut, SimilarOut};
use crate::tickets::rules::likeness::{SIMILAR, likeness};
use crate::tickets::rules::open::over;
use crate::tickets::store::label;
use chrono::{TimeDelta, Utc};
use entity::id::{ResidentId, TicketId, UnitId};
use entity::{ticket, ticket_requester};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use std::collections::HashMap;

/// Days that are looked back.
const DAYS: i64 = 30;
/// Tickets looked at, and offered.
const LOOKED_AT: u64 = 60;
const OFFERED: usize = 5;

/// What is asked for.
pub struct Matter<'a> {
    /// Who asks.
    pub phone: Option<&'a Phone>,
    /// Who asks, if the register knows.
    pub resident: Option<ResidentId>,
    /// The service's code.
    pub category: &'a str,
    /// Where.
    pub place: UnitId,
    /// What it is about.
    pub text: &'a str,
}

/// Open tickets of the last 30 days that may be the same matter: of the same person whatever it is about, at the same
/// place by category and likeness. Residents see their own only.
///
/// # Errors
/// When the database does not answer.
pub async fn find(kit: &Kit, caller: &Caller, matter: &Matter<'_>) -> Result<Vec<SimilarOut>, AppError> {
    let mut offered = Vec::new();
    if let Some(person) = of_person(kit, matter.phone, matter.resident) {
        let mut mine = open_tickets(kit, caller);
        mine.and_where(person);
        offered.extend(compare(kit, mine, matter.text, "same_person", 0.0).await?);
    }
    if matches!(caller.actor, Actor::Staff { .. }) {
        let mut there = open_tickets(kit, caller);
        let second_level: String = matter.category.chars().take(4).collect();
        there
            .and_where(col(ticket::Column::PlaceUnitId).eq(matter.place))
            .and_where(col(ticket::Column::Category).gte(second_level.as_str()))
            .and_where(col(ticket::Column::Category).lt(format!("{second_level}:")));
        let known: Vec<TicketId> = offered.iter().map(|found: &SimilarOut| found.row.id).collect();
        let found = compare(kit, there, matter.text, "same_place", SIMILAR).await?;
        offered.extend(found.into_iter().filter(|found| !known.contains(&found.row.id)));
    }
    Ok(offered)
}

fn open_tickets(kit: &Kit, caller: &Caller) -> SelectStatement {
    let mut select = select();
    select
        .cond_where(scope(&kit.db, &caller.actor, &caller.reach()))
        .and_where(col(ticket::Column::State).is_not_in(over()))
        .order_by((ticket::Entity, ticket::Column::Id), Order::Desc)
        .limit(LOOKED_AT);
    select
}

fn of_person(kit: &Kit, phone: Option<&Phone>, resident: Option<ResidentId>) -> Option<Expr> {
    let requester = |column| Expr::col((ticket_requester::Entity, column));
    let mut any = Cond::any();
    if let Some(phone) = phone {
        let index = kit.vault.index("phone", &phone.canonical());
        any = any.add(requester(ticket_requester::Column::PhoneIndex).eq(index));
    }
    if let Some(resident) = resident {
        any = any.add(requester(ticket_requester::Column::ResidentId).eq(resident));
    }
    if any.is_empty() {
        return None;
    }
    let theirs = Query::select()
        .column(ticket_requester::Column::TicketId)
        .from(ticket_requester::Entity)
        .cond_where(any)
        .to_owned();
    Some(col(ticket::Column::Id).in_subquery(theirs))
}

async fn compare(
    kit: &Kit,
    mut select: SelectStatement,
    text: &str,
    because: &str,
    least: f64,
) -> Result<Vec<SimilarOut>, AppError> {
    let now = kit.now();
    select.and_where(col(ticket::Column::CreatedAt).gte(now - TimeDelta::days(DAYS)));
    let rows = kit.db.read().query_all(&select).await?;
    let rows: Vec<Listed> = rows
        .iter()
        .map(|row| Listed::from_query_result(row, ""))
        .collect::<Result<_, _>>()?;
    let mut found: Vec<SimilarOut> = Vec::new();
    let contents = contents(kit, &rows.iter().map(Listed::id).collect::<Vec<_>>()).await?;
    for listed in rows {
        let id = listed.id();
        let row = listed.out(now, true, Titles::All);
        let whole = format!("{} {}", row.title, contents.get(&id).map_or("", String::as_str));
        let alike = likeness(text, &row.title).max(likeness(text, &whole));
        if alike >= least {
            found.push(SimilarOut {
                row,
                because: because.to_owned(),
                likeness: (alike * 100.0).round() / 100.0,
            });
        }
    }
    found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(b.row.id.cmp(&a.row.id)));
    found.truncate(OFFERED);
    Ok(found)
}

async fn contents(kit: &Kit, ids: &[TicketId]) -> Result<HashMap<TicketId, String>, AppError> {
    let rows = ticket::Entity::find()
        .filter(ticket::Column::Id.is_in(ids.iter().copied()))
        .all(kit.db.read())
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.id, kit.vault.open_text(label::CONTENT, &row.content_sealed)?)))
        .collect()
}

/// Who has this number, masked, each with open and recent tickets.
///
/// # Errors
/// When the database does not answer.
pub async fn callers(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    phone: &Phone,
) -> Result<Vec<CallerOut>, AppError> {
    let mut callers = Vec::new();
    for row in residents::store::by_phone(kit.db.read(), &kit.vault, phone).await? {
        let person = residents::view::masked(&kit.vault, &row, Sight::Masked)?;
        callers.push(CallerOut {
            resident_id: row.id,
            name: person.name,
            community: row.unit_id.map(|unit| reference.directory.full_name(unit)),
            tickets: recent(kit, caller, row.id).await?,
        });
    }
    Ok(callers)
}

async fn recent(
    kit: &Kit,
    caller: &Caller,
    resident: ResidentId,
) -> Result<Vec<crate::tickets::dto::TicketRow>, AppError> {
    let Some(person) = of_person(kit, None, Some(resident)) else {
        return Ok(Vec::new());
    };
    let mut select = select();
    select
        .cond_where(scope(&kit.db, &caller.actor, &caller.reach()))
        .and_where(person)
        .order_by((ticket::Entity, ticket::Column::Id), Order::Desc)
        .limit(10);
    let rows = kit.db.read().query_all(&select).await?;
    let now: chrono::DateTime<Utc> = kit.now();
    rows.iter()
        .map(|row| Ok(Listed::from_query_result(row, "")?.out(now, true, Titles::All)))
        .collect()
}
