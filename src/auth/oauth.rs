//! `POST /oauth/token` and its description: access tokens for programs by the client credentials grant (RFC 6749 §4.4) and for
//! apps that residents let in by a code and PKCE (§4.1, RFC 7636), as JWT (RFC 9068), described by RFC 8414. Errors are those of RFC 6749 §5.2, for libraries that know nothing else.

use super::exchange::{self, Brought};
use super::keys;
use super::sessions::{self, Refreshed};
use crate::access::{Permit, op, tokens};
use crate::clients;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::id::ClientId;
use entity::kind::{Channel, ClientScope};
use entity::{api_client, client_secret};
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
    /// `client_credentials`, `authorization_code` or `refresh_token`.
    #[schema(example = "client_credentials")]
    pub grant_type: Option<String>,
    /// With `authorization_code`: the code.
    pub code: Option<String>,
    /// With `authorization_code`: the address to which the resident was sent back.
    pub redirect_uri: Option<String>,
    /// With `authorization_code`: what the challenge was made from (RFC 7636 §4.1).
    pub code_verifier: Option<String>,
    /// With `refresh_token`: as it was given.
    pub refresh_token: Option<String>,
    /// What leave is wanted, parted by blanks; all that the client has unless given.
    #[schema(example = "tickets:read tickets:write")]
    pub scope: Option<String>,
    /// The client, unless it comes by HTTP Basic.
    pub client_id: Option<String>,
    /// Its secret, unless it comes by HTTP Basic. Apps on telephones (channel `app`) have none
    /// that is secret: for them the verifier of a code is enough.
    pub client_secret: Option<String>,
}

/// An access token (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOut {
    /// A JWT, to be sent as a bearer token.
    #[schema(example = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiLnpLrkvosifQ.c2lnbmF0dXJlLW9mLWFuLWV4YW1wbGU")]
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
    /// For the next access token, of an app that a resident let in; works once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// A refusal (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct OauthErrorOut {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `unauthorized_client`, `unsupported_grant_type`, `invalid_scope` or `slow_down`.
    #[schema(example = "invalid_client")]
    pub error: String,
    /// In English, for developers.
    #[schema(example = "no such client, or the secret is wrong")]
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
#[utoipa::path(tag = "log-in", responses((status = 200, body = Object, example = json!({
    "issuer": "https://hotline.example.org", "token_endpoint": "https://hotline.example.org/oauth/token",
    "authorization_endpoint": "https://hotline.example.org/oauth/authorize",
    "jwks_uri": "https://hotline.example.org/.well-known/jwks.json", "response_types_supported": ["code"],
    "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
    "code_challenge_methods_supported": ["S256"], "scopes_supported": ["tickets:read", "tickets:write"]
}))))]
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
            "authorization_endpoint": format!("{base}/oauth/authorize"),
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "scopes_supported": scopes,
            "service_documentation": format!("{base}/docs/"),
        }))
}

/// Gives a program, or an app that a resident let in, an access token. A program shows its secret (client credentials, by HTTP
/// Basic or in the form), an app the code and its verifier (authorization code with PKCE), and later its refresh token. Roles of
/// staff are not to be had so.
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
    secret: Option<String>,
    grant: Grant,
}

/// What a token is asked for.
enum Grant {
    /// The client's own secret, with this leave.
    Secret(Option<String>),
    /// A code.
    Code(Brought),
    /// A refresh token.
    Refresh(String),
}

fn grant(form: &TokenIn) -> Result<Grant, Refusal> {
    let malformed = |description| Refusal::new("invalid_request", description);
    let given = |value: &Option<String>, description| {
        let value = value.clone().filter(|value| !value.is_empty());
        value.ok_or_else(|| malformed(description))
    };
    match form.grant_type.as_deref() {
        Some("client_credentials") => Ok(Grant::Secret(
            form.scope.clone().filter(|scope| !scope.trim().is_empty()),
        )),
        Some("authorization_code") => Ok(Grant::Code(Brought {
            code: given(&form.code, "code is missing")?,
            redirect_uri: given(&form.redirect_uri, "redirect_uri is missing")?,
            verifier: given(&form.code_verifier, "code_verifier is missing")?,
        })),
        Some("refresh_token") => Ok(Grant::Refresh(given(
            &form.refresh_token,
            "refresh_token is missing",
        )?)),
        None | Some("") => Err(malformed("grant_type is missing")),
        Some(_) => Err(Refusal::new(
            "unsupported_grant_type",
            "client_credentials, authorization_code and refresh_token are supported",
        )),
    }
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
    let grant = grant(&form)?;
    let (client, secret) = match basic(request)? {
        // RFC 6749 §2.3: by one way alone.
        Some(_) if form.client_secret.is_some() => {
            return Err(malformed("the client shows itself by two ways"));
        }
        Some((client, secret)) => (client, Some(secret)),
        None => (form.client_id.unwrap_or_default(), form.client_secret),
    };
    Ok(Asked {
        client: client.parse().map_err(|_| Refusal::unknown_client())?,
        secret,
        grant,
    })
}

