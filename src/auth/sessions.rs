//! Families of refresh tokens (RFC 9700 §4.14.2): each use rotates the token; a used one that comes again ends the
//! family, unless it comes within the grace, when it gets the very same successor, since an answer may have been lost.

use crate::ledger::audit;
use crate::platform::crypto::vault::Vault;
use crate::platform::crypto::{same, sha256};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ClientId, ResidentId, SessionId};
use entity::kind::ActorKind;
use entity::{api_client, session};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

const LABEL: &str = "session.successor";
/// Days after which a resident must let an app in again.
const APP_DAYS: i64 = 180;

/// A log-in that succeeded: what the access token is made from, and the refresh token.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The family.
    pub session: SessionId,
    /// Whose.
    pub kind: ActorKind,
    /// Whose.
    pub subject: Uuid,
    /// The refresh token.
    pub refresh_token: String,
    /// The client that a resident let in, and its leave.
    pub through: Option<(ClientId, String)>,
}

/// Opens a family.
///
/// # Errors
/// When the database does not answer.
pub async fn open(
    tx: &Tx,
    kit: &Kit,
    (kind, subject): (ActorKind, Uuid),
    client: &str,
    second_factor: bool,
) -> Result<Opened, AppError> {
    begin(tx, kit, (kind, subject), client, second_factor, None).await
}

/// Opens a family for a client that a resident let in, with the leave that they gave it.
///
/// # Errors
/// When the database does not answer.
pub async fn open_through(
    tx: &Tx,
    kit: &Kit,
    resident: ResidentId,
    (client, name, scope): (ClientId, &str, &str),
) -> Result<Opened, AppError> {
    let whose = (ActorKind::Resident, resident.0);
    begin(tx, kit, whose, name, false, Some((client, scope))).await
}

async fn begin(
    tx: &Tx,
    kit: &Kit,
    (kind, subject): (ActorKind, Uuid),
    client: &str,
    second_factor: bool,
    through: Option<(ClientId, &str)>,
) -> Result<Opened, AppError> {
    let id: SessionId = tx.ids().id();
    let token = refresh_token(tx, id);
    session::ActiveModel {
        id: Set(id),
        subject_kind: Set(kind),
        subject_id: Set(subject),
        client: Set(client.to_owned()),
        secret_hash: Set(sha256(&[token.as_bytes()])),
        previous_hash: Set(None),
        successor_sealed: Set(None),
        second_factor: Set(second_factor),
        rotated_at: Set(tx.now()),
        expires_at: Set(tx.now() + TimeDelta::seconds(kit.config.auth.refresh_ttl_s)),
        revoked_at: Set(None),
        revoked_why: Set(None),
        created_at: Set(tx.now()),
        client_id: Set(through.map(|(client, _)| client)),
        scope: Set(through.map(|(_, scope)| scope.to_owned())),
    }
    .insert(tx)
    .await?;
    audit::record_system(
        tx,
        "log_in",
        kind.word(),
        subject,
        json!({ "session": id, "second_factor": second_factor, "client_id": through.map(|(client, _)| client) }),
    );
    Ok(Opened {
        session: id,
        kind,
        subject,
        refresh_token: token,
        through: through.map(|(client, scope)| (client, scope.to_owned())),
    })
}

/// What a refresh came to. Refusals are values, since the end of a family must be committed.
#[derive(Debug)]
pub enum Refreshed {
    /// A new token, or within the grace the same one again.
    Rotated(Opened),
    /// The token is no token of a family that goes on.
    Invalid,
    /// A used token came again: the family has been ended.
    Reused,
}

