//! Rows of `notice`.

use super::rules::{LEASE_S, wait_after};
use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded, pieces};
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{NoticeId, TicketId};
use entity::kind::{ActorKind, Lane, NoticeChannel, NoticeState};
use entity::notice;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

const ADDRESS: &str = "notice.address";
const BODY: &str = "notice.body";

/// A message to be written.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Who it is for.
    pub recipient: (ActorKind, Option<Uuid>),
    /// How it gets there.
    pub channel: NoticeChannel,
    /// Which goes first.
    pub lane: Lane,
    /// What it is: one word.
    pub template: &'a str,
    /// What it is about.
    pub ticket: Option<TicketId>,
    /// Telephone number or e-mail address; none for the inbox.
    pub address: Option<&'a str>,
    /// The text.
    pub body: &'a str,
    /// Two messages of one key are one.
    pub dedup_key: String,
    /// Not before; at once unless set.
    pub not_before: Option<DateTime<Utc>>,
}

/// Messages gathered to be written in one go.
#[derive(Default)]
pub struct Outgoing(Vec<notice::ActiveModel>);

impl Outgoing {
    /// Adds a message.
    ///
    /// # Errors
    /// When it can't be sealed.
    pub fn add(&mut self, tx: &Tx, vault: &Vault, message: &Message<'_>) -> Result<(), AppError> {
        let in_app = message.channel == NoticeChannel::InApp;
        self.0.push(notice::ActiveModel {
            id: Set(tx.ids().id()),
            recipient_kind: Set(message.recipient.0),
            recipient_id: Set(message.recipient.1),
            channel: Set(message.channel),
            lane: Set(message.lane),
            template: Set(message.template.to_owned()),
            ticket_id: Set(message.ticket),
            address_sealed: Set(message
                .address
                .map(|address| vault.seal_text(ADDRESS, address))
                .transpose()?),
            body_sealed: Set(vault.seal_text(BODY, message.body)?),
            dedup_key: Set(message.dedup_key.clone()),
            // The inbox is read, not sent to.
            state: Set(if in_app {
                NoticeState::Sent
            } else {
                NoticeState::Pending
            }),
            attempts: Set(0),
            next_at: Set(message.not_before.unwrap_or_else(|| tx.now())),
            leased_by: Set(None),
            leased_until: Set(None),
            last_error: Set(None),
            created_at: Set(tx.now()),
            sent_at: Set(in_app.then(|| tx.now())),
            read_at: Set(None),
        });
        Ok(())
    }

    /// Writes them in this transaction; of messages of one key the first stays the only one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write(self, tx: &Tx) -> Result<(), AppError> {
        for some in pieces(self.0) {
            notice::Entity::insert_many(some)
                .on_conflict(
                    OnConflict::column(notice::Column::DedupKey)
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }
}

/// Writes a message in this transaction; one of the same key stays the only one.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue(tx: &Tx, vault: &Vault, message: &Message<'_>) -> Result<(), AppError> {
    let mut outgoing = Outgoing::default();
    outgoing.add(tx, vault, message)?;
    outgoing.write(tx).await
}

/// Messages to be sent now that nobody sends.
fn due(now: DateTime<Utc>) -> Condition {
    // Written out, so that the partial index of pending messages serves it whatever is bound.
    let pending = Expr::cust(format!("\"state\" = '{}'", NoticeState::Pending.word()));
    let free = Condition::any()
        .add(notice::Column::LeasedUntil.is_null())
        .add(notice::Column::LeasedUntil.lt(now));
    Condition::all()
        .add(pending)
        .add(notice::Column::NextAt.lte(now))
        .add(free)
}

/// Takes messages that are due, under a lease, oldest first. Who is just being sent one by another process waits:
/// their messages must not overtake each other.
pub(super) async fn claim(tx: &Tx, (sender, most): &(Uuid, u64)) -> Result<Vec<notice::Model>, AppError> {
    let being_sent = Query::select()
        .column(notice::Column::RecipientId)
        .from(notice::Entity)
        .and_where(Expr::col(notice::Column::RecipientId).is_not_null())
        // Written out, so that the index of messages being sent serves it.
        .and_where(Expr::col(notice::Column::LeasedUntil).is_not_null())
        .and_where(Expr::col(notice::Column::LeasedUntil).gte(tx.now()))
        .to_owned();
    let others = Condition::any()
        .add(notice::Column::RecipientId.is_null())
        .add(notice::Column::RecipientId.not_in_subquery(being_sent));
    let due = notice::Entity::find()
        .filter(due(tx.now()))
        .filter(others)
        // The words of the lanes sort the other way round: urgent, normal, bulk.
        .order_by_desc(notice::Column::Lane)
        .order_by_asc(notice::Column::NextAt)
        .order_by_asc(notice::Column::Id)
        .limit(*most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    let ids: Vec<NoticeId> = due.iter().map(|row| row.id).collect();
    notice::Entity::update_many()
        .col_expr(notice::Column::LeasedBy, Expr::value(Some(*sender)))
        .col_expr(
            notice::Column::LeasedUntil,
            Expr::value(Some(tx.now() + TimeDelta::seconds(LEASE_S))),
        )
        .filter(notice::Column::Id.is_in(padded(&ids)))
        .exec(tx)
        .await?;
    Ok(due)
}

/// How sending a message went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Sent,
    /// And why.
    Failed(String),
    /// There was no time left.
    Untried,
}

