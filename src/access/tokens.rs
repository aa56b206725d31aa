//! Access tokens: JWT of ten minutes by RFC 9068, verified by RFC 8725. Keys live in the database, sealed, so
//! that every instance signs with the same one; an unknown `kid` is looked up before it is refused.

use crate::platform::crypto::signer::StoredKey;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::SessionId;
use entity::kind::ActorKind;
use entity::signing_key;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Media type of an access token (RFC 9068 §2.1).
pub const ACCESS: &str = "at+jwt";
const AUDIENCE: &str = "hotline";
const KEY_LABEL: &str = "signing_key.private";

/// Claims of an access token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The log-in.
    pub sid: Uuid,
    /// `staff` or `resident`: a hint; what is allowed is read from the database.
    pub kind: ActorKind,
    iat: i64,
    exp: i64,
    jti: Uuid,
    client_id: String,
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
    let claims = Claims {
        iss: kit.signer.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: subject,
        sid: session.0,
        kind,
        iat: now.timestamp(),
        exp: (now + TimeDelta::seconds(kit.config.auth.access_ttl_s)).timestamp(),
        jti: kit.ids.id(),
        client_id: AUDIENCE.to_owned(),
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
    let claims: Claims = kit.signer.verify(ACCESS, token)?;
    if claims.aud != AUDIENCE || claims.iat > now.timestamp() + 60 {
        return Err(AppError::new(Code::TokenInvalid));
    }
    if claims.exp <= now.timestamp() {
        return Err(AppError::new(Code::TokenExpired));
    }
    Ok(claims)
}

/// Loads the keys in use, newest first; makes the first one.
///
/// # Errors
/// When the database or a sealed key can't be read.
pub async fn load_keys(kit: &Kit) -> Result<(), AppError> {
    let mut rows = keys_in_use(kit).await?;
    if rows.is_empty() {
        rotate_keys(kit, None).await?;
        rows = keys_in_use(kit).await?;
    }
    let keys = rows
        .into_iter()
        .map(|row| {
            let private = kit.vault.open(KEY_LABEL, &row.private_sealed)?;
            Ok(StoredKey {
                id: row.id,
                public: row.public_key,
                private,
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    kit.signer.load(&keys);
    Ok(())
}

async fn keys_in_use(kit: &Kit) -> Result<Vec<signing_key::Model>, AppError> {
    let rows = signing_key::Entity::find()
        .filter(
            Condition::any()
                .add(signing_key::Column::RetiresAt.is_null())
                .add(signing_key::Column::RetiresAt.gt(kit.now())),
        )
        .order_by_desc(signing_key::Column::CreatedAt)
        .all(kit.db.read())
        .await?;
    Ok(rows)
}

/// Makes a new key that signs from now on. Older keys stay published for `keep`, so that no token and no
/// receipt that they signed is refused before; `None` keeps them for good.
///
/// # Errors
/// When the key can't be made or stored.
pub async fn rotate_keys(kit: &Kit, keep: Option<TimeDelta>) -> Result<String, AppError> {
    let key = StoredKey::generate()?;
    let id = key.id.clone();
    let sealed = kit.vault.seal(KEY_LABEL, &key.private)?;
    kit.db
        .write("signing_key.rotate", (key, sealed, keep), |tx, input| {
            Box::pin(async move { store_key(tx, input).await })
        })
        .await?;
    Ok(id)
}

async fn store_key(
    tx: &Tx,
    (key, sealed, keep): &(StoredKey, Vec<u8>, Option<TimeDelta>),
) -> Result<(), AppError> {
    if let Some(keep) = keep {
        signing_key::Entity::update_many()
            .col_expr(signing_key::Column::RetiresAt, Expr::value(tx.now() + *keep))
            .filter(signing_key::Column::RetiresAt.is_null())
            .exec(tx)
            .await?;
    }
    tx.stage(signing_key::ActiveModel {
        id: Set(key.id.clone()),
        public_key: Set(key.public.clone()),
        private_sealed: Set(sealed.clone()),
        created_at: Set(tx.now()),
        retires_at: Set(None),
    });
    Ok(())
}
