//! `/oauth/authorize`: a resident lets an app act for them (authorization code, RFC 6749 §4.1, with PKCE by S256, RFC 7636). They
//! show who they are on a page of ours, so that the app never sees code or password; the app gets a code that is good once, for a
//! minute, and only with the verifier that it alone has.

use super::commands::{ByCode, CodeInput, identify_by_code};
use super::{otp, page};
use crate::access::{Permit, op};
use crate::clients;
use crate::clients::redirect;
use crate::platform::crypto::sha256;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::residents::rules::Phone;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpResponse, get, post};
use chrono::TimeDelta;
use entity::api_client;
use entity::authorization_code;
use entity::id::{ClientId, ResidentId};
use entity::kind::ClientScope;
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Seconds that a code is good.
const CODE_TTL_S: i64 = 60;
/// The longest form, in bytes.
const MOST_BYTES: usize = 8_192;
/// The longest `state`, in bytes: it is handed back.
const STATE_MOST: usize = 1_024;
/// What a resident may let an app do.
pub const SCOPES: [ClientScope; 2] = [ClientScope::TicketsRead, ClientScope::TicketsWrite];

/// Routes of the page.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(show_authorization).service(authorize);
}

/// What an app asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorizationQuery {
    /// `code`.
    #[param(example = "code")]
    pub response_type: Option<String>,
    /// The app.
    pub client_id: Option<String>,
    /// Where the resident is sent back to: one of those that the app is registered with.
    #[param(example = "cn.example.app:/back")]
    pub redirect_uri: Option<String>,
    /// `tickets:read`, `tickets:write` or both, parted by blanks; all that the app has of these unless given.
    #[param(example = "tickets:read tickets:write")]
    pub scope: Option<String>,
    /// Handed back as it is.
    pub state: Option<String>,
    /// SHA-256 of the verifier in base64 for URLs (RFC 7636 §4.2).
    #[param(example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    pub code_challenge: Option<String>,
    /// `S256`.
    #[param(example = "S256")]
    pub code_challenge_method: Option<String>,
}

/// What the resident fills in; what the app asked for comes along.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({"response_type": "code", "client_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "redirect_uri": "cn.example.app:/back", "scope": "tickets:read", "state": "af0ifjsldkj", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256", "step": "allow", "phone": "138 1234 1234", "code": "123456"}))]
pub struct AuthorizationIn {
    /// As the app sent it.
    pub response_type: Option<String>,
    /// As the app sent it.
    pub client_id: Option<String>,
    /// As the app sent it.
    pub redirect_uri: Option<String>,
    /// As the app sent it.
    pub scope: Option<String>,
    /// As the app sent it.
    pub state: Option<String>,
    /// As the app sent it.
    pub code_challenge: Option<String>,
    /// As the app sent it.
    pub code_challenge_method: Option<String>,
    /// `send`: a code is wanted. `allow`: it is here. `deny`: the app is not let in.
    pub step: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The code that came by SMS.
    pub code: Option<String>,
    /// Who of those who share the telephone.
    pub resident_id: Option<String>,
}

impl AuthorizationIn {
    fn asked(&self) -> AuthorizationQuery {
        AuthorizationQuery {
            response_type: self.response_type.clone(),
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            scope: self.scope.clone(),
            state: self.state.clone(),
            code_challenge: self.code_challenge.clone(),
            code_challenge_method: self.code_challenge_method.clone(),
        }
    }
}

/// What an app asks for, checked.
pub(super) struct Asked {
    client: api_client::Model,
    redirect_uri: String,
    scope: String,
    state: Option<String>,
    challenge: String,
    /// As it came, to come along in the form.
    raw: AuthorizationQuery,
}

impl Asked {
    /// What stands on the page: who asks, for what.
    pub(super) fn client_name(&self) -> &str {
        &self.client.name
    }

    /// The leave that is asked for, in Chinese.
    pub(super) fn leave(&self) -> Vec<&'static str> {
        let words = self.scope.split(' ').filter_map(ClientScope::from_word);
        words.map(ClientScope::chinese).collect()
    }

    /// Names and values that come along in the form.
    pub(super) fn fields(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("response_type", &self.raw.response_type),
            ("client_id", &self.raw.client_id),
            ("redirect_uri", &self.raw.redirect_uri),
            ("scope", &self.raw.scope),
            ("state", &self.raw.state),
            ("code_challenge", &self.raw.code_challenge),
            ("code_challenge_method", &self.raw.code_challenge_method),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .collect()
    }

    /// Sends the resident back to the app.
    fn back(&self, kit: &Kit, pairs: &[(&str, &str)]) -> HttpResponse {
        back(kit, &self.redirect_uri, self.state.as_deref(), pairs)
    }
}

