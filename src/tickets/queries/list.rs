//! Lists of tickets: cut by what the caller reaches, filtered, by keyset. One statement a page.

mod queue;
mod words;

use super::titles::Titles;
use crate::access::actor::Actor;
use crate::access::policy::{Sight, identity_sight, scope as scope_of};
use crate::access::{Op, Reach};
use crate::orgs::rules::Directory;
use crate::orgs::store::after_prefix;
use crate::platform::db::Db;
use crate::platform::error::{AppError, Rule};
use crate::platform::http::page::{self, List, Page};
use crate::tickets::dto::{TicketRow, TicketsQuery};
use crate::tickets::rules::number;
use crate::tickets::rules::open::over;
use crate::tickets::view::is_told;
use chrono::{DateTime, Utc};
use entity::id::TicketId;
use entity::kind::{Channel, Lamp, LegNature, RequestType, Role, TicketResult, TicketState, Urgency};
use entity::{assignment, ticket, ticket_requester};
use queue::ready_made;
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult};
pub use words::{found, found_lately};

const LEAD: &str = "lead";

/// A row of a list.
#[derive(Debug, FromQueryResult)]
pub struct Listed {
    id: TicketId,
    number: String,
    title: String,
    state: TicketState,
    round: i32,
    request_type: RequestType,
    category: String,
    urgency: Urgency,
    channel: Channel,
    place_name: String,
    next_due_at: Option<DateTime<Utc>>,
    yellow_at: Option<DateTime<Utc>>,
    orange_at: Option<DateTime<Utc>>,
    supervised: bool,
    urges: i32,
    created_at: DateTime<Utc>,
    result: Option<TicketResult>,
    closed_at: Option<DateTime<Utc>>,
    confidential: bool,
    unit_name: Option<String>,
    staff_name: Option<String>,
}

impl Listed {
    /// Key.
    pub fn id(&self) -> TicketId {
        self.id
    }

    /// For people.
    pub fn out(self, now: DateTime<Utc>, names: bool, titles: Titles) -> TicketRow {
        TicketRow {
            id: self.id,
            number: number::spoken(&self.number),
            title: titles.shown(self.title, self.confidential),
            state: self.state,
            round: self.round,
            request_type: self.request_type,
            category: self.category,
            urgency: self.urgency,
            channel: self.channel,
            place: self.place_name,
            unit_name: self.unit_name,
            staff_name: self.staff_name.filter(|_| names),
            next_due_at: self.next_due_at,
            overdue: self.next_due_at.is_some_and(|due| due <= now),
            lamp: lamp([self.yellow_at, self.orange_at, self.next_due_at], now),
            supervised: self.supervised,
            urges: self.urges,
            created_at: self.created_at,
            result: self.result.filter(|_| is_told(self.state)),
            closed_at: self.closed_at,
        }
    }
}

/// The lamp of the nearest clock, by when it turns.
pub fn lamp([yellow, orange, red]: [Option<DateTime<Utc>>; 3], now: DateTime<Utc>) -> Option<Lamp> {
    let turned = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= now);
    red?;
    Some(match (turned(red), turned(orange), turned(yellow)) {
        (true, _, _) => Lamp::Red,
        (_, true, _) => Lamp::Orange,
        (_, _, true) => Lamp::Yellow,
        _ => Lamp::Green,
    })
}

/// What to list by which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Newest,
    Due,
}

