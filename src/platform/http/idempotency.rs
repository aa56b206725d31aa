//! Repeated requests act once: the answer is kept with its effect, in the same transaction, and given again.
//! (draft-ietf-httpapi-idempotency-key-header-07.) Two at the same moment: the second waits for the first.

use super::answer::{Answer, Kept};
use crate::platform::crypto::sha256;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Body, Db, Tx};
use crate::platform::error::{AppError, Code, Rule};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::idempotency;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use std::future::{Ready, ready};
use std::sync::Arc;

const LABEL: &str = "idempotency.answer";
const MAX_KEY: usize = 128;

/// The `Idempotency-Key` of a request; 400 when it is missing.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: String,
    path: String,
}

impl FromRequest for IdempotencyKey {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = Self::given(request);
        ready(given.and_then(|key| key.ok_or_else(|| AppError::new(Code::IdempotencyKeyMissing))))
    }
}

impl IdempotencyKey {
    /// The key of a request, where it has one.
    ///
    /// # Errors
    /// `InvalidInput` when it is too long.
    pub fn given(request: &HttpRequest) -> Result<Option<Self>, AppError> {
        let given = request
            .headers()
            .get("Idempotency-Key")
            .map(|value| value.to_str().unwrap_or_default().trim());
        match given {
            None | Some("") => Ok(None),
            Some(key) if key.len() > MAX_KEY => {
                Err(AppError::field("#Idempotency-Key", Rule::TooLong(MAX_KEY)))
            }
            Some(key) => Ok(Some(Self::of(key.to_owned(), request.path()))),
        }
    }

    /// A key that is not the header's: of a protocol that names a repeat by other means.
    #[must_use]
    pub fn of(key: String, path: &str) -> Self {
        Self {
            key,
            path: path.to_owned(),
        }
    }

    /// Binds the key to who asks, for what, at which path and with which body.
    #[must_use]
    pub fn bind(&self, actor: &str, operation: &str, digest: &[u8]) -> Once {
        Once {
            key: sha256(&[
                actor.as_bytes(),
                b"\n",
                operation.as_bytes(),
                b"\n",
                self.key.as_bytes(),
            ]),
            request: sha256(&[self.path.as_bytes(), b"\n", digest]),
        }
    }
}

/// Forgets answers kept before an instant: a key is good for 24 hours.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(tx: &Tx, before: chrono::DateTime<chrono::Utc>) -> Result<(), AppError> {
    idempotency::Entity::delete_many()
        .filter(idempotency::Column::CreatedAt.lt(before))
        .exec(tx)
        .await?;
    Ok(())
}

/// A request that must act once.
#[derive(Clone, Debug)]
pub struct Once {
    key: Vec<u8>,
    request: Vec<u8>,
}

struct Guarded<I, T> {
    once: Once,
    vault: Arc<Vault>,
    input: I,
    body: Body<I, Answer<T>>,
}

/// Runs a command that acts once for its key; a repeat gets the kept answer.
///
/// # Errors
/// The command's own; `IdempotencyKeyReused` when the key came with another body before.
pub async fn write_once<I, T>(
    db: &Db,
    vault: &Arc<Vault>,
    name: &'static str,
    once: Once,
    input: I,
    body: Body<I, Answer<T>>,
) -> Result<Answer<T>, AppError>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let guarded = Guarded {
        once,
        vault: Arc::clone(vault),
        input,
        body,
    };
    db.write(name, guarded, |tx, guarded| {
        Box::pin(async move {
            if let Some(kept) = guarded.once.find(tx, &guarded.vault).await? {
                return Ok(Answer::replay(kept));
            }
            let answer = (guarded.body)(tx, &guarded.input).await?;
            guarded.once.keep(tx, &guarded.vault, answer.kept())?;
            Ok(answer)
        })
    })
    .await
}

impl Once {
    /// For a part of a request that acts on several things.
    #[must_use]
    pub fn part(&self, name: &[u8]) -> Self {
        Self {
            key: sha256(&[&self.key, b"\n", name]),
            request: self.request.clone(),
        }
    }

    async fn find(&self, tx: &Tx, vault: &Vault) -> Result<Option<Kept>, AppError> {
        let Some(row) = idempotency::Entity::find_by_id(self.key.clone()).one(tx).await? else {
            return Ok(None);
        };
        if row.request_hash != self.request {
            return Err(AppError::new(Code::IdempotencyKeyReused));
        }
        let kept = vault.open(LABEL, &row.answer_sealed)?;
        serde_json::from_slice(&kept)
            .map(Some)
            .map_err(|error| AppError::new(Code::Internal).because(error))
    }

    fn keep(&self, tx: &Tx, vault: &Vault, kept: &Kept) -> Result<(), AppError> {
        let kept = serde_json::to_vec(kept).map_err(|error| AppError::new(Code::Internal).because(error))?;
        tx.stage(idempotency::ActiveModel {
            id: Set(self.key.clone()),
            request_hash: Set(self.request.clone()),
            answer_sealed: Set(vault.seal(LABEL, &kept)?),
            created_at: Set(tx.now()),
        });
        Ok(())
    }
}
