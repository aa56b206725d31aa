//! Rows of a ticket: reading them, and (in `apply`) the one way to write what a decision did.

mod apply;
mod clocks;
mod legs;
pub mod proceedings;
mod queues;

use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use crate::residents;
pub use apply::{Doer, Plan, RECHECK_DAYS, Said, apply, comes_back, happen, reflect, write_ticket};
pub use clocks::{
    calendar_of, calendar_version, case, course, due, first_due, pauses, set_next_due, watch, whole_limit,
};
use entity::id::TicketId;
use entity::kind::{EntryKind, LegNature};
use entity::{assignment, clock, proceeding, resident, ticket, ticket_entry, ticket_requester};
pub use legs::{LegData, give};
pub use proceedings::Asked;
pub use queues::add_to_queues;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::HashMap;

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
    /// How the other agreed for whom somebody asks.
    pub const CONSENT: &str = "ticket_requester.consent";
    /// A text of the timeline that the requester sees.
    pub const PUBLIC: &str = "ticket_entry.public";
    /// A text of the timeline for staff.
    pub const INTERNAL: &str = "ticket_entry.internal";
    /// What a small life beside the ticket asks, and what is answered.
    pub const PROCEEDING: &str = "proceeding.text";
    /// What the requester says of the result.
    pub const OPINION: &str = "callback.opinion";
}

/// Timers of tickets.
pub mod timer {
    /// A clock is due; the subject is the clock.
    pub const CLOCK: &str = "ticket.clock";
    /// The requester is asked whether it has come back; the subject is the ticket.
    pub const RECHECK: &str = "ticket.recheck";
    /// A suspension is to be looked at again; the subject is the ticket.
    pub const REVIEW: &str = "ticket.review";
    /// What holds for tickets that were merged into one; the subject is that one.
    pub const FOLLOWERS: &str = "ticket.followers";
    /// Nobody answered a call-back; the subject is the ticket.
    pub const CALLBACK: &str = "ticket.callback";
    /// A person is to be chosen, or the one who has it is gone; the subject is the ticket.
    pub const ASSIGN: &str = "ticket.assign";
    /// The working calendar has changed; the subject is the last ticket that was looked at.
    pub use crate::sla::store::RECOUNT;
    /// A role has ended by its last day; the subject is the grant.
    pub use crate::staff::store::handover::GRANT_OVER;
    /// Somebody's tickets go to others; the subject is the handover.
    pub use crate::staff::store::handover::HANDOVER;
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
    /// For whom others asked, where somebody did.
    pub beneficiaries: Vec<resident::Model>,
    /// Small lives beside its own.
    pub proceedings: Vec<proceeding::Model>,
    /// Entries that this transaction adds to the timeline.
    pub added: Vec<ticket_entry::Model>,
    /// Clocks that run after this transaction, as far as it looked at them.
    pub running: Vec<clock::Model>,
}

impl Loaded {
    /// A ticket of which nothing else is known yet.
    pub fn of(ticket: ticket::Model) -> Self {
        Self {
            ticket,
            legs: Vec::new(),
            requesters: Vec::new(),
            beneficiaries: Vec::new(),
            proceedings: Vec::new(),
            added: Vec::new(),
            running: Vec::new(),
        }
    }

    /// The path of the lead unit.
    pub fn lead_path(&self) -> Option<&str> {
        self.lead().map(|leg| leg.unit_path.as_str())
    }

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
    tx.hold(id.0)?;
    let row = ticket::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let ticket = row.ok_or_else(|| AppError::new(Code::NotFound))?;
    let legs = assignment::Entity::find()
        .filter(assignment::Column::TicketId.eq(ticket.id))
        .filter(assignment::Column::EndedAt.is_null())
        .all(tx)
        .await?;
    let requesters = ticket_requester::Entity::find()
        .filter(ticket_requester::Column::TicketId.eq(ticket.id))
        .order_by_asc(ticket_requester::Column::Id)
        .all(tx)
        .await?;
    Ok(Loaded {
        legs,
        beneficiaries: beneficiaries(tx, &requesters).await?,
        requesters,
        proceedings: small_lives(tx, &ticket).await?,
        ..Loaded::of(ticket)
    })
}

/// A ticket to be looked at, by one statement: few tickets have more than one leg and one requester, and a round trip
/// costs more than a wide row. To change a ticket take [`lock`]: rows joined to a locked one may be older than the lock.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: TicketId) -> Result<Loaded, AppError> {
    let rows = conn.query_all(&joined(id)).await?;
    let first = rows.first().ok_or_else(|| AppError::new(Code::NotFound))?;
    let mut loaded = Loaded::of(ticket::Model::from_query_result(first, "t_")?);
    // Each leg comes once with each requester.
    for row in &rows {
        if let Some(leg) = assignment::Model::from_query_result_optional(row, "l_")?
            && !loaded.legs.iter().any(|known| known.id == leg.id)
        {
            loaded.legs.push(leg);
        }
        if let Some(requester) = ticket_requester::Model::from_query_result_optional(row, "r_")?
            && !loaded.requesters.iter().any(|known| known.id == requester.id)
        {
            loaded.requesters.push(requester);
        }
    }
    loaded.proceedings = small_lives(conn, &loaded.ticket).await?;
    loaded.beneficiaries = beneficiaries(conn, &loaded.requesters).await?;
    Ok(loaded)
}

/// For whom others asked; few do, and then no statement is needed.
async fn beneficiaries(
    conn: &impl ConnectionTrait,
    requesters: &[ticket_requester::Model],
) -> Result<Vec<resident::Model>, AppError> {
    let mut found = Vec::new();
    for id in requesters.iter().filter_map(|row| row.on_behalf_of) {
        found.push(residents::store::find(conn, id).await?);
    }
    Ok(found)
}