/// A page of tickets.
///
/// # Errors
/// `InvalidInput` for a filter that can't be, `InvalidCursor`.
pub async fn page(
    db: &Db,
    directory: &Directory,
    (actor, reach): (&Actor, &Reach),
    query: &TicketsQuery,
    now: DateTime<Utc>,
) -> Result<Page<TicketRow>, AppError> {
    let limit = page::limit(query.limit)?;
    let sort = sort(query)?;
    let plain = TicketsQuery {
        cursor: None,
        limit: None,
        ..query.clone()
    };
    let list = List::new("tickets", &(actor.key(), &plain));
    let mut select = select();
    select
        .cond_where(scope(db, actor, reach))
        .cond_where(filters(directory, actor, query, now)?);
    // Where a search may look first.
    let mut recent = None;
    match sort {
        Sort::Newest => {
            let before = list.read::<TicketId>(query.cursor.as_deref())?;
            if let Some(before) = before {
                select.and_where(col(ticket::Column::Id).lt(before));
            }
            select.order_by((ticket::Entity, ticket::Column::Id), Order::Desc);
            recent = Some(before);
        }
        Sort::Due => {
            if let Some((due, id)) = list.read::<(DateTime<Utc>, TicketId)>(query.cursor.as_deref())? {
                let later = col(ticket::Column::NextDueAt).gt(due);
                let same = col(ticket::Column::NextDueAt)
                    .eq(due)
                    .and(col(ticket::Column::Id).gt(id));
                select.and_where(later.or(same));
            }
            select
                .and_where(col(ticket::Column::NextDueAt).is_not_null())
                .order_by((ticket::Entity, ticket::Column::NextDueAt), Order::Asc)
                .order_by((ticket::Entity, ticket::Column::Id), Order::Asc);
        }
    }
    select.limit(limit + 1);
    let rows = match (&query.q, recent) {
        (None, _) => listed(db, &select).await?,
        (Some(words), None) => listed_all(db, &searching(&select, found(db, words)?)).await?,
        (Some(words), Some(before)) => {
            let rows = listed(db, &searching(&select, found_lately(db, words, before)?)).await?;
            if u64::try_from(rows.len()).is_ok_and(|n| n > limit) {
                rows
            } else {
                listed_all(db, &searching(&select, found(db, words)?)).await?
            }
        }
    };
    let names = matches!(actor, Actor::Staff { .. });
    let titles = Titles::of(actor, directory);
    let item = |row: Listed| Ok(row.out(now, names, titles));
    match sort {
        Sort::Newest => list.page(rows, limit, |row| row.id, item),
        Sort::Due => list.page(rows, limit, |row| (row.next_due_at.unwrap_or(now), row.id), item),
    }
}

async fn listed(db: &Db, select: &SelectStatement) -> Result<Vec<Listed>, AppError> {
    read_rows(&db.read().query_all(select).await?)
}

/// A search through all tickets: on the embedded database it may take seconds, and must not keep the others waiting.
async fn listed_all(db: &Db, select: &SelectStatement) -> Result<Vec<Listed>, AppError> {
    if !db.is_sqlite() {
        return listed(db, select).await;
    }
    read_rows(&db.long_reader().await?.query_all(select).await?)
}

fn read_rows(rows: &[QueryResult]) -> Result<Vec<Listed>, AppError> {
    let rows = rows.iter().map(|row| Listed::from_query_result(row, ""));
    Ok(rows.collect::<Result<_, _>>()?)
}

fn searching(select: &SelectStatement, found: SimpleExpr) -> SelectStatement {
    select.clone().and_where(found).to_owned()
}

/// Checks that a list can be.
///
/// # Errors
/// `InvalidInput` for a filter that can't be.
pub fn check(
    db: &Db,
    directory: &Directory,
    actor: &Actor,
    query: &TicketsQuery,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    filters(directory, actor, query, now)?;
    query
        .q
        .as_ref()
        .map_or(Ok(()), |words| found(db, words).map(|_| ()))
}

/// A piece of a whole list, newest first: so many tickets that were registered before one of them. It waits its turn
/// among long questions, and gives its connection back: a list may be as long as years are.
///
/// # Errors
/// `InvalidInput` for a filter that can't be.
pub async fn piece(
    db: &Db,
    directory: &Directory,
    (actor, reach): (&Actor, &Reach),
    query: &TicketsQuery,
    now: DateTime<Utc>,
    (before, most): (Option<TicketId>, u64),
) -> Result<Vec<TicketRow>, AppError> {
    let mut select = select();
    select
        .cond_where(scope(db, actor, reach))
        .cond_where(filters(directory, actor, query, now)?)
        .order_by((ticket::Entity, ticket::Column::Id), Order::Desc)
        .limit(most);
    if let Some(before) = before {
        select.and_where(col(ticket::Column::Id).lt(before));
    }
    if let Some(words) = &query.q {
        select.and_where(found(db, words)?);
    }
    let rows = read_rows(&db.long_reader().await?.query_all(&select).await?)?;
    let names = matches!(actor, Actor::Staff { .. });
    let titles = Titles::of(actor, directory);
    Ok(rows.into_iter().map(|row| row.out(now, names, titles)).collect())
}

