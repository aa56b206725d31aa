//! What shows who asks: the schemes, and which of them an operation takes, with the leave that a program needs.

use crate::access::{Leave, Op, program_leaves};
use entity::kind::ClientScope;
use utoipa::openapi::Components;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, AuthorizationCode, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2,
    Scopes, SecurityRequirement, SecurityScheme,
};

const BEARER: &str = "bearer";
const OAUTH: &str = "oauth2";
const CLIENT: &str = "client";
const DEVICE: &str = "device_signature";
/// Of what we send: the only one that is not checked here.
pub const WEBHOOK: &str = "webhook_signature";

/// Adds all schemes.
pub fn schemes(components: &mut Components) {
    let http = |scheme, told: &str| {
        let scheme = HttpBuilder::new().scheme(scheme).description(Some(told));
        SecurityScheme::Http(scheme.build())
    };
    let header = |name: &str, told: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, told)))
    };
    let bearer = http(
        HttpAuthScheme::Bearer,
        "An access token (JWT) of a person's log-in, or of a program.",
    );
    let client = http(
        HttpAuthScheme::Basic,
        "A program's id and secret (RFC 6749 §2.3.1); they may stand in the form instead. Programs on a resident's telephone have no secret.",
    );
    let device = header(
        "webhook-signature",
        "`v1,` and HMAC-SHA256 of id, timestamp and body with the device's secret (Standard Webhooks), beside `webhook-id` and \
         `webhook-timestamp`.",
    );
    let webhook = header(
        "webhook-signature",
        "How a message to a webhook shows that it is ours; checked by who receives it.",
    );
    for (name, scheme) in [
        (BEARER, bearer),
        (OAUTH, oauth()),
        (CLIENT, client),
        (DEVICE, device),
        (WEBHOOK, webhook),
    ] {
        components.add_security_scheme(name, scheme);
    }
}

/// How programs get a token: for themselves, and for a resident who lets them in.
fn oauth() -> SecurityScheme {
    let scopes = |some: &[ClientScope]| {
        let words = some.iter().map(|scope| (scope.word(), scope.chinese()));
        words.collect::<Scopes>()
    };
    SecurityScheme::OAuth2(OAuth2::with_description(
        [
            Flow::ClientCredentials(ClientCredentials::new("/oauth/token", scopes(ClientScope::ALL))),
            Flow::AuthorizationCode(AuthorizationCode::new(
                "/oauth/authorize",
                "/oauth/token",
                scopes(&crate::auth::authorize::SCOPES),
            )),
        ],
        "Programs (RFC 6749): for themselves by client credentials, for a resident by a code and PKCE (RFC 7636). More: \
         `/.well-known/oauth-authorization-server`.",
    ))
}

/// What an operation takes; any one of these is enough.
pub fn of(op: Op) -> Vec<SecurityRequirement> {
    let alone = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    match op {
        Op::IngestBellEvent => vec![alone(DEVICE)],
        Op::IssueToken => vec![alone(CLIENT), SecurityRequirement::default()],
        op if op.is_public() => Vec::new(),
        op => {
            let programs = program_leaves(op).into_iter().map(|leave| match leave {
                Leave::Of(scope) => SecurityRequirement::new(OAUTH, [scope.word()]),
                Leave::Free | Leave::Never => alone(OAUTH),
            });
            std::iter::once(alone(BEARER)).chain(programs).collect()
        }
    }
}
