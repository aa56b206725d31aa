//! `POST /oauth/token` and its description: access tokens for programs by the client credentials grant (RFC 6749 §4.4), as JWT
//! (RFC 9068), described by RFC 8414. Errors are those of RFC 6749 §5.2, for libraries that know nothing else.

use super::keys;
use crate::access::{Permit, op, tokens};
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::id::ClientId;
use entity::kind::ClientScope;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The endpoint stands beside the API, where libraries look for it.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(issue_token).service(get_oauth_metadata);
}

/// The longest form, in bytes.
const MOST_BYTES: usize = 4_096;

/// What a program asks for, as a form.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TokenIn {
    /// `client_credentials`.
    #[schema(example = "client_credentials")]
    pub grant_type: Option<String>,
    /// What leave is wanted, parted by blanks; all that the client has unless given.
    #[schema(example = "tickets:read tickets:write")]
    pub scope: Option<String>,
    /// The client, unless it comes by HTTP Basic.
    pub client_id: Option<String>,
    /// Its secret, unless it comes by HTTP Basic.
    pub client_secret: Option<String>,
}

/// An access token (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOut {
    /// A JWT, to be sent as a bearer token.
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds that it is good.
    #[schema(example = 600)]
    pub expires_in: i64,
    /// The leave that it carries.
    #[schema(example = "tickets:read tickets:write")]
    pub scope: String,
}

/// A refusal (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct OauthErrorOut {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_scope` or `slow_down`.
    #[schema(example = "invalid_client")]
    pub error: String,
    /// In English, for developers.
    pub error_description: String,
}

/// Why there is no token.
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    retry_after_s: Option<u64>,
}

impl Refusal {
    fn new(error: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description,
            retry_after_s: None,
        }
    }

    fn unknown_client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            ..Self::new("invalid_client", "no such client, or the secret is wrong")
        }
    }

    fn answer(&self) -> HttpResponse {
        let body = OauthErrorOut {
            error: self.error.to_owned(),
            error_description: self.description.to_owned(),
        };
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"hotline\""));
        }
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        response.json(body)
    }
}

/// What the service can do for programs (RFC 8414).
#[utoipa::path(tag = "log-in", responses((status = 200, body = Object)))]
#[get("/.well-known/oauth-authorization-server")]
async fn get_oauth_metadata(_permit: Permit<op::GetOauthMetadata>, kit: Data<Kit>) -> HttpResponse {
    let base = kit.config.base();
    let scopes: Vec<&str> = ClientScope::ALL.iter().map(|scope| scope.word()).collect();
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(json!({
            "issuer": kit.signer.issuer(),
            "token_endpoint": format!("{base}/oauth/token"),
            "jwks_uri": format!("{base}/.well-known/jwks.json"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": scopes,
            "service_documentation": format!("{base}/docs/"),
        }))
}

/// Gives a program an access token for its secret: OAuth 2.0 client credentials, by HTTP Basic or in the form. Roles of people are
/// not to be had so.
#[utoipa::path(
    tag = "log-in",
    request_body(content = TokenIn, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = TokenOut),
        (status = 400, body = OauthErrorOut, description = "The request is none, or asks for what can't be had"),
        (status = 401, body = OauthErrorOut, description = "No such client, or the secret is wrong"),
        (status = 429, body = OauthErrorOut, description = "Too many attempts; `Retry-After` tells when to try again"),
    )
)]
#[post("/oauth/token")]
async fn issue_token(
    _permit: Permit<op::IssueToken>,
    request: HttpRequest,
    kit: Data<Kit>,
    body: Bytes,
) -> Result<HttpResponse, AppError> {
    let asked = match read(&request, &body) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal.answer()),
    };
    match issue(&kit, asked).await? {
        Ok(token) => Ok(HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(token)),
        Err(refusal) => Ok(refusal.answer()),
    }
}

/// A request for a token, as far as it can be read.
struct Asked {
    client: ClientId,
    secret: String,
    scope: Option<String>,
}

fn read(request: &HttpRequest, body: &[u8]) -> Result<Asked, Refusal> {
    let malformed = |description| Refusal::new("invalid_request", description);
    let media = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let form = "application/x-www-form-urlencoded";
    if !media.is_some_and(|media| media.to_ascii_lowercase().starts_with(form)) {
        return Err(malformed("send application/x-www-form-urlencoded"));
    }
    if body.len() > MOST_BYTES {
        return Err(malformed("the form is too large"));
    }
    let form: TokenIn =
        serde_urlencoded::from_bytes(body).map_err(|_| malformed("the form can't be read"))?;
    match form.grant_type.as_deref() {
        Some("client_credentials") => {}
        None | Some("") => return Err(malformed("grant_type is missing")),
        Some(_) => {
            return Err(Refusal::new(
                "unsupported_grant_type",
                "only client_credentials is supported",
            ));
        }
    }
    let (client, secret) = match basic(request)? {
        // RFC 6749 §2.3: by one way alone.
        Some(_) if form.client_secret.is_some() => {
            return Err(malformed("the client shows itself by two ways"));
        }
        Some(shown) => shown,
        None => (
            form.client_id.unwrap_or_default(),
            form.client_secret.unwrap_or_default(),
        ),
    };
    Ok(Asked {
        client: client.parse().map_err(|_| Refusal::unknown_client())?,
        secret,
        scope: form.scope.filter(|scope| !scope.trim().is_empty()),
    })
}

/// Client and secret by HTTP Basic, where the request has such a header.
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>, Refusal> {
    if !request.headers().contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    keys::basic(request).map(Some).ok_or_else(Refusal::unknown_client)
}

async fn issue(kit: &Kit, asked: Asked) -> Result<Result<TokenOut, Refusal>, AppError> {
    let (client, secret) = match keys::show(kit, asked.client, &asked.secret).await {
        Ok(Some(shown)) => shown,
        Ok(None) => return Ok(Err(Refusal::unknown_client())),
        Err(error) if error.code() == Code::Throttled => {
            return Ok(Err(Refusal {
                status: StatusCode::TOO_MANY_REQUESTS,
                retry_after_s: error.retry_after_s(),
                ..Refusal::new("slow_down", "too many attempts")
            }));
        }
        Err(error) => return Err(error),
    };
    let held: Vec<ClientScope> = serde_json::from_value(client.scopes.clone()).unwrap_or_default();
    let wanted = match &asked.scope {
        None => held,
        Some(given) => {
            let known: Option<Vec<ClientScope>> =
                given.split_whitespace().map(ClientScope::from_word).collect();
            match known.filter(|known| known.iter().all(|scope| held.contains(scope))) {
                Some(known) => known,
                None => return Ok(Err(Refusal::new("invalid_scope", "the client has no such leave"))),
            }
        }
    };
    let scope = wanted
        .iter()
        .map(|scope| scope.word())
        .collect::<Vec<_>>()
        .join(" ");
    let access_token = tokens::issue_to_client(kit, (client.id, secret.id), scope.clone(), kit.now())?;
    Ok(Ok(TokenOut {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: kit.config.auth.access_ttl_s,
        scope,
    }))
}
