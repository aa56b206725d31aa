//! A code, or a refresh token, for the tokens of a client that a resident let in (RFC 6749 §4.1.3, §6).

use super::sessions::{self, Opened};
use crate::platform::crypto::{same, sha256};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::authorization_code::{Column, Entity, Model};
use entity::{api_client, authorization_code};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// A code that a client brings back.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The code.
    pub code: String,
    /// The address to which it was sent.
    pub redirect_uri: String,
    /// What the challenge was made from.
    pub verifier: String,
}

/// Opens a log-in for a code; none where the code is not good. One that comes a second time ends the log-in that was had for it:
/// somebody else has it (RFC 6749 §4.1.2).
///
/// # Errors
/// When the database does not answer.
pub async fn code(
    tx: &Tx,
    (kit, client, brought): &(Kit, api_client::Model, Brought),
) -> Result<Option<Opened>, AppError> {
    let hash = sha256(&[brought.code.as_bytes()]);
    let row = Entity::find_by_id(hash.clone()).lock_exclusive().one(tx).await?;
    let Some(row) = row.filter(|row| row.client_id == client.id) else {
        return Ok(None);
    };
    if row.used_at.is_some() {
        if let Some(session) = row.session_id {
            sessions::revoke(tx, session, "authorization code used again").await?;
        }
        return Ok(None);
    }
    let good = row.expires_at > tx.now()
        && row.redirect_uri == brought.redirect_uri
        && fits(&row, &brought.verifier);
    let opened = if good {
        let through = (client.id, client.name.as_str(), row.scope.as_str());
        Some(sessions::open_through(tx, kit, row.resident_id, through).await?)
    } else {
        None
    };
    // A guess at the verifier is the only one.
    authorization_code::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(Some(tx.now())))
        .col_expr(
            Column::SessionId,
            Expr::value(opened.as_ref().map(|opened| opened.session)),
        )
        .filter(Column::CodeHash.eq(hash))
        .exec(tx)
        .await?;
    Ok(opened)
}

/// Whether the challenge was made from this verifier, by S256 (RFC 7636 §4.6).
fn fits(row: &Model, verifier: &str) -> bool {
    let made = URL_SAFE_NO_PAD.encode(sha256(&[verifier.as_bytes()]));
    // RFC 7636 §4.1: 43 to 128 characters.
    (43..=128).contains(&verifier.len()) && same(made.as_bytes(), row.challenge.as_bytes())
}