/// How many tickets of a filter there are, counting no further than `most`.
///
/// # Errors
/// When the database does not answer.
pub async fn count_up_to(
    db: &Db,
    directory: &Directory,
    by: (&Actor, &Reach),
    query: &TicketsQuery,
    now: DateTime<Utc>,
    most: u64,
) -> Result<u64, AppError> {
    counted(db.read(), &counting(db, directory, by, query, (now, Some(most)))?).await
}

/// How many tickets of a filter there are; it waits its turn among long questions.
///
/// # Errors
/// When the database does not answer.
pub async fn count(
    db: &Db,
    directory: &Directory,
    by: (&Actor, &Reach),
    query: &TicketsQuery,
    now: DateTime<Utc>,
) -> Result<u64, AppError> {
    let conn = db.long_reader().await?;
    counted(&conn, &counting(db, directory, by, query, (now, None))?).await
}

fn counting(
    db: &Db,
    directory: &Directory,
    (actor, reach): (&Actor, &Reach),
    query: &TicketsQuery,
    (now, most): (DateTime<Utc>, Option<u64>),
) -> Result<SelectStatement, AppError> {
    let mut inner = Query::select();
    inner.expr(Expr::val(1)).from(ticket::Entity);
    join_lead(&mut inner);
    inner
        .cond_where(scope(db, actor, reach))
        .cond_where(filters(directory, actor, query, now)?);
    if let Some(most) = most {
        inner.limit(most);
    }
    if let Some(words) = &query.q {
        inner.and_where(found(db, words)?);
    }
    let mut outer = Query::select();
    outer
        .expr_as(Expr::cust("COUNT(*)"), Alias::new("n"))
        .from_subquery(inner, Alias::new("found"));
    Ok(outer)
}

async fn counted(conn: &impl ConnectionTrait, counting: &SelectStatement) -> Result<u64, AppError> {
    let row = conn.query_one(counting).await?;
    let n: i64 = row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(n).unwrap_or(0))
}

/// The columns of a list, with the lead unit's names.
pub fn select() -> SelectStatement {
    use ticket::Column as C;
    let mut select = Query::select();
    for column in [
        C::Id,
        C::Number,
        C::Title,
        C::State,
        C::Round,
        C::RequestType,
        C::Category,
        C::Urgency,
        C::Channel,
        C::PlaceName,
        C::NextDueAt,
        C::YellowAt,
        C::OrangeAt,
        C::Supervised,
        C::Urges,
        C::CreatedAt,
        C::Result,
        C::ClosedAt,
        C::Confidential,
    ] {
        select.column((ticket::Entity, column));
    }
    select
        .column((Alias::new(LEAD), assignment::Column::UnitName))
        .column((Alias::new(LEAD), assignment::Column::StaffName))
        .from(ticket::Entity);
    join_lead(&mut select);
    select
}

fn join_lead(select: &mut SelectStatement) {
    let lead = |column| Expr::col((Alias::new(LEAD), column));
    let on = Cond::all()
        .add(lead(assignment::Column::TicketId).equals((ticket::Entity, ticket::Column::Id)))
        // Written out, so that the partial index of lead legs is used.
        .add(Expr::cust(format!(
            "\"{LEAD}\".\"nature\" = '{}'",
            LegNature::Lead.word()
        )))
        .add(lead(assignment::Column::EndedAt).is_null());
    select.join_as(
        sea_orm::JoinType::LeftJoin,
        assignment::Entity,
        Alias::new(LEAD),
        on,
    );
}

pub(super) fn col(column: ticket::Column) -> Expr {
    Expr::col((ticket::Entity, column))
}

