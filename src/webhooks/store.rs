//! Rows of `webhook`, `webhook_message` and `webhook_attempt`.

use super::rules::{After, Attempted, KEPT_DAYS};
use crate::access::Reach;
use crate::access::actor::Actor;
use crate::orgs::store::within;
use crate::platform::db::{Tx, padded, pieces};
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{EventId, WebhookAttemptId, WebhookId, WebhookMessageId};
use entity::kind::{MessageState, WebhookState};
use entity::{webhook, webhook_attempt, webhook_message};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, LockBehavior, LockType, OnConflict, Order, Query, SelectStatement,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// Messages that wait for a webhook at most. Beyond that the log itself is the queue.
const MOST_WAITING: u64 = 2_000;

/// A webhook.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: WebhookId) -> Result<webhook::Model, AppError> {
    let row = webhook::Entity::find_by_id(id).one(conn).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// A webhook, locked until the end of the transaction.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: WebhookId) -> Result<webhook::Model, AppError> {
    let row = webhook::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// Webhooks that somebody reaches, after one of them, in the order of their making.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    reach: &Reach,
    after: Option<WebhookId>,
    limit: u64,
) -> Result<Vec<webhook::Model>, AppError> {
    let mut reached = Condition::any().add(within(webhook::Column::UnitPath, reach));
    if let (true, Actor::Client { id, .. }) = (reach.own, actor) {
        reached = reached.add(webhook::Column::ClientId.eq(*id));
    }
    let mut select = webhook::Entity::find().filter(reached);
    if let Some(after) = after {
        select = select.filter(webhook::Column::Id.gt(after));
    }
    let rows = select
        .order_by_asc(webhook::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Writes a new webhook.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &Tx, row: &webhook::Model) -> Result<(), AppError> {
    let new = row.clone().into_active_model().reset_all();
    webhook::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(())
}

/// Writes a changed webhook, as a new version.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &Tx, row: &mut webhook::Model) -> Result<(), AppError> {
    row.version += 1;
    let next = row.clone().into_active_model().reset_all();
    webhook::Entity::update(next).exec(tx).await?;
    Ok(())
}

/// Takes a webhook away with all that was to be told it.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &Tx, id: WebhookId) -> Result<(), AppError> {
    let of_it = Query::select()
        .column(webhook_message::Column::Id)
        .from(webhook_message::Entity)
        .and_where(webhook_message::Column::WebhookId.eq(id))
        .to_owned();
    webhook_attempt::Entity::delete_many()
        .filter(webhook_attempt::Column::MessageId.in_subquery(of_it))
        .exec(tx)
        .await?;
    webhook_message::Entity::delete_many()
        .filter(webhook_message::Column::WebhookId.eq(id))
        .exec(tx)
        .await?;
    webhook::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Webhooks that have not been told all up to a position.