/// With `iss`, so that an app that speaks to several services can tell them apart (RFC 9207).
fn back(kit: &Kit, uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> HttpResponse {
    let Ok(mut url) = Url::parse(uri) else {
        return page::refusal("redirect_uri");
    };
    url.query_pairs_mut()
        .extend_pairs(pairs)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", kit.signer.issuer());
    HttpResponse::SeeOther()
        .insert_header((LOCATION, url.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish()
}

/// Checks what an app asks for. Where app or address won't do, nobody is sent anywhere; else the app is told.
async fn check(kit: &Kit, raw: AuthorizationQuery) -> Result<Result<Asked, HttpResponse>, AppError> {
    let id = raw
        .client_id
        .as_deref()
        .and_then(|id| id.parse::<ClientId>().ok());
    let client = match id {
        Some(id) => clients::store::good(kit.db.read(), id, kit.now()).await?,
        None => None,
    };
    let Some(client) = client else {
        return Ok(Err(page::refusal("client_id")));
    };
    let known: Vec<String> = serde_json::from_value(client.redirect_uris.clone()).unwrap_or_default();
    let uri = raw.redirect_uri.clone().unwrap_or_default();
    if !redirect::is_one_of(&known, &uri) {
        return Ok(Err(page::refusal("redirect_uri")));
    }
    let state = raw.state.clone();
    let refused = |error, description| {
        let pairs = [("error", error), ("error_description", description)];
        Ok(Err(back(kit, &uri, state.as_deref(), &pairs)))
    };
    if state.as_ref().is_some_and(|state| state.len() > STATE_MOST) {
        return Ok(Err(page::refusal("state")));
    }
    if raw.response_type.as_deref() != Some("code") {
        return refused("unsupported_response_type", "response_type must be code");
    }
    let challenge = raw.code_challenge.clone().unwrap_or_default();
    if raw.code_challenge_method.as_deref() != Some("S256") || !is_challenge(&challenge) {
        return refused("invalid_request", "code_challenge by S256 is needed");
    }
    let held: Vec<ClientScope> = serde_json::from_value(client.scopes.clone()).unwrap_or_default();
    let may: Vec<ClientScope> = SCOPES.into_iter().filter(|scope| held.contains(scope)).collect();
    let wanted: Option<Vec<ClientScope>> = match raw
        .scope
        .as_deref()
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
    {
        None => Some(may.clone()),
        Some(given) => given.split_whitespace().map(ClientScope::from_word).collect(),
    };
    let Some(wanted) =
        wanted.filter(|wanted| !wanted.is_empty() && wanted.iter().all(|scope| may.contains(scope)))
    else {
        return refused("invalid_scope", "the client has no such leave of residents");
    };
    let scope = wanted
        .iter()
        .map(|scope| scope.word())
        .collect::<Vec<_>>()
        .join(" ");
    Ok(Ok(Asked {
        client,
        redirect_uri: uri,
        scope,
        state,
        challenge,
        raw,
    }))
}

/// SHA-256 in base64 for URLs has 43 characters.
fn is_challenge(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The page on which a resident lets an app act for them. The app opens it in the browser (RFC 8252), with a challenge by S256
/// (RFC 7636); the resident comes back to `redirect_uri` with `code`, `state` and `iss`, or with `error`.
#[utoipa::path(
    tag = "log-in",
    params(AuthorizationQuery),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 303, description = "Back to the app, with `error`"),
        (status = 400, description = "No such app, or not its address", content_type = "text/html", body = String),
    )
)]
#[get("/oauth/authorize")]
async fn show_authorization(
    _permit: Permit<op::ShowAuthorization>,
    kit: Data<Kit>,
    query: Query<AuthorizationQuery>,
) -> Result<HttpResponse, AppError> {
    Ok(match check(&kit, query.into_inner()).await? {
        Ok(asked) => page::ask_phone(&asked, "", None),
        Err(answer) => answer,
    })
}