/// What the caller reaches, as a condition: the twin of `Reach::contains`, pinned to it by a test.
pub fn scope(db: &Db, actor: &Actor, reach: &Reach) -> Cond {
    let mut any = Cond::any();
    if reach.public {
        return Cond::all();
    }
    for district in &reach.districts {
        any = any.add(in_district(db, district));
    }
    let leg = |column| Expr::col((assignment::Entity, column));
    let mut legs = Cond::any();
    if !reach.units.is_empty() {
        legs = legs.add(leg(assignment::Column::UnitPath).is_in(reach.units.iter().map(String::as_str)));
    }
    for tree in &reach.subtrees {
        legs = legs.add(in_range(leg(assignment::Column::UnitPath), tree));
    }
    if !reach.units.is_empty() || !reach.subtrees.is_empty() {
        let in_hands = Query::select()
            .column(assignment::Column::TicketId)
            .from(assignment::Entity)
            .and_where(leg(assignment::Column::EndedAt).is_null())
            .cond_where(legs)
            .to_owned();
        any = any.add(col(ticket::Column::Id).in_subquery(in_hands));
    }
    if reach.own
        && let Some(mine) = own(actor)
    {
        any = any.add(mine);
    }
    // `Cond::any()` without members would be true.
    if any.is_empty() {
        Cond::all().add(Expr::cust("1 = 0"))
    } else {
        any
    }
}

fn own(actor: &Actor) -> Option<SimpleExpr> {
    let requester = |column| Expr::col((ticket_requester::Entity, column));
    let mine = match actor {
        Actor::Resident { id, .. } => Cond::any()
            .add(requester(ticket_requester::Column::ResidentId).eq(*id))
            .add(requester(ticket_requester::Column::OnBehalfOf).eq(*id)),
        Actor::Client { id, .. } => Cond::any().add(requester(ticket_requester::Column::ClientId).eq(*id)),
        _ => return None,
    };
    let theirs = Query::select()
        .column(ticket_requester::Column::TicketId)
        .from(ticket_requester::Entity)
        .cond_where(mine)
        .to_owned();
    Some(col(ticket::Column::Id).in_subquery(theirs))
}

/// In a district: nearly every ticket is. Written out for PostgreSQL, which takes a range between values that it does not
/// know for a narrow one, and would read all tickets by the index of places.
fn in_district(db: &Db, prefix: &str) -> SimpleExpr {
    if db.is_sqlite() {
        return in_range(db.unindexed(col(ticket::Column::PlacePath)), prefix);
    }
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (from, to) = (quoted(prefix), quoted(&after_prefix(prefix)));
    Expr::cust(format!(
        "(\"ticket\".\"place_path\" >= {from} AND \"ticket\".\"place_path\" < {to})"
    ))
}

fn in_range(column: impl Into<SimpleExpr>, prefix: &str) -> SimpleExpr {
    let column = column.into();
    column.clone().gte(prefix).and(column.lt(after_prefix(prefix)))
}

fn sort(query: &TicketsQuery) -> Result<Sort, AppError> {
    match query.sort.as_deref() {
        Some("newest") => Ok(Sort::Newest),
        Some("due") => Ok(Sort::Due),
        Some(_) => Err(AppError::field(
            "?sort",
            Rule::OneOf(vec!["newest".into(), "due".into()]),
        )),
        None => Ok(match query.queue.as_deref() {
            Some("unsigned" | "mine" | "unit" | "overdue") => Sort::Due,
            // What turns next comes first, and the index of what is due need not be read to its end.
            None if query.lamp.is_some() => Sort::Due,
            _ => Sort::Newest,
        }),
    }
}

/// Tickets whose nearest clock shows a lamp now.
fn lit(lamp: Lamp, now: DateTime<Utc>) -> SimpleExpr {
    use ticket::Column as C;
    let from = |column: C| col(column).lte(now);
    let until = |column: C| col(column).gt(now);
    match lamp {
        // What is not due yet, in the order of the index, and then of these what has not turned.
        Lamp::Green => until(C::NextDueAt).and(until(C::YellowAt)),
        Lamp::Yellow => until(C::NextDueAt).and(from(C::YellowAt)).and(until(C::OrangeAt)),
        Lamp::Orange => from(C::OrangeAt).and(until(C::NextDueAt)),
        Lamp::Red => from(C::NextDueAt),
    }
    .and(has_due())
}

/// In a state. Written out, as is the next: PostgreSQL then plans by how many tickets are in that very state, and not
/// by how many would be in any.
fn state_is(state: TicketState) -> SimpleExpr {
    Expr::cust(format!("\"ticket\".\"state\" = '{}'", state.word()))
}

/// Neither done nor treated with another.
fn still_open() -> SimpleExpr {
    let over: Vec<String> = over().map(|state| format!("'{}'", state.word())).collect();
    Expr::cust(format!("\"ticket\".\"state\" NOT IN ({})", over.join(", ")))
}

