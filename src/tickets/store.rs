//! Rows of a ticket: reading them, and (in `apply`) the one way to write what a decision did.

mod apply;
mod clocks;
mod legs;

use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
pub use apply::{Doer, Plan, Said, append, apply};
use entity::id::TicketId;
use entity::kind::{EntryKind, LegNature};
use entity::{assignment, clock, ticket, ticket_entry, ticket_requester};
pub use legs::LegData;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

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
    /// A text of the timeline that the requester sees.
    pub const PUBLIC: &str = "ticket_entry.public";
    /// A text of the timeline for staff.
    pub const INTERNAL: &str = "ticket_entry.internal";
    /// What the requester says of the result.
    pub const OPINION: &str = "callback.opinion";
}

/// Timers of tickets.
pub mod timer {
    /// A clock is due; the subject is the clock.
    pub const CLOCK: &str = "ticket.clock";
    /// Nobody answered a call-back; the subject is the ticket.
    pub const CALLBACK: &str = "ticket.callback";
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
    /// Entries that this transaction adds to the timeline.
    pub added: Vec<ticket_entry::Model>,
    /// Clocks that run after this transaction, as far as it looked at them.
    pub running: Vec<clock::Model>,
}

impl Loaded {
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
    let row = ticket::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    complete(tx, row).await
}

/// A ticket to be looked at.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: TicketId) -> Result<Loaded, AppError> {
    let row = ticket::Entity::find_by_id(id).one(conn).await?;
    complete(conn, row).await
}

async fn complete(conn: &impl ConnectionTrait, row: Option<ticket::Model>) -> Result<Loaded, AppError> {
    let ticket = row.ok_or_else(|| AppError::new(Code::NotFound))?;
    let legs = assignment::Entity::find()
        .filter(assignment::Column::TicketId.eq(ticket.id))
        .filter(assignment::Column::EndedAt.is_null())
        .all(conn)
        .await?;
    let requesters = ticket_requester::Entity::find()
        .filter(ticket_requester::Column::TicketId.eq(ticket.id))
        .order_by_asc(ticket_requester::Column::Id)
        .all(conn)
        .await?;
    Ok(Loaded {
        ticket,
        legs,
        requesters,
        added: Vec::new(),
        running: Vec::new(),
    })
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