/// Client and secret by HTTP Basic, where the request has such a header.
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>, Refusal> {
    if !request.headers().contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    keys::basic(request).map(Some).ok_or_else(Refusal::unknown_client)
}

/// The client and its secret, if it is right.
async fn shown(
    kit: &Kit,
    client: ClientId,
    secret: &str,
) -> Result<Result<(api_client::Model, client_secret::Model), Refusal>, AppError> {
    match keys::show(kit, client, secret).await {
        Ok(shown) => Ok(shown.ok_or_else(Refusal::unknown_client)),
        Err(error) if error.code() == Code::Throttled => Ok(Err(Refusal {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after_s: error.retry_after_s(),
            ..Refusal::new("slow_down", "too many attempts")
        })),
        Err(error) => Err(error),
    }
}

async fn issue(kit: &Kit, asked: Asked) -> Result<Result<TokenOut, Refusal>, AppError> {
    let client = match (&asked.grant, &asked.secret) {
        (Grant::Secret(scope), secret) => {
            let shown = shown(kit, asked.client, secret.as_deref().unwrap_or_default()).await?;
            return match shown {
                Ok(shown) => to_program(kit, shown, scope.as_deref()),
                Err(refusal) => Ok(Err(refusal)),
            };
        }
        (_, Some(secret)) => match shown(kit, asked.client, secret).await? {
            Ok((client, _)) => client,
            Err(refusal) => return Ok(Err(refusal)),
        },
        (_, None) => match clients::store::good(kit.db.read(), asked.client, kit.now()).await? {
            // An app on a telephone has nothing that is secret; a server has (RFC 6749 §3.2.1).
            Some(client) if client.channel == Channel::App => client,
            _ => return Ok(Err(Refusal::unknown_client())),
        },
    };
    if client.redirect_uris == json!([]) {
        return Ok(Err(Refusal::new(
            "unauthorized_client",
            "residents can't let it in any more",
        )));
    }
    let held: Vec<ClientScope> = serde_json::from_value(client.scopes.clone()).unwrap_or_default();
    let opened = match asked.grant {
        Grant::Code(brought) => {
            let input = (kit.clone(), client, brought);
            kit.db
                .write("oauth.code", input, |tx, input| {
                    Box::pin(exchange::code(tx, input))
                })
                .await?
        }
        Grant::Refresh(token) => {
            let input = (kit.clone(), token, Some(client.id));
            let refreshed = kit.db.write("oauth.refresh", input, |tx, input| {
                Box::pin(sessions::refresh(tx, input))
            });
            match refreshed.await? {
                Refreshed::Rotated(opened) => Some(opened),
                Refreshed::Invalid | Refreshed::Reused => None,
            }
        }
        Grant::Secret(_) => None,
    };
    let Some(opened) = opened else {
        return Ok(Err(Refusal::new(
            "invalid_grant",
            "it is not good, or was used before",
        )));
    };
    let allowed = opened
        .through
        .as_ref()
        .map(|(_, scope)| scope.clone())
        .unwrap_or_default();
    let still = |word: &&str| ClientScope::from_word(word).is_some_and(|scope| held.contains(&scope));
    let scope = allowed.split(' ').filter(still).collect::<Vec<_>>().join(" ");
    let whose = (opened.kind, opened.subject, opened.session);
    Ok(Ok(TokenOut {
        access_token: tokens::issue_through(kit, whose, opened.through, kit.now())?,
        token_type: "Bearer".to_owned(),
        expires_in: kit.config.auth.access_ttl_s,
        scope,
        refresh_token: Some(opened.refresh_token),
    }))
}

/// A token for the client itself.
fn to_program(
    kit: &Kit,
    (client, secret): (api_client::Model, client_secret::Model),
    asked: Option<&str>,
) -> Result<Result<TokenOut, Refusal>, AppError> {
    let held: Vec<ClientScope> = serde_json::from_value(client.scopes.clone()).unwrap_or_default();
    let wanted = match asked {
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
        refresh_token: None,
    }))
}
