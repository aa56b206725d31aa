//! Rows of `phone_call`.

use super::rules::{Call, RINGS, TALKS};
use crate::access::Reach;
use crate::orgs::store::within;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use chrono::{DateTime, Utc};
use entity::id::{ClientId, PhoneCallId, StaffId, TicketId};
use entity::kind::PhoneCallState;
use entity::{phone_call, ticket};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;

const CALLER: &str = "phone_call.caller";
/// Of the same number as in `resident`.
const INDEX: &str = "phone";

/// Which of an exchange's calls.
#[derive(Clone, Debug)]
pub(super) struct Which {
    pub(super) client: ClientId,
    pub(super) unit_path: String,
    pub(super) external_id: String,
}

/// The row of a call, made if it is not there, and locked: of two events at once the second waits.
pub(super) async fn hold(tx: &Tx, which: &Which, at: DateTime<Utc>) -> Result<phone_call::Model, AppError> {
    let locked = || {
        phone_call::Entity::find()
            .filter(phone_call::Column::ClientId.eq(which.client))
            .filter(phone_call::Column::ExternalId.eq(which.external_id.as_str()))
            .lock_exclusive()
    };
    if let Some(row) = locked().one(tx).await? {
        return Ok(row);
    }
    let blank = phone_call::Model {
        id: tx.ids().id(),
        client_id: which.client,
        external_id: which.external_id.clone(),
        unit_path: which.unit_path.clone(),
        state: PhoneCallState::Ringing,
        caller_sealed: None,
        caller_index: None,
        line: None,
        agent: None,
        staff_id: None,
        agents: json!([]),
        recording: None,
        began_at: at,
        ringing_at: None,
        answered_at: None,
        ended_at: None,
        given_up_at: None,
        missed: None,
        attempts: 0,
        missed_by: None,
        missed_at: None,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let once = OnConflict::columns([phone_call::Column::ClientId, phone_call::Column::ExternalId])
        .do_nothing()
        .to_owned();
    phone_call::Entity::insert(blank.into_active_model().reset_all())
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    let row = locked().one(tx).await?;
    row.ok_or_else(|| AppError::new(Code::Conflict).repeatable())
}

/// What the rules know of a row but for the number, which figures need not open.
pub(super) fn times(row: &phone_call::Model) -> Call {
    Call {
        ringing_at: row.ringing_at,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        given_up_at: row.given_up_at,
        agents: serde_json::from_value(row.agents.clone()).unwrap_or_default(),
        caller: None,
        line: row.line.clone(),
        recording: row.recording.clone(),
    }
}

/// What the rules know of a row.
///
/// # Errors
/// When the number can't be opened.
pub(super) fn call(vault: &Vault, row: &phone_call::Model) -> Result<Call, AppError> {
    Ok(Call {
        caller: vault.open_optional(CALLER, row.caller_sealed.as_ref())?,
        ..times(row)
    })
}

/// Writes what is known of a call into its row.
///
/// # Errors
/// When the number can't be sealed.
pub(super) fn put(vault: &Vault, row: &mut phone_call::Model, call: &Call) -> Result<(), AppError> {
    row.state = call.state();
    row.ringing_at = call.ringing_at;
    row.answered_at = call.answered_at;
    row.ended_at = call.ended_at;
    row.given_up_at = call.given_up_at;
    row.agents = json!(call.agents);
    row.agent = call.agent().map(str::to_owned);
    row.line.clone_from(&call.line);
    row.recording.clone_from(&call.recording);
    row.caller_index = call.caller.as_ref().map(|caller| vault.index(INDEX, caller));
    row.caller_sealed = call
        .caller
        .as_ref()
        .map(|caller| vault.seal_text(CALLER, caller))
        .transpose()?;
    Ok(())
}

/// Writes a changed call.
pub(super) async fn update(tx: &Tx, mut row: phone_call::Model) -> Result<phone_call::Model, AppError> {
    row.updated_at = tx.now();
    Ok(row.into_active_model().reset_all().update(tx).await?)
}

/// Other calls from the same number, to the same place, that wait to be called back; those that ended before an instant, where
/// one is given. Of one whose end was lost its beginning counts.
pub(super) async fn waiting_too(
    tx: &Tx,
    row: &phone_call::Model,
    ended_before: Option<DateTime<Utc>>,
) -> Result<Vec<phone_call::Model>, AppError> {
    use phone_call::Column as C;
    let Some(index) = &row.caller_index else {
        return Ok(Vec::new());
    };
    let mut select = phone_call::Entity::find()
        .filter(C::CallerIndex.eq(index.clone()))
        .filter(C::UnitPath.eq(row.unit_path.as_str()))
        .filter(waits())
        .filter(C::Id.ne(row.id));
    if let Some(before) = ended_before {
        let over = Func::coalesce([Expr::col(C::EndedAt), Expr::col(C::BeganAt)]);
        select = select.filter(Expr::expr(over).lt(before));
    }
    Ok(select.lock_exclusive().all(tx).await?)
}

/// Whether the same number called the same place again after the call ended, and was answered.
pub(super) async fn answered_since(tx: &Tx, row: &phone_call::Model) -> Result<bool, AppError> {
    use phone_call::Column as C;
    let Some(index) = &row.caller_index else {
        return Ok(false);
    };
    let ended = row.ended_at.unwrap_or(row.began_at);
    let found = phone_call::Entity::find()
        .filter(C::CallerIndex.eq(index.clone()))
        .filter(C::AnsweredAt.gt(ended))
        .filter(C::UnitPath.eq(row.unit_path.as_str()))
        .one(tx)
        .await?;
    Ok(found.is_some())
}

/// Written out, so that the partial index is used.
fn waits() -> sea_orm::sea_query::SimpleExpr {
    Expr::cust("\"phone_call\".\"missed\" = 'waiting'")
}

/// Calls that are not over, and of which nothing was heard for too long.
pub(super) async fn silent(
    conn: &impl ConnectionTrait,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<PhoneCallId>, AppError> {
    use phone_call::Column as C;
    let rows = phone_call::Entity::find()
        .select_only()
        .column(C::Id)
        // As in the partial index.
        .filter(Expr::cust("\"phone_call\".\"state\" IN ('ringing', 'talking')"))
        .filter(C::UpdatedAt.lte(now - RINGS))
        .filter(
            Condition::any()
                .add(C::State.eq(PhoneCallState::Ringing))
                .add(C::UpdatedAt.lte(now - TALKS)),
        )
        .order_by_asc(C::UpdatedAt)
        .limit(limit)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// A call, locked until the end of the transaction.
pub(super) async fn lock(tx: &Tx, id: PhoneCallId) -> Result<phone_call::Model, AppError> {
    let row = phone_call::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// A call.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    id: PhoneCallId,
) -> Result<phone_call::Model, AppError> {
    let row = phone_call::Entity::find_by_id(id).one(conn).await?;
    row.ok_or_else(|| AppError::new(Code::NotFound))
}

/// Calls that somebody reaches: those that wait to be called back, oldest first, or all, newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    missed: bool,
    from: Option<PhoneCallId>,
    limit: u64,
) -> Result<Vec<phone_call::Model>, AppError> {
    use phone_call::Column as C;
    let mut select = phone_call::Entity::find().filter(within(C::UnitPath, reach));
    select = if missed {
        select.filter(waits()).order_by_asc(C::Id)
    } else {
        select.order_by_desc(C::Id)
    };
    if let Some(from) = from {
        select = select.filter(if missed { C::Id.gt(from) } else { C::Id.lt(from) });
    }
    Ok(select.limit(limit).all(conn).await?)
}

/// Calls that began within a span, as far as somebody reaches them.
pub(super) async fn began(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<phone_call::Model>, AppError> {
    use phone_call::Column as C;
    let rows = phone_call::Entity::find()
        .filter(within(C::UnitPath, reach))
        .filter(C::BeganAt.gte(from))
        .filter(C::BeganAt.lt(to))
        .all(conn)
        .await?;
    Ok(rows)
}

/// Tickets that were registered in calls: call, key and number.
pub(super) async fn tickets(
    conn: &impl ConnectionTrait,
    calls: &[PhoneCallId],
) -> Result<Vec<(PhoneCallId, TicketId, String)>, AppError> {
    use crate::platform::db::padded;
    use ticket::Column as C;
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let rows = ticket::Entity::find()
        .select_only()
        .columns([C::PhoneCallId, C::Id, C::Number])
        .filter(C::PhoneCallId.is_in(padded(calls)))
        .order_by_asc(C::Id)
        .into_tuple::<(PhoneCallId, TicketId, String)>()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Who of the staff has this user name.
pub(super) async fn staff_of(
    conn: &impl ConnectionTrait,
    agent: Option<&str>,
) -> Result<Option<StaffId>, AppError> {
    let Some(agent) = agent else { return Ok(None) };
    let found = crate::staff::store::find_by_user_name(conn, agent).await?;
    Ok(found.map(|row| row.id))
}
