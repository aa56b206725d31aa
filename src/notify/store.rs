//! Rows of `notice`.

use super::rules::{Lanes, lease_s, wait_after};
use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded, pieces};
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, NoticeId, TicketId};
use entity::kind::{ActorKind, Lane, NoticeChannel, NoticeState};
use entity::{delivery, notice};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::sync::Arc;
use uuid::Uuid;

const ADDRESS: &str = "notice.address";
const BODY: &str = "notice.body";
const OTHERS: &str = "notice.others";

/// What is noted of an attempt that ended with its process: the message may have gone out, and is sent again.
pub const OUTCOME_UNKNOWN: &str = "its sender died: whether it went out is not known";

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
    /// The emergency call that it is about.
    pub call: Option<CallId>,
    /// Channels and addresses that are tried at once when this one fails, in order.
    pub others: &'a [(NoticeChannel, String)],
    /// Telephone number or e-mail address; none for the inbox.
    pub address: Option<&'a str>,
    /// The text.
    pub body: &'a str,
    /// Two messages of one key are one.
    pub dedup_key: String,
    /// Not before; at once unless set.
    pub not_before: Option<DateTime<Utc>>,
}

fn seal_others(vault: &Vault, others: &[(NoticeChannel, String)]) -> Result<Option<Vec<u8>>, AppError> {
    if others.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(others).map_err(|error| AppError::new(Code::Internal).because(error))?;
    vault.seal_text(OTHERS, &text).map(Some)
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
            call_id: Set(message.call),
            others_sealed: Set(seal_others(vault, message.others)?),
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

/// Messages of some lanes to be sent now that nobody sends.
fn due(lanes: Lanes, now: DateTime<Utc>) -> Condition {
    // Written out, so that the partial index of pending messages serves it whatever is bound.
    let pending = Expr::cust(format!("\"state\" = '{}'", NoticeState::Pending.word()));
    let free = Condition::any()
        .add(notice::Column::LeasedUntil.is_null())
        .add(notice::Column::LeasedUntil.lt(now));
    let emergency = notice::Column::Lane.eq(Lane::Emergency);
    Condition::all()
        .add(pending)
        .add(match lanes {
            Lanes::Emergency => emergency,
            Lanes::Others => emergency.not(),
        })
        .add(notice::Column::NextAt.lte(now))
        .add(free)
}

/// Takes messages that are due, under a lease, oldest first. Who is just being sent one by another process waits:
/// their messages must not overtake each other.
pub(super) async fn claim(
    tx: &Tx,
    (sender, lanes, most): &(Uuid, Lanes, u64),
) -> Result<Vec<notice::Model>, AppError> {
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
    // In an emergency nothing waits for another message: the order of what is told does not matter then.
    let others = match lanes {
        Lanes::Emergency => Condition::all(),
        Lanes::Others => others,
    };
    let due = notice::Entity::find()
        .filter(due(*lanes, tx.now()))
        .filter(others)
        // The words of the lanes sort the other way round: urgent, normal, bulk.
        .order_by_desc(notice::Column::Lane)
        .order_by_asc(notice::Column::NextAt)
        .order_by_asc(notice::Column::Id)
        .limit(*most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    for row in due.iter().filter(|row| row.leased_by.is_some()) {
        log(tx, row, &Outcome::Failed(OUTCOME_UNKNOWN.to_owned()));
    }
    let ids: Vec<NoticeId> = due.iter().map(|row| row.id).collect();
    notice::Entity::update_many()
        .col_expr(notice::Column::LeasedBy, Expr::value(Some(*sender)))
        .col_expr(
            notice::Column::LeasedUntil,
            Expr::value(Some(tx.now() + TimeDelta::seconds(lease_s(*lanes)))),
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
pub(super) type Sending = (notice::Model, Outcome);

/// Notes how sending went. A lease that another sender took over meanwhile is left alone.
pub(super) async fn settle(
    tx: &Tx,
    (vault, sender, sent): &(Arc<Vault>, Uuid, Vec<Sending>),
) -> Result<(), AppError> {
    let of = |wanted: fn(&Outcome) -> bool| {
        let those = sent.iter().filter(|(_, outcome)| wanted(outcome));
        padded(&those.map(|(row, _)| row.id).collect::<Vec<_>>())
    };
    for (row, outcome) in sent {
        log(tx, row, outcome);
    }
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
        // What was given up meanwhile is tried no more, by no way.
        .filter(notice::Column::State.eq(NoticeState::Pending))
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in failed {
        let why = sent.iter().find_map(|(sending, outcome)| match outcome {
            Outcome::Failed(why) if sending.id == row.id => Some(why.clone()),
            _ => None,
        });
        go_over(tx, vault, &row).await?;
        retry(tx, row, why).await?;
    }
    Ok(())
}

/// Notes an attempt to reach somebody in an emergency.
fn log(tx: &Tx, row: &notice::Model, outcome: &Outcome) {
    let error = match outcome {
        Outcome::Sent => None,
        Outcome::Failed(why) => Some(why.clone()),
        Outcome::Untried => return,
    };
    let Some(call) = row.call_id else { return };
    tx.stage(delivery::ActiveModel {
        id: Set(tx.ids().id()),
        call_id: Set(call),
        notice_id: Set(row.id),
        recipient_id: Set(row.recipient_id),
        channel: Set(row.channel),
        attempt: Set(row.attempts + 1),
        at: Set(tx.now()),
        sent: Set(error.is_none()),
        error: Set(error),
    });
}

/// When a channel fails for the first time, the next one is tried at once, beside it.
async fn go_over(tx: &Tx, vault: &Vault, row: &notice::Model) -> Result<(), AppError> {
    let Some(sealed) = row.others_sealed.as_ref().filter(|_| row.attempts == 0) else {
        return Ok(());
    };
    let others: Vec<(NoticeChannel, String)> =
        serde_json::from_str(&vault.open_text(OTHERS, sealed)?).unwrap_or_default();
    let Some(((channel, address), rest)) = others.split_first() else {
        return Ok(());
    };
    let body = vault.open_text(BODY, &row.body_sealed)?;
    let next = Message {
        recipient: (row.recipient_kind, row.recipient_id),
        channel: *channel,
        lane: row.lane,
        template: &row.template,
        ticket: row.ticket_id,
        call: row.call_id,
        others: rest,
        address: Some(address),
        body: &body,
        dedup_key: format!("{}:{channel}", row.dedup_key),
        not_before: None,
    };
    enqueue(tx, vault, &next).await
}

/// Gives up what is not needed any more: of a call that somebody has taken on nobody is rung.
///
/// # Errors
/// When the database does not answer.
pub async fn moot(tx: &Tx, call: CallId, template: &str) -> Result<(), AppError> {
    notice::Entity::update_many()
        .col_expr(notice::Column::State, Expr::value(NoticeState::Dead))
        .col_expr(notice::Column::LastError, Expr::value(Some("moot".to_owned())))
        .filter(notice::Column::CallId.eq(call))
        .filter(notice::Column::Template.eq(template))
        .filter(notice::Column::State.eq(NoticeState::Pending))
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives up what was tried and failed: somebody is told the same anew.
///
/// # Errors
/// When the database does not answer.
pub async fn moot_tried(tx: &Tx, call: CallId, template: &str) -> Result<(), AppError> {
    notice::Entity::update_many()
        .col_expr(notice::Column::State, Expr::value(NoticeState::Dead))
        .col_expr(
            notice::Column::LastError,
            Expr::value(Some("told anew".to_owned())),
        )
        .filter(notice::Column::CallId.eq(call))
        .filter(notice::Column::Template.eq(template))
        .filter(notice::Column::State.eq(NoticeState::Pending))
        .filter(notice::Column::Attempts.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether a message of an emergency waits for its first attempt since before an instant.
///
/// # Errors
/// When the database does not answer.
pub async fn waits_since(conn: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<bool, AppError> {
    let found = notice::Entity::find()
        .filter(due(Lanes::Emergency, at))
        .filter(notice::Column::Attempts.eq(0))
        .one(conn)
        .await?;
    Ok(found.is_some())
}

/// Attempts that are shown of a call.
const DELIVERIES: u64 = 200;

/// The last attempts to reach people about a call, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn deliveries(conn: &impl ConnectionTrait, call: CallId) -> Result<Vec<delivery::Model>, AppError> {
    let mut rows = delivery::Entity::find()
        .filter(delivery::Column::CallId.eq(call))
        .order_by_desc(delivery::Column::Id)
        .limit(DELIVERIES)
        .all(conn)
        .await?;
    rows.reverse();
    Ok(rows)
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
    // An emergency has no last attempt, but what nobody could be told for a day has another rung behind it, or is over.
    let old = tx.now() - row.created_at > TimeDelta::days(1);
    match wait_after(row.lane, attempts).filter(|_| row.lane != Lane::Emergency || !old) {
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
    lanes: Lanes,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, AppError> {
    let due = notice::Entity::find().filter(due(lanes, now)).one(conn).await?;
    Ok(due.is_some())
}
