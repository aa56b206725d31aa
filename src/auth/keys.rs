//! Programs show who they are by their client's id and secret: once for a token, or with each request where a protocol
//! knows no tokens.

use super::throttle;
use crate::access::actor::Actor;
use crate::clients;
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::id::ClientId;
use entity::{api_client, client_secret};

/// Shows a secret: the client and which of its secrets it was; none when there is no such client or the secret is wrong.
/// Attempts are counted, and slowed.
///
/// # Errors
/// `Throttled`, with the seconds to wait; `Overloaded`.
pub(super) async fn show(
    kit: &Kit,
    client: ClientId,
    secret: &str,
) -> Result<Option<(api_client::Model, client_secret::Model)>, AppError> {
    let key = sha256(&[b"oauth client ", client.0.as_bytes()]);
    kit.db
        .write("oauth.attempt", key.clone(), |tx, key| {
            Box::pin(throttle::count(tx, key))
        })
        .await?;
    let entitled = clients::store::entitled(kit.db.read(), client, kit.now()).await?;
    let Some((client, secret)) = shown(kit, secret, entitled).await? else {
        return Ok(None);
    };
    kit.db
        .write("oauth.used", (secret.id, key), |tx, (secret, key)| {
            Box::pin(async move {
                throttle::clear(tx, key).await?;
                clients::store::used(tx, *secret).await
            })
        })
        .await?;
    Ok(Some((client, secret)))
}

/// The client that shows its secret with each request, with all its leave. A secret that was right a moment ago is not
/// hashed again; one that was revoked since is refused.
///
/// # Errors
/// `CredentialsWrong`, `Throttled`, `Overloaded`.
pub async fn client(kit: &Kit, id: ClientId, secret: &str) -> Result<Actor, AppError> {
    let entitled = clients::store::entitled(kit.db.read(), id, kit.now()).await?;
    if let Some((client, secrets)) = entitled
        && secrets
            .iter()
            .any(|known| kit.passwords.has_fitted(secret, &known.hash))
    {
        return Ok(Actor::client(client, None));
    }
    let shown = show(kit, id, secret)
        .await?
        .map(|(client, secret)| (client, secret.hash));
    let (client, hash) = shown.ok_or_else(|| AppError::new(Code::CredentialsWrong))?;
    kit.passwords.remember(secret, &hash);
    Ok(Actor::client(client, None))
}

/// A client's id and secret by HTTP Basic (RFC 7617), where the request has such a header.
#[must_use]
pub fn basic(request: &HttpRequest) -> Option<(String, String)> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, code) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(code.trim()).ok()?).ok()?;
    let (client, secret) = text.split_once(':')?;
    Some((client.to_owned(), secret.to_owned()))
}

/// Which of the secrets was shown. As much is hashed where there is no such client.
async fn shown(
    kit: &Kit,
    secret: &str,
    entitled: Option<(api_client::Model, Vec<client_secret::Model>)>,
) -> Result<Option<(api_client::Model, client_secret::Model)>, AppError> {
    let Some((client, secrets)) = entitled.filter(|(_, secrets)| !secrets.is_empty()) else {
        kit.passwords.verify(secret.to_owned(), None).await?;
        return Ok(None);
    };
    for known in secrets {
        if kit
            .passwords
            .verify(secret.to_owned(), Some(known.hash.clone()))
            .await?
        {
            return Ok(Some((client, known)));
        }
    }
    Ok(None)
}
