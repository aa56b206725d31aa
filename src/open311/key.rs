//! Who asks: `api_key` is a client's id and its secret, parted by a colon. The same may come by HTTP Basic, or an access
//! token as everywhere.

use super::params::Params;
use crate::access::Op;
use crate::access::permit::{Caller, identified, left};
use crate::access::policy::coarse;
use crate::auth::keys;
use crate::platform::error::{AppError, Code};
use crate::platform::http::request::request_id;
use crate::platform::kit::Kit;
use actix_web::HttpRequest;

/// Who asks for an operation.
///
/// # Errors
/// `Unauthenticated` where no key is shown or it is wrong, `Forbidden` where the client has no leave, `Throttled`.
pub(super) async fn caller(
    kit: &Kit,
    request: &HttpRequest,
    params: &Params,
    op: Op,
) -> Result<Caller, AppError> {
    let shown = match params.get("api_key") {
        Some(key) => {
            let (client, secret) = key.split_once(':').unwrap_or((key, ""));
            Some((client.to_owned(), secret.to_owned()))
        }
        None => keys::basic(request),
    };
    let actor = match shown {
        Some((client, secret)) => {
            let client = client
                .parse()
                .map_err(|_| AppError::new(Code::CredentialsWrong))?;
            let actor = keys::client(kit, client, &secret).await?;
            if let Some(wait_s) = left(kit, &actor).and_then(|left| left.wait_s) {
                return Err(AppError::new(Code::RateLimited).retry_after(wait_s));
            }
            actor
        }
        None => identified(request)?
            .ok_or_else(|| AppError::new(Code::Unauthenticated).say("缺少 api_key", "api_key is missing"))?,
    };
    let acting = coarse(&actor, op)?;
    Ok(Caller {
        actor,
        acting,
        op,
        request_id: request_id(request),
    })
}