/// The small lives of a ticket; few have any, and then no statement is needed.
async fn small_lives(
    conn: &impl ConnectionTrait,
    ticket: &ticket::Model,
) -> Result<Vec<proceeding::Model>, AppError> {
    if ticket.proceedings == 0 {
        return Ok(Vec::new());
    }
    proceedings::of_ticket(conn, ticket.id).await
}

/// A ticket with its legs and requesters, a row a pair of them; columns led by `t_`, `l_` and `r_`.
#[must_use]
pub fn joined(id: TicketId) -> SelectStatement {
    let (leg, requester) = (assignment::Entity, ticket_requester::Entity);
    let of_ticket = |column: SimpleExpr| column.eq(Expr::col((ticket::Entity, ticket::Column::Id)));
    let mut select = Query::select();
    columns::<ticket::Entity>(&mut select, "t_");
    columns::<assignment::Entity>(&mut select, "l_");
    columns::<ticket_requester::Entity>(&mut select, "r_");
    select
        .from(ticket::Entity)
        .left_join(
            leg,
            of_ticket(Expr::col((leg, assignment::Column::TicketId)))
                .and(Expr::col((leg, assignment::Column::EndedAt)).is_null()),
        )
        .left_join(
            requester,
            of_ticket(Expr::col((requester, ticket_requester::Column::TicketId))),
        )
        .and_where(Expr::col((ticket::Entity, ticket::Column::Id)).eq(id))
        .order_by((requester, ticket_requester::Column::Id), Order::Asc);
    select
}

/// All columns of a table, their names led by `prefix`.
fn columns<E: EntityTrait>(select: &mut SelectStatement, prefix: &str) {
    for column in E::Column::iter() {
        let name = Alias::new(format!("{prefix}{}", column.as_str()));
        select.expr_as(Expr::col((E::default(), column)), name);
    }
}

/// Several tickets to be looked at, in no order; those that are gone are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(conn: &impl ConnectionTrait, ids: &[TicketId]) -> Result<Vec<Loaded>, AppError> {
    let ids = padded(ids);
    let wanted = || ids.iter().copied();
    let rows = ticket::Entity::find()
        .filter(ticket::Column::Id.is_in(wanted()))
        .all(conn)
        .await?;
    let mut all: HashMap<TicketId, Loaded> = rows.into_iter().map(|row| (row.id, Loaded::of(row))).collect();
    let legs = assignment::Entity::find()
        .filter(assignment::Column::TicketId.is_in(wanted()))
        .filter(assignment::Column::EndedAt.is_null())
        .all(conn)
        .await?;
    for leg in legs {
        all.entry(leg.ticket_id)
            .and_modify(|loaded| loaded.legs.push(leg));
    }
    let requesters = ticket_requester::Entity::find()
        .filter(ticket_requester::Column::TicketId.is_in(wanted()))
        .order_by_asc(ticket_requester::Column::Id)
        .all(conn)
        .await?;
    for requester in requesters {
        all.entry(requester.ticket_id)
            .and_modify(|loaded| loaded.requesters.push(requester));
    }
    let with_small: Vec<TicketId> = all
        .values()
        .filter(|loaded| loaded.ticket.proceedings > 0)
        .map(|loaded| loaded.ticket.id)
        .collect();
    for row in proceedings::of_tickets(conn, &with_small).await? {
        all.entry(row.ticket_id)
            .and_modify(|loaded| loaded.proceedings.push(row));
    }
    Ok(all.into_values().collect())
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

/// What belongs to several tickets, parted by ticket, in the order in which it came.
pub fn by_ticket<T>(rows: impl Iterator<Item = (TicketId, T)>) -> HashMap<TicketId, Vec<T>> {
    let mut all: HashMap<TicketId, Vec<T>> = HashMap::new();
    for (ticket, row) in rows {
        all.entry(ticket).or_default().push(row);
    }
    all
}

/// The timelines of several tickets, each in order.
///
/// # Errors
/// When the database does not answer.
pub async fn timelines(
    conn: &impl ConnectionTrait,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, Vec<ticket_entry::Model>>, AppError> {
    let rows = ticket_entry::Entity::find()
        .filter(ticket_entry::Column::TicketId.is_in(padded(ids)))
        .order_by_asc(ticket_entry::Column::Seq)
        .all(conn)
        .await?;
    Ok(by_ticket(rows.into_iter().map(|row| (row.ticket_id, row))))
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

/// The clocks of several tickets, in the order of their start.
///
/// # Errors
/// When the database does not answer.
pub async fn clocks_of(
    conn: &impl ConnectionTrait,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, Vec<clock::Model>>, AppError> {
    let rows = clock::Entity::find()
        .filter(clock::Column::TicketId.is_in(padded(ids)))
        .order_by_asc(clock::Column::StartedAt)
        .all(conn)
        .await?;
    Ok(by_ticket(rows.into_iter().map(|row| (row.ticket_id, row))))
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

/// The clocks of a ticket that run or rest, in the order of their start.
///
/// # Errors
/// When the database does not answer.
pub async fn running(conn: &impl ConnectionTrait, id: TicketId) -> Result<Vec<clock::Model>, AppError> {
    let rows = clock::Entity::find()
        .filter(clock::Column::TicketId.eq(id))
        .filter(clock::Column::StoppedAt.is_null())
        .order_by_asc(clock::Column::StartedAt)
        .all(conn)
        .await?;
    Ok(rows)
}