///
/// # Errors
/// When the database does not answer.
pub async fn behind(conn: &impl ConnectionTrait, position: i64) -> Result<Vec<WebhookId>, AppError> {
    let rows = webhook::Entity::find()
        .select_only()
        .column(webhook::Column::Id)
        .filter(Expr::cust(format!("state = '{}'", WebhookState::Active)))
        .filter(webhook::Column::Position.lt(position))
        .order_by_asc(webhook::Column::Position)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Notes up to where a webhook's messages are written. It is not the version that people change.
///
/// # Errors
/// When the database does not answer.
pub async fn advance(tx: &Tx, id: WebhookId, position: i64) -> Result<(), AppError> {
    webhook::Entity::update_many()
        .col_expr(webhook::Column::Position, Expr::value(position))
        .filter(webhook::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// How many more messages may wait for a webhook.
///
/// # Errors
/// When the database does not answer.
pub async fn room(tx: &Tx, id: WebhookId) -> Result<u64, AppError> {
    let waiting = webhook_message::Entity::find()
        .filter(pending())
        .filter(webhook_message::Column::WebhookId.eq(id))
        .count(tx)
        .await?;
    Ok(MOST_WAITING.saturating_sub(waiting))
}

/// A message that waits for its first attempt: of which event, its type, whom it is about, and its position.
#[must_use]
pub fn waiting(
    tx: &Tx,
    webhook: WebhookId,
    (event, kind, subject, position): (EventId, &str, Uuid, i64),
    body: String,
) -> webhook_message::Model {
    webhook_message::Model {
        id: tx.ids().id(),
        webhook_id: webhook,
        event_id: event,
        kind: kind.to_owned(),
        subject_id: subject,
        position,
        body,
        state: MessageState::Pending,
        attempts: 0,
        next_at: tx.now(),
        leased_by: None,
        leased_until: None,
        created_at: tx.now(),
        ended_at: None,
        last_status: None,
        last_error: None,
    }
}

/// Writes messages; what a webhook is told already stays as it is.
///
/// # Errors
/// When the database does not answer.
pub async fn write(tx: &Tx, messages: Vec<webhook_message::Model>) -> Result<(), AppError> {
    use webhook_message::Column as C;
    for some in pieces(messages) {
        let rows = some.into_iter().map(|row| row.into_active_model().reset_all());
        webhook_message::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([C::WebhookId, C::EventId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

// Written out, so that the partial indexes of what waits serve it whatever is bound.
fn pending() -> Expr {
    Expr::cust(format!(
        "\"webhook_message\".\"state\" = '{}'",
        MessageState::Pending
    ))
}

/// What is due, and nobody sends; of each thing only the first that waits. In a form that both databases answer message by
/// message along the queue: joined with all that wait, each batch would read them all.
fn due(now: DateTime<Utc>) -> Condition {
    use webhook_message::Column as C;
    let first = Alias::new("first");
    let mine = |column: C| Expr::col((webhook_message::Entity, column));
    let theirs = |column: C| Expr::col((first.clone(), column));
    let first_position = Query::select()
        .expr(theirs(C::Position))
        .from_as(webhook_message::Entity, first.clone())
        .and_where(Expr::cust(format!(
            "\"first\".\"state\" = '{}'",
            MessageState::Pending
        )))
        .and_where(theirs(C::WebhookId).eq(mine(C::WebhookId)))
        .and_where(theirs(C::SubjectId).eq(mine(C::SubjectId)))
        .order_by((first.clone(), C::Position), Order::Asc)
        .limit(1)
        .to_owned();
    Condition::all()
        .add(pending())
        .add(C::NextAt.lte(now))
        .add(
            Condition::any()
                .add(C::LeasedUntil.is_null())
                .add(C::LeasedUntil.lt(now)),
        )
        .add(mine(C::Position).eq(scalar(first_position)))
}

fn scalar(select: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(select.into()))
}

/// Webhooks that are on and for which something is due, and since when they take nothing; those that do not only where they are asked
/// for.
///
/// # Errors
/// When the database does not answer.
pub async fn with_due(
    conn: &impl ConnectionTrait,
    now: DateTime<Utc>,
    failing: bool,
    but: &[WebhookId],
) -> Result<Vec<(WebhookId, Option<DateTime<Utc>>)>, AppError> {
    use webhook_message::Column as C;
    let next = Query::select()
        .column(C::Position)
        .from(webhook_message::Entity)
        .and_where(
            Expr::col((webhook_message::Entity, C::WebhookId))
                .eq(Expr::col((webhook::Entity, webhook::Column::Id))),
        )
        .cond_where(due(now))
        .order_by(C::Position, Order::Asc)
        .limit(1)
        .to_owned();
    let mut select = webhook::Entity::find()
        .select_only()
        .columns([webhook::Column::Id, webhook::Column::FailingSince])
        .filter(webhook::Column::State.eq(WebhookState::Active))
        .filter(scalar(next).is_not_null());
    if !failing {
        select = select.filter(webhook::Column::FailingSince.is_null());
    }
    if !but.is_empty() {
        select = select.filter(webhook::Column::Id.is_not_in(padded(but)));
    }
    Ok(select.into_tuple().all(conn).await?)
}

/// Takes messages of a webhook that are due, under a lease.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(
    tx: &Tx,
    (id, sender, lease_s, most): &(WebhookId, Uuid, i64, u64),
) -> Result<Vec<webhook_message::Model>, AppError> {
    use webhook_message::Column as C;
    let rows = webhook_message::Entity::find()
        .filter(due(tx.now()))
        .filter(C::WebhookId.eq(*id))
        .order_by_asc(C::Position)
        .limit(*most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    let ids: Vec<WebhookMessageId> = rows.iter().map(|row| row.id).collect();
    webhook_message::Entity::update_many()
        .col_expr(C::LeasedBy, Expr::value(Some(*sender)))
        .col_expr(
            C::LeasedUntil,
            Expr::value(Some(tx.now() + TimeDelta::seconds(*lease_s))),
        )
        .filter(C::Id.is_in(padded(&ids)))
        .exec(tx)
        .await?;
    Ok(rows)
}

/// Notes an attempt and what becomes of the message. A lease that another sender took over meanwhile is left alone: then
/// the attempt alone is noted.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(
    tx: &Tx,
    sender: Uuid,
    row: &webhook_message::Model,
    attempted: &Attempted,
    after: After,
) -> Result<(), AppError> {
    use webhook_message::Column as C;
    tx.stage(webhook_attempt::ActiveModel {
        id: Set(tx.ids().id::<WebhookAttemptId>()),
        message_id: Set(row.id),
        attempt: Set(row.attempts + 1),
        at: Set(tx.now()),
        took_ms: Set(attempted.took_ms),
        status: Set(attempted.status.map(i32::from)),
        error: Set(attempted.why()),
        answer: Set(attempted
            .answer
            .clone()
            .map(|text| text.replace('\0', "\u{fffd}"))),
    });
    let ended = (after.state != MessageState::Pending).then(|| tx.now());
    webhook_message::Entity::update_many()
        .col_expr(C::State, Expr::value(after.state))
        .col_expr(C::Attempts, Expr::value(row.attempts + 1))
        .col_expr(C::NextAt, Expr::value(after.next_at.unwrap_or(row.next_at)))
        .col_expr(C::EndedAt, Expr::value(ended))
        .col_expr(C::LastStatus, Expr::value(attempted.status.map(i32::from)))
        .col_expr(C::LastError, Expr::value(attempted.why()))
        .col_expr(C::LeasedBy, Expr::value(None::<Uuid>))
        .col_expr(C::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(C::Id.eq(row.id))
        .filter(C::LeasedBy.eq(sender))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes since when a webhook takes nothing; none: it does.
///
/// # Errors
/// When the database does not answer.
pub async fn failing(tx: &Tx, id: WebhookId, since: Option<DateTime<Utc>>) -> Result<(), AppError> {
    webhook::Entity::update_many()
        .col_expr(webhook::Column::FailingSince, Expr::value(since))
        .filter(webhook::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Which messages of a webhook to list.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Those that got so far.
    pub state: Option<MessageState>,
}

/// Messages of a webhook, newest first, older than one of them.
///
/// # Errors
/// When the database does not answer.
pub async fn messages(
    conn: &impl ConnectionTrait,
    id: WebhookId,
    filter: Filter,
    before: Option<WebhookMessageId>,
    limit: u64,
) -> Result<Vec<webhook_message::Model>, AppError> {
    use webhook_message::Column as C;
    let mut select = webhook_message::Entity::find().filter(C::WebhookId.eq(id));
    if let Some(state) = filter.state {
        select = select.filter(C::State.eq(state));
    }
    if let Some(before) = before {
        select = select.filter(C::Id.lt(before));
    }
    Ok(select.order_by_desc(C::Id).limit(limit).all(conn).await?)
}

/// Attempts to deliver these messages, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn attempts(
    conn: &impl ConnectionTrait,
    messages: &[WebhookMessageId],
) -> Result<Vec<webhook_attempt::Model>, AppError> {
    let rows = webhook_attempt::Entity::find()
        .filter(webhook_attempt::Column::MessageId.is_in(padded(messages)))
        .order_by_asc(webhook_attempt::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Which messages go out once more.
#[derive(Clone, Copy, Debug)]
pub enum Again {
    /// This one, whatever became of it.
    One(WebhookMessageId),
    /// Those that were given up, written since an instant.
    Dead(Option<DateTime<Utc>>),
}

/// Sends messages of a webhook once more; how many.
///
/// # Errors
/// When the database does not answer.
pub async fn again(tx: &Tx, id: WebhookId, which: Again) -> Result<u64, AppError> {
    use webhook_message::Column as C;
    let mut update = webhook_message::Entity::update_many()
        .col_expr(C::State, Expr::value(MessageState::Pending))
        .col_expr(C::Attempts, Expr::value(0))
        .col_expr(C::NextAt, Expr::value(tx.now()))
        .col_expr(C::EndedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(C::WebhookId.eq(id))
        .filter(C::LeasedUntil.is_null().or(C::LeasedUntil.lt(tx.now())));
    update = match which {
        Again::One(message) => update.filter(C::Id.eq(message)),
        Again::Dead(None) => update.filter(C::State.eq(MessageState::Dead)),
        Again::Dead(Some(since)) => update
            .filter(C::State.eq(MessageState::Dead))
            .filter(C::CreatedAt.gte(since)),
    };
    Ok(update.exec(tx).await?.rows_affected)
}

/// Whether a message is a webhook's.
///
/// # Errors
/// When the database does not answer.
pub async fn has(tx: &Tx, id: WebhookId, message: WebhookMessageId) -> Result<bool, AppError> {
    let row = webhook_message::Entity::find_by_id(message).one(tx).await?;
    Ok(row.is_some_and(|row| row.webhook_id == id))
}

/// Forgets some of what ended long ago; how many messages.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(tx: &Tx, most: &u64) -> Result<u64, AppError> {
    use webhook_message::Column as C;
    let old: Vec<WebhookMessageId> = webhook_message::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::EndedAt.lt(tx.now() - TimeDelta::days(KEPT_DAYS)))
        .limit(*most)
        .into_tuple()
        .all(tx)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    webhook_attempt::Entity::delete_many()
        .filter(webhook_attempt::Column::MessageId.is_in(padded(&old)))
        .exec(tx)
        .await?;
    let gone = webhook_message::Entity::delete_many()
        .filter(C::Id.is_in(padded(&old)))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}
