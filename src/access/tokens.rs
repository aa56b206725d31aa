//! Access tokens: JWT of ten minutes by RFC 9068, verified by RFC 8725. Keys live in the database, sealed, so
//! that every instance signs with the same one; an unknown `kid` is looked up before it is refused.

use crate::platform::crypto::signer::StoredKey;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ClientId, ClientSecretId, SessionId};
use entity::kind::ActorKind;
use entity::signing_key;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Media type of an access token (RFC 9068 §2.1).
pub const ACCESS: &str = "at+jwt";
const AUDIENCE: &str = "hotline";
const KEY_LABEL: &str = "signing_key.private";
/// Hours after its successor was made until a key no longer verifies access tokens, which live at most one.
const RETIRE_HOURS: i64 = 2;

/// Claims of an access token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The log-in; of a client the secret that it showed.
    pub sid: Uuid,
    /// `staff`, `resident` or `client`: a hint; what is allowed is read from the database.
    pub kind: ActorKind,
    iat: i64,
    exp: i64,
    jti: Uuid,
    client_id: String,
    /// What a client asked leave for, parted by blanks (RFC 9068 §2.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Signs an access token for a log-in.
///
/// # Errors
/// When no key is loaded.
pub fn issue(
    kit: &Kit,
    kind: ActorKind,
    subject: Uuid,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<String, AppError> {
    issue_through(kit, (kind, subject, session), None, now)
}

/// The same, for a client that a resident let in: it names the client and its leave.
///
/// # Errors
/// When no key is loaded.
pub fn issue_through(
    kit: &Kit,
    (kind, subject, session): (ActorKind, Uuid, SessionId),
    through: Option<(ClientId, String)>,
    now: DateTime<Utc>,
) -> Result<String, AppError> {
    let client_id = through.as_ref().map(|(client, _)| client.to_string());
    let claims = Claims {
        iss: kit.signer.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: subject,
        sid: session.0,
        kind,
        iat: now.timestamp(),
        exp: (now + TimeDelta::seconds(kit.config.auth.access_ttl_s)).timestamp(),
        jti: kit.ids.id(),
        client_id: client_id.unwrap_or_else(|| AUDIENCE.to_owned()),
        scope: through.map(|(_, scope)| scope),
    };
    kit.signer.sign(ACCESS, &claims)
}

/// Signs an access token for a client, by the secret that it showed (RFC 9068).
///
/// # Errors
/// When no key is loaded.
pub fn issue_to_client(
    kit: &Kit,
    (client, secret): (ClientId, ClientSecretId),
    scope: String,
    now: DateTime<Utc>,
) -> Result<String, AppError> {
    let claims = Claims {
        iss: kit.signer.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: client.0,
        sid: secret.0,
        kind: ActorKind::Client,
        iat: now.timestamp(),
        exp: (now + TimeDelta::seconds(kit.config.auth.access_ttl_s)).timestamp(),
        jti: kit.ids.id(),
        client_id: client.to_string(),
        scope: Some(scope),
    };
    kit.signer.sign(ACCESS, &claims)
}

/// Verifies an access token at `now`.
///
/// # Errors
/// `TokenInvalid`, `TokenExpired`.
pub async fn verify(kit: &Kit, token: &str, now: DateTime<Utc>) -> Result<Claims, AppError> {
    if kit.signer.unknown_key(token).is_some() {
        // Another instance may have made it a moment ago.
        load_keys(kit).await?;
    }
    let claims: Claims = kit.signer.verify(ACCESS, token, now)?;
    if claims.aud != AUDIENCE || claims.iat > now.timestamp() + 60 {
        return Err(AppError::new(Code::TokenInvalid));
    }
    if claims.exp <= now.timestamp() {
        return Err(AppError::new(Code::TokenExpired));
    }
    Ok(claims)
}

/// Loads all keys, newest first; makes the first one. A key that signs no more verifies access tokens until it
/// retires, and receipts for good: who holds one must be able to show it years later.
///
/// # Errors
/// When the database or a sealed key can't be read.
pub async fn load_keys(kit: &Kit) -> Result<(), AppError> {
    let mut rows = all_keys(kit).await?;
    if rows.is_empty() {
        let key = NewKey::make(kit)?;
        kit.db
            .write("signing_key.first", key, |tx, key| Box::pin(store_key(tx, key)))
            .await?;
        rows = all_keys(kit).await?;
    }
    let keys = rows
        .into_iter()
        .map(|row| {
            let private = kit.vault.open(KEY_LABEL, &row.private_sealed)?;
            Ok((
                StoredKey {
                    id: row.id,
                    public: row.public_key,
                    private,
                },
                row.retires_at,
            ))
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    kit.signer.load(&keys);
    Ok(())
}

async fn all_keys(kit: &Kit) -> Result<Vec<signing_key::Model>, AppError> {
    let newest_first = signing_key::Entity::find()
        // Of two made at the same instant the one that does not retire is the newer.
        .order_by_asc(Expr::col(signing_key::Column::RetiresAt).is_not_null())
        .order_by_desc(signing_key::Column::CreatedAt);
    Ok(newest_first.all(kit.db.read()).await?)
}

/// A key that is not stored yet.
pub struct NewKey {
    key: StoredKey,
    sealed: Vec<u8>,
}

impl NewKey {
    /// Makes a key.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn make(kit: &Kit) -> Result<Self, AppError> {
        let key = StoredKey::generate()?;
        let sealed = kit.vault.seal(KEY_LABEL, &key.private)?;
        Ok(Self { key, sealed })
    }

    /// The `kid`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.key.id
    }
}

/// Stores a key, which signs from now on. The one before it retires when no token that it signed is left.
///
/// # Errors
/// When the database does not answer.
pub async fn store_key(tx: &Tx, new: &NewKey) -> Result<(), AppError> {
    signing_key::Entity::update_many()
        .col_expr(
            signing_key::Column::RetiresAt,
            Expr::value(tx.now() + TimeDelta::hours(RETIRE_HOURS)),
        )
        .filter(signing_key::Column::RetiresAt.is_null())
        .exec(tx)
        .await?;
    signing_key::ActiveModel {
        id: Set(new.key.id.clone()),
        public_key: Set(new.key.public.clone()),
        private_sealed: Set(new.sealed.clone()),
        created_at: Set(tx.now()),
        retires_at: Set(None),
    }
    .insert(tx)
    .await?;
    Ok(())
}
