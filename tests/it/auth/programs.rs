//! Programs get tokens for a secret (OAuth 2.0, client credentials), for what they have leave for, until it is taken back.

use crate::on_both;
use crate::support::{Answer, TestApp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

const TOKEN: &str = "/oauth/token";
const CLIENTS: &str = "/api/v1/clients";

async fn made(app: &TestApp, more: Value) -> Answer {
    let unit = app.unit("440703002101").await["id"].clone();
    let mut body = json!({ "name": "街道自有系统", "channel": "partner", "unit_id": unit });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = app.staff("secadmin").await.post(CLIENTS, &body).await;
    made.expect(201);
    made
}

async fn ask(app: &TestApp, basic: Option<(&str, &str)>, form: &[(&str, &str)]) -> Answer {
    let nobody = app.nobody();
    let mut request = nobody.request("POST", TOKEN).form(form);
    if let Some((client, secret)) = basic {
        request = request.basic_auth(client, Some(secret));
    }
    nobody.send(request).await
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(
        (answer.status, answer.body["error"].as_str()),
        (status, Some(error)),
        "{}",
        answer.text
    );
    assert!(answer.body["error_description"].is_string());
}

on_both! {
    /// By HTTP Basic or in the form; anybody verifies the token by the published keys, as the metadata say.
    async fn a_token_is_had_for_a_secret(app: TestApp) {
        let client = made(&app, json!({})).await;
        let (id, secret) = (client.text_at("/client/id"), client.text_at("/client_secret"));
        let by_form = [GRANT, ("client_id", id.as_str()), ("client_secret", secret.as_str())];
        for answer in [ask(&app, Some((&id, &secret)), &[GRANT]).await, ask(&app, None, &by_form).await] {
            answer.expect(200);
            assert_eq!((answer.text_at("/token_type"), answer.text_at("/scope")), ("Bearer".into(), "tickets:read tickets:write".into()));
            assert_eq!(answer.headers["cache-control"], "no-store");
            let program = app.with_token(&answer.text_at("/access_token"));
            program.get("/api/v1/tickets").await.expect(200);
            assert_eq!(program.get("/api/v1/me").await.body["kind"], "client");
        }
        let meta = app.nobody().get("/.well-known/oauth-authorization-server").await;
        meta.expect(200);
        assert_eq!(meta.text_at("/token_endpoint"), format!("{}{TOKEN}", meta.text_at("/issuer")));
        assert!(meta.text.contains("events:read"), "{}", meta.text);
        let token = ask(&app, Some((&id, &secret)), &[GRANT]).await.text_at("/access_token");
        let keys: JwkSet = serde_json::from_str(&app.nobody().get("/.well-known/jwks.json").await.text).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[meta.text_at("/issuer")]);
        validation.set_audience(&["hotline"]);
        validation.validate_exp = false;
        let claims = decode::<Value>(&token, &key, &validation).unwrap().claims;
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(id), &json!(id)));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
        let listed = app.staff("secadmin").await.get(CLIENTS).await;
        assert!(listed.body["items"][0]["secrets"][0]["last_used_at"].is_string(), "{}", listed.text);
        assert!(!listed.text.contains(&secret) && !listed.text.contains("argon2"));
        app.turn(TimeDelta::seconds(601));
        app.with_token(&token).get("/api/v1/me").await.problem(401, "token_expired");
    }

    /// What is wrong is said as libraries for OAuth expect it; guesses are slowed.
    async fn what_is_wrong_is_said_as_libraries_expect(app: TestApp) {
        let client = made(&app, json!({})).await;
        let (id, secret) = (client.text_at("/client/id"), client.text_at("/client_secret"));
        let shown = Some((id.as_str(), secret.as_str()));
        refused(&ask(&app, shown, &[]).await, 400, "invalid_request");
        refused(&ask(&app, shown, &[("grant_type", "password")]).await, 400, "unsupported_grant_type");
        refused(&ask(&app, shown, &[GRANT, ("scope", "everything")]).await, 400, "invalid_scope");
        refused(&ask(&app, shown, &[GRANT, ("scope", "tickets:read events:read")]).await, 400, "invalid_scope");
        refused(&ask(&app, shown, &[GRANT, ("client_secret", secret.as_str())]).await, 400, "invalid_request");
        let wrong = ask(&app, Some((&id, "guess")), &[GRANT]).await;
        refused(&wrong, 401, "invalid_client");
        assert!(wrong.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
        for basic in [None, Some(("nobody", "x")), Some(("00000000-0000-0000-0000-000000000000", "x")), Some((id.as_str(), ""))] {
            refused(&ask(&app, basic, &[GRANT]).await, 401, "invalid_client");
        }
        let nobody = app.nobody();
        let json_body = nobody.request("POST", TOKEN).json(&json!({ "grant_type": "client_credentials" }));
        refused(&nobody.send(json_body).await, 400, "invalid_request");
        let mangled = nobody.request("POST", TOKEN).header("authorization", "Basic ???").form(&[GRANT]);
        refused(&nobody.send(mangled).await, 401, "invalid_client");
        let mut slowed = false;
        for _ in 0..8 {
            let answer = ask(&app, Some((&id, "guess")), &[GRANT]).await;
            if answer.status == 429 {
                refused(&answer, 429, "slow_down");
                assert!(answer.headers.contains_key("retry-after"));
                slowed = true;
                break;
            }
        }
        assert!(slowed, "guesses are slowed");
    }

    /// A program does what it has leave for, and no more; leave that is taken back is gone with the next request.
    async fn leave_is_given_and_taken(app: TestApp) {
        let client = made(&app, json!({ "scopes": ["events:read", "tickets:read"] })).await;
        let id = client.text_at("/client/id");
        let secret = client.text_at("/client_secret");
        let all = app.program(&client).await;
        all.get("/api/v1/events").await.expect(200);
        all.get("/api/v1/tickets").await.expect(200);
        let request = json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": "x", "content": "x", "place": { "address": "羊桥社区" } });
        let refused = all.post("/api/v1/tickets", &request).await;
        refused.problem(403, "scope_missing");
        assert_eq!(refused.body["scope"], "tickets:write");
        all.get("/api/v1/webhooks").await.problem(403, "scope_missing");
        let narrow = ask(&app, Some((&id, &secret)), &[GRANT, ("scope", "tickets:read")]).await;
        app.with_token(&narrow.text_at("/access_token")).get("/api/v1/events").await.problem(403, "scope_missing");
        let secadmin = app.staff("secadmin").await;
        let path = format!("{CLIENTS}/{id}");
        let changed = secadmin.change("PATCH", &path, &client.etag(), &json!({ "scopes": ["events:read"], "name": "改名" })).await;
        changed.expect(200);
        assert_eq!((&changed.body["scopes"], &changed.body["name"]), (&json!(["events:read"]), &json!("改名")));
        all.get("/api/v1/tickets").await.problem(403, "scope_missing");
        all.get("/api/v1/events").await.expect(200);
        secadmin.change("PATCH", &path, &client.etag(), &json!({})).await.problem(412, "stale_version");
        let unknown = secadmin.change("PATCH", &path, &changed.etag(), &json!({ "scopes": ["everything"] })).await;
        unknown.problem(422, "invalid_input");
    }

    /// Two secrets are good at a time, so that one follows the other; a revoked one takes its tokens along, at once.
    async fn secrets_follow_each_other(app: TestApp) {
        let client = made(&app, json!({})).await;
        let id = client.text_at("/client/id");
        let old = app.program(&client).await;
        let secadmin = app.staff("secadmin").await;
        let path = format!("{CLIENTS}/{id}/secrets");
        let second = secadmin.post(&path, &json!({})).await;
        second.expect(201);
        secadmin.post(&path, &json!({})).await.problem(409, "already_open");
        let new = second.text_at("/client_secret");
        let answer = ask(&app, Some((&id, &new)), &[GRANT]).await;
        answer.expect(200);
        let by_new = app.with_token(&answer.text_at("/access_token"));
        for program in [&old, &by_new] {
            program.get("/api/v1/tickets").await.expect(200);
        }
        let first = client.text_at("/client/secrets/0/id");
        for _ in 0..2 {
            secadmin.send(secadmin.request("DELETE", &format!("{path}/{first}"))).await.expect(204);
        }
        old.get("/api/v1/tickets").await.problem(401, "session_revoked");
        by_new.get("/api/v1/tickets").await.expect(200);
        refused(&ask(&app, Some((&id, &client.text_at("/client_secret"))), &[GRANT]).await, 401, "invalid_client");
        secadmin.post(&path, &json!({})).await.expect(201);
        let nothing = format!("{path}/{}", uuid::Uuid::nil());
        secadmin.send(secadmin.request("DELETE", &nothing)).await.problem(404, "not_found");
        // A program's token is not a person's, whatever its claims say.
        let token = answer.text_at("/access_token");
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
        assert_eq!(claims["kind"], "client");
        by_new.get("/api/v1/staff").await.problem(403, "forbidden");
    }
}
