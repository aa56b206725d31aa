//! What lines may be about: their columns, how one is checked, and how it is written.

mod people;
mod tickets;
mod workers;

use crate::access::Op;
use crate::access::permit::Caller;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::residents;
use crate::residents::commands::NewResident;
use crate::staff::Account;
use crate::tickets::commands::historical::Historical;
use chrono::NaiveDate;
use csv::StringRecord;
use entity::kind::{ImportKind, LineOutcome};
use std::sync::Arc;
use uuid::Uuid;

/// What lines are checked and written with.
#[derive(Clone)]
pub struct World {
    /// The tools.
    pub kit: Kit,
    /// The reference data.
    pub reference: Arc<Reference>,
    /// Who asked, with the rights of now.
    pub caller: Caller,
    /// Today, in China.
    pub day: NaiveDate,
    /// Nothing is written but what would come of it.
    pub dry_run: bool,
}

/// A line that is right by itself.
#[derive(Clone)]
pub enum Checked {
    /// A person or merchant.
    Resident(Box<NewResident>),
    /// A member of staff; the password is hashed before a transaction is open, if it is needed.
    Staff(Arc<Account>, Option<String>),
    /// A ticket of another system.
    Ticket(Box<Historical>),
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What.
    pub outcome: LineOutcome,
    /// What was made or found.
    pub subject: Option<Uuid>,
    /// What is to be told of it. Values of the line are not repeated.
    pub message: Option<String>,
}

impl Verdict {
    /// It was there already.
    pub fn unchanged(subject: Option<Uuid>) -> Self {
        Self {
            outcome: LineOutcome::Unchanged,
            subject,
            message: None,
        }
    }

    /// It is new.
    pub fn created(subject: Option<Uuid>) -> Self {
        Self {
            outcome: LineOutcome::Created,
            subject,
            message: None,
        }
    }

    /// It won't do.
    pub fn refused(message: impl Into<String>) -> Self {
        Self {
            outcome: LineOutcome::Refused,
            subject: None,
            // PostgreSQL takes no NUL.
            message: Some(message.into().replace('\0', "")),
        }
    }
}

/// The columns of a kind, in their order.
pub fn head(kind: ImportKind) -> &'static [&'static str] {
    match kind {
        ImportKind::Residents => &residents::import::HEADER,
        ImportKind::Staff => workers::HEADER,
        ImportKind::Tickets => tickets::HEADER,
    }
}

/// The operation that a kind takes.
pub fn op(kind: ImportKind) -> Op {
    match kind {
        ImportKind::Residents => Op::ImportResidents,
        ImportKind::Staff => Op::ImportStaff,
        ImportKind::Tickets => Op::ImportTickets,
    }
}

/// Checks a line by itself; and what it is about, to find it again in the same file.
///
/// # Errors
/// What is wrong with it.
pub fn check(kind: ImportKind, world: &World, fields: Vec<String>) -> Result<(Checked, String), String> {
    let record = StringRecord::from(fields);
    match kind {
        ImportKind::Residents => people::check(world, &record),
        ImportKind::Staff => workers::check(&record),
        ImportKind::Tickets => tickets::check(world, &record),
    }
}

/// Does what takes time before a transaction is open.
///
/// # Errors
/// When the database does not answer.
pub async fn prepare(world: &World, checked: Checked) -> Result<Checked, AppError> {
    match checked {
        Checked::Staff(account, _) if !world.dry_run => workers::prepare(world, account).await,
        checked => Ok(checked),
    }
}

/// Writes a line, unless it is there or nothing is to be written.
///
/// # Errors
/// When the database does not answer.
pub async fn write(tx: &Tx, world: &World, checked: &Checked) -> Result<Verdict, AppError> {
    match checked {
        Checked::Resident(new) => people::write(tx, world, new).await,
        Checked::Staff(account, hash) => workers::write(tx, world, account, hash.as_ref()).await,
        Checked::Ticket(ticket) => tickets::write(tx, world, ticket).await,
    }
}