/// Something is due some time: few tickets, and both databases have an index of them alone.
fn has_due() -> SimpleExpr {
    col(ticket::Column::NextDueAt).is_not_null()
}

fn filters(
    directory: &Directory,
    actor: &Actor,
    query: &TicketsQuery,
    now: DateTime<Utc>,
) -> Result<Cond, AppError> {
    use ticket::Column as C;
    let mut all = Cond::all();
    let lead = |column| Expr::col((Alias::new(LEAD), column));
    if let Some(queue) = &query.queue {
        all = all.add(ready_made(queue, actor, now)?);
    }
    // Who must not read it can't find it by a guess either.
    if query.q.is_some() && Titles::of(actor, directory) != Titles::All {
        all = all.add(col(C::Confidential).eq(false));
    }
    all = all
        .add_option(query.state.map(state_is))
        .add_option(query.request_type.map(|kind| col(C::RequestType).eq(kind)))
        .add_option(query.urgency.map(|urgency| col(C::Urgency).eq(urgency)))
        .add_option(query.channel.map(|channel| col(C::Channel).eq(channel)))
        .add_option(query.from.map(|from| col(C::CreatedAt).gte(from)))
        .add_option(query.to.map(|to| col(C::CreatedAt).lt(to)))
        .add_option(
            query
                .unit_id
                .map(|unit| lead(assignment::Column::UnitId).eq(unit)),
        )
        .add_option(
            query
                .staff_id
                .map(|staff| lead(assignment::Column::StaffId).eq(staff)),
        );
    if let Some(category) = &query.category {
        if category.is_empty() || category.len() > 12 || !category.chars().all(|c| c.is_ascii_digit()) {
            return Err(AppError::field("?category", Rule::Form("up to 12 digits")));
        }
        // Codes are digits, so `:` comes behind every code that begins so.
        all = all
            .add(col(C::Category).gte(category.as_str()))
            .add(col(C::Category).lt(format!("{category}:")));
    }
    if let Some(lamp) = query.lamp {
        all = all.add(lit(lamp, now)).add(still_open());
    }
    if let Some(overdue) = query.overdue {
        let late = col(C::NextDueAt).lte(now);
        all = all.add(if overdue {
            late
        } else {
            late.not().or(col(C::NextDueAt).is_null())
        });
    }
    if let Some(resident) = query.resident_id {
        let of = Query::select()
            .column(ticket_requester::Column::TicketId)
            .from(ticket_requester::Entity)
            .and_where(
                Expr::col((ticket_requester::Entity, ticket_requester::Column::ResidentId)).eq(resident),
            )
            .to_owned();
        all = all.add(col(C::Id).in_subquery(of)).add(whose_may_be_known(actor));
    }
    if let Some(place) = query.place_id {
        let unit = directory
            .get(place)
            .ok_or_else(|| AppError::field("?place_id", Rule::Unknown))?;
        all = all.add(in_range(col(C::PlacePath), &unit.path));
    }
    if let Some(spoken) = &query.number {
        let number = number::parse(spoken);
        let number =
            number.ok_or_else(|| AppError::field("?number", Rule::Form("15 digits with a check digit")))?;
        all = all.add(col(C::Number).eq(number));
    }
    Ok(all)
}

/// Tickets of which the caller may know who asked: to list those of a person would tell it of all others, too.
fn whose_may_be_known(actor: &Actor) -> SimpleExpr {
    let roles: Vec<Role> = match actor {
        Actor::Staff { grants, .. } => grants.iter().map(|grant| grant.role).collect(),
        Actor::Resident { .. } => vec![Role::Resident],
        Actor::Client { .. } => vec![Role::Integration],
        Actor::Anonymous => Vec::new(),
    };
    let known = |confidential: bool| {
        let mut listing = roles
            .iter()
            .filter(|role| scope_of(Op::ListTickets, **role).is_some());
        listing.any(|role| identity_sight(*role, confidential) != Sight::Hidden)
    };
    match (known(true), known(false)) {
        (true, _) => Expr::cust("1 = 1"),
        (false, true) => col(ticket::Column::Confidential).eq(false),
        (false, false) => Expr::cust("1 = 0"),
    }
}