/// A message and how sending it went.
pub(super) type Sending = (NoticeId, Outcome);

/// Notes how sending went. A lease that another sender took over meanwhile is left alone.
pub(super) async fn settle(tx: &Tx, (sender, sent): &(Uuid, Vec<Sending>)) -> Result<(), AppError> {
    let of = |wanted: fn(&Outcome) -> bool| {
        let those = sent.iter().filter(|(_, outcome)| wanted(outcome));
        padded(&those.map(|(id, _)| *id).collect::<Vec<_>>())
    };
    let release = notice::Entity::update_many()
        .col_expr(notice::Column::LeasedBy, Expr::value(None::<Uuid>))
        .col_expr(notice::Column::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(notice::Column::LeasedBy.eq(*sender));
    release
        .clone()
        .col_expr(
            notice::Column::Attempts,
            Expr::col(notice::Column::Attempts).add(1),
        )
        .col_expr(notice::Column::LastError, Expr::value(None::<String>))
        .col_expr(notice::Column::State, Expr::value(NoticeState::Sent))
        .col_expr(notice::Column::SentAt, Expr::value(Some(tx.now())))
        .filter(notice::Column::Id.is_in(of(|outcome| *outcome == Outcome::Sent)))
        .exec(tx)
        .await?;
    let untried = of(|outcome| *outcome == Outcome::Untried);
    if !untried.is_empty() {
        release.filter(notice::Column::Id.is_in(untried)).exec(tx).await?;
    }
    let failed = of(|outcome| matches!(outcome, Outcome::Failed(_)));
    if failed.is_empty() {
        return Ok(());
    }
    let failed = notice::Entity::find()
        .filter(notice::Column::Id.is_in(failed))
        .filter(notice::Column::LeasedBy.eq(*sender))
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in failed {
        let why = sent.iter().find_map(|(id, outcome)| match outcome {
            Outcome::Failed(why) if *id == row.id => Some(why.clone()),
            _ => None,
        });
        retry(tx, row, why).await?;
    }
    Ok(())
}

/// A message that failed waits, or is given up.
async fn retry(tx: &Tx, row: notice::Model, failure: Option<String>) -> Result<(), AppError> {
    let attempts = row.attempts + 1;
    let mut next = notice::ActiveModel {
        id: Set(row.id),
        attempts: Set(attempts),
        leased_by: Set(None),
        leased_until: Set(None),
        last_error: Set(failure),
        ..Default::default()
    };
    match wait_after(attempts) {
        Some(wait) => next.next_at = Set(tx.now() + wait),
        None => next.state = Set(NoticeState::Dead),
    }
    notice::Entity::update(next).exec(tx).await?;
    Ok(())
}

/// Address and text of a message.
///
/// # Errors
/// When they can't be opened.
pub fn open(vault: &Vault, row: &notice::Model) -> Result<(Option<String>, String), AppError> {
    Ok((
        vault.open_optional(ADDRESS, row.address_sealed.as_ref())?,
        vault.open_text(BODY, &row.body_sealed)?,
    ))
}

/// Messages of a person, newest first, older than `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn inbox(
    conn: &impl ConnectionTrait,
    person: Uuid,
    unread: bool,
    before: Option<NoticeId>,
    limit: u64,
) -> Result<Vec<notice::Model>, AppError> {
    let mut query = notice::Entity::find()
        .filter(notice::Column::RecipientId.eq(person))
        .filter(notice::Column::Channel.eq(NoticeChannel::InApp));
    if unread {
        query = query.filter(notice::Column::ReadAt.is_null());
    }
    if let Some(before) = before {
        query = query.filter(notice::Column::Id.lt(before));
    }
    Ok(query
        .order_by_desc(notice::Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Messages that could not be sent, newest first, older than `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn dead(
    conn: &impl ConnectionTrait,
    before: Option<NoticeId>,
    limit: u64,
) -> Result<Vec<notice::Model>, AppError> {
    let mut query = notice::Entity::find().filter(notice::Column::State.eq(NoticeState::Dead));
    if let Some(before) = before {
        query = query.filter(notice::Column::Id.lt(before));
    }
    Ok(query
        .order_by_desc(notice::Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Marks a message of one's own as read; reading it again changes nothing.
pub(super) async fn mark_read(tx: &Tx, (person, id): &(Uuid, NoticeId)) -> Result<(), AppError> {
    let mine = notice::Entity::find_by_id(*id)
        .filter(notice::Column::RecipientId.eq(*person))
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    if mine.read_at.is_none() {
        let next = notice::ActiveModel {
            id: Set(mine.id),
            read_at: Set(Some(tx.now())),
            ..Default::default()
        };
        notice::Entity::update(next).exec(tx).await?;
    }
    Ok(())
}

/// Puts a dead message back into the queue.
pub(super) async fn revive(tx: &Tx, id: NoticeId) -> Result<notice::Model, AppError> {
    let row = notice::Entity::find_by_id(id)
        .filter(notice::Column::State.eq(NoticeState::Dead))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    let next = notice::ActiveModel {
        id: Set(row.id),
        state: Set(NoticeState::Pending),
        attempts: Set(0),
        next_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(notice::Entity::update(next).exec(tx).await?)
}

/// Whether a message is due: a cheap look before a claim.
pub(super) async fn any_due(
    conn: &impl ConnectionTrait,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, AppError> {
    let due = notice::Entity::find().filter(due(now)).one(conn).await?;
    Ok(due.is_some())
}