/// Rotates a refresh token. One of a client that a resident let in is good for that client alone.
///
/// # Errors
/// When the database does not answer.
pub async fn refresh(
    tx: &Tx,
    (kit, token, client): &(Kit, String, Option<ClientId>),
) -> Result<Refreshed, AppError> {
    let Some(id) = family(token) else {
        return Ok(Refreshed::Invalid);
    };
    let Some(row) = session::Entity::find_by_id(id).lock_exclusive().one(tx).await? else {
        return Ok(Refreshed::Invalid);
    };
    if row.revoked_at.is_some() || row.expires_at <= tx.now() || row.client_id != *client {
        return Ok(Refreshed::Invalid);
    }
    let hash = sha256(&[token.as_bytes()]);
    let opened = |refresh_token| Opened {
        session: id,
        kind: row.subject_kind,
        subject: row.subject_id,
        refresh_token,
        through: row.client_id.zip(row.scope.clone()),
    };
    if same(&hash, &row.secret_hash) {
        let next = refresh_token(tx, id);
        let sealed = kit.vault.seal_text(LABEL, &next)?;
        let mut changed = row.clone().into_active_model();
        changed.previous_hash = Set(Some(row.secret_hash.clone()));
        changed.secret_hash = Set(sha256(&[next.as_bytes()]));
        changed.successor_sealed = Set(Some(sealed));
        changed.rotated_at = Set(tx.now());
        let slides = tx.now() + TimeDelta::seconds(kit.config.auth.refresh_ttl_s);
        // Who let an app in is asked again some day.
        let last = row.client_id.map(|_| row.created_at + TimeDelta::days(APP_DAYS));
        changed.expires_at = Set(last.map_or(slides, |last| Ord::min(slides, last)));
        changed.update(tx).await?;
        return Ok(Refreshed::Rotated(opened(next)));
    }
    let grace = tx.now() - row.rotated_at <= TimeDelta::seconds(kit.config.auth.refresh_grace_s);
    let repeated = row
        .previous_hash
        .as_ref()
        .is_some_and(|previous| same(&hash, previous));
    if grace && repeated {
        return successor(&kit.vault, &row).map(|token| Refreshed::Rotated(opened(token)));
    }
    end(tx, row, "refresh token used again").await?;
    Ok(Refreshed::Reused)
}

fn successor(vault: &Vault, row: &session::Model) -> Result<String, AppError> {
    let sealed = row
        .successor_sealed
        .as_ref()
        .ok_or_else(|| AppError::new(Code::Internal))?;
    vault.open_text(LABEL, sealed)
}

/// An app that a resident let in, and since when.
#[derive(Debug, FromQueryResult)]
pub struct LetIn {
    /// Which.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: String,
    /// When it was let in.
    pub created_at: DateTime<Utc>,
    /// When it last had a token.
    pub rotated_at: DateTime<Utc>,
}

/// Apps that a resident let in and that may still act for them, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn apps_of(
    conn: &impl ConnectionTrait,
    resident: ResidentId,
    now: DateTime<Utc>,
) -> Result<Vec<LetIn>, AppError> {
    use session::Column as C;
    let mut select = Query::select();
    for column in [C::ClientId, C::Scope, C::CreatedAt, C::RotatedAt] {
        select.column((session::Entity, column));
    }
    select
        .column((api_client::Entity, api_client::Column::Name))
        .from(session::Entity)
        .inner_join(
            api_client::Entity,
            Expr::col((api_client::Entity, api_client::Column::Id)).equals((session::Entity, C::ClientId)),
        )
        .and_where(Expr::col((session::Entity, C::SubjectId)).eq(resident.0))
        .and_where(Expr::col((session::Entity, C::RevokedAt)).is_null())
        .and_where(Expr::col((session::Entity, C::ExpiresAt)).gt(now))
        .and_where(Expr::col((api_client::Entity, api_client::Column::RevokedAt)).is_null())
        .order_by((session::Entity, C::Id), Order::Desc)
        .limit(100);
    let rows = conn.query_all(&select).await?;
    let rows = rows.iter().map(|row| LetIn::from_query_result(row, ""));
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ends all log-ins of an app for a resident; whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn let_out(tx: &Tx, (resident, client): &(ResidentId, ClientId)) -> Result<bool, AppError> {
    let rows = session::Entity::find()
        .filter(session::Column::SubjectId.eq(resident.0))
        .filter(session::Column::ClientId.eq(*client))
        .filter(session::Column::RevokedAt.is_null())
        .lock_exclusive()
        .all(tx)
        .await?;
    let any = !rows.is_empty();
    for row in rows {
        end(tx, row, "the resident let the app out").await?;
    }
    Ok(any)
}

/// Ends a family.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke(tx: &Tx, id: SessionId, why: &str) -> Result<(), AppError> {
    match session::Entity::find_by_id(id).lock_exclusive().one(tx).await? {
        Some(row) if row.revoked_at.is_none() => end(tx, row, why).await,
        _ => Ok(()),
    }
}

async fn end(tx: &Tx, row: session::Model, why: &str) -> Result<(), AppError> {
    audit::record_system(
        tx,
        "end_session",
        row.subject_kind.word(),
        row.subject_id,
        json!({ "why": why }),
    );
    let mut changed = row.into_active_model();
    changed.revoked_at = Set(Some(tx.now()));
    changed.revoked_why = Set(Some(why.to_owned()));
    changed.update(tx).await?;
    Ok(())
}

/// The family's id stands in the token, so that a stolen old token still names the family that must end.
fn refresh_token(tx: &Tx, id: SessionId) -> String {
    format!("hlr_{}_{}", id.0.simple(), tx.ids().secret())
}

fn family(token: &str) -> Option<SessionId> {
    let (id, _) = token.strip_prefix("hlr_")?.split_once('_')?;
    id.parse().ok()
}