/// What the resident filled in on the page. Sends the resident back to the app once they have shown who they are.
#[utoipa::path(
    tag = "log-in",
    request_body(content = AuthorizationIn, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The next page", content_type = "text/html", body = String),
        (status = 303, description = "Back to the app, with `code` or `error`"),
        (status = 400, description = "No such app, or not its address", content_type = "text/html", body = String),
    )
)]
#[post("/oauth/authorize")]
async fn authorize(
    _permit: Permit<op::Authorize>,
    kit: Data<Kit>,
    body: Bytes,
) -> Result<HttpResponse, AppError> {
    let form = if body.len() > MOST_BYTES {
        None
    } else {
        serde_urlencoded::from_bytes::<AuthorizationIn>(&body).ok()
    };
    let Some(form) = form else {
        return Ok(page::refusal("form"));
    };
    let asked = match check(&kit, form.asked()).await? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let spoken = form.phone.clone().unwrap_or_default();
    if form.step.as_deref() == Some("deny") {
        let pairs = [
            ("error", "access_denied"),
            ("error_description", "the resident said no"),
        ];
        return Ok(asked.back(&kit, &pairs));
    }
    let Some(phone) = Phone::parse(&spoken).filter(Phone::takes_messages) else {
        return Ok(page::ask_phone(&asked, &spoken, Some("请输入手机号码")));
    };
    match form.step.as_deref() {
        Some("allow") => allow(&kit, &asked, (phone, &spoken), &form).await,
        Some("send") => send(&kit, &asked, phone, &spoken).await,
        _ => Ok(page::ask_phone(&asked, &spoken, None)),
    }
}

async fn send(kit: &Kit, asked: &Asked, phone: Phone, spoken: &str) -> Result<HttpResponse, AppError> {
    let sent = kit
        .db
        .write("auth.send_code", (kit.clone(), phone), |tx, input| {
            Box::pin(otp::send(tx, input))
        })
        .await;
    match sent {
        Ok(()) => Ok(page::ask_code(asked, spoken, &[], None)),
        // The code that was sent a moment ago is still good.
        Err(error) if error.code() == Code::Throttled => Ok(page::ask_code(
            asked,
            spoken,
            &[],
            Some("验证码发送过于频繁，请使用已收到的验证码或稍后再试"),
        )),
        Err(error) => Err(error),
    }
}

async fn allow(
    kit: &Kit,
    asked: &Asked,
    (phone, spoken): (Phone, &str),
    form: &AuthorizationIn,
) -> Result<HttpResponse, AppError> {
    let chosen = form
        .resident_id
        .as_deref()
        .and_then(|id| id.parse::<ResidentId>().ok());
    let typed = form.code.as_deref().unwrap_or_default().trim().to_owned();
    let code = kit.ids.secret();
    let new = NewCode {
        client_id: asked.client.id,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        scope: asked.scope.clone(),
        code_hash: sha256(&[code.as_bytes()]),
    };
    let input = ((kit.clone(), phone, typed, chosen), new);
    let outcome = kit
        .db
        .write("auth.authorize", input, |tx, input| Box::pin(let_in(tx, input)))
        .await?;
    Ok(match outcome {
        ByCode::Is(_) => asked.back(kit, &[("code", &code)]),
        ByCode::Choose(who) => page::ask_code(asked, spoken, &who, None),
        ByCode::Wrong => page::ask_code(asked, spoken, &[], Some("验证码错误或已过期")),
    })
}

struct NewCode {
    client_id: ClientId,
    redirect_uri: String,
    challenge: String,
    scope: String,
    code_hash: Vec<u8>,
}

async fn let_in(tx: &Tx, (shown, new): &(CodeInput, NewCode)) -> Result<ByCode, AppError> {
    let outcome = identify_by_code(tx, shown).await?;
    if let ByCode::Is(resident) = &outcome {
        tx.stage(authorization_code::ActiveModel {
            code_hash: Set(new.code_hash.clone()),
            client_id: Set(new.client_id),
            redirect_uri: Set(new.redirect_uri.clone()),
            challenge: Set(new.challenge.clone()),
            scope: Set(new.scope.clone()),
            resident_id: Set(*resident),
            expires_at: Set(tx.now() + TimeDelta::seconds(CODE_TTL_S)),
            used_at: Set(None),
            session_id: Set(None),
        });
    }
    Ok(outcome)
}

/// A page of ours: nothing of another origin, no script, in no frame.
pub(super) fn html(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ))
        .body(body)
}
