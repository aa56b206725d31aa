//! Apps that residents let in: authorization code with PKCE, on a page of ours.

use crate::on_both;
use crate::support::{Answer, Client, TestApp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hotline::platform::crypto::sha256;
use hotline::residents::rules::Phone;
use serde_json::{Value, json};
use std::collections::HashMap;

const BACK: &str = "cn.example.app:/back";
const PHONE: &str = "13900000031";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(sha256(&[VERIFIER.as_bytes()]))
}

/// An app, by its id.
async fn app_of(app: &TestApp, scopes: Value) -> Answer {
    let unit = app.unit("440703").await;
    let body = json!({ "name": "邻里 <app>", "channel": "app", "scopes": scopes, "unit_id": unit["id"], "redirect_uris": [BACK, "http://127.0.0.1/back"] });
    let made = app.staff("secadmin").await.post("/api/v1/clients", &body).await;
    made.expect(201);
    made
}

fn query(client: &str) -> HashMap<&'static str, String> {
    HashMap::from([
        ("response_type", "code".into()),
        ("client_id", client.to_owned()),
        ("redirect_uri", BACK.to_owned()),
        ("state", "s t&a=te".to_owned()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".to_owned()),
    ])
}

/// A browser: it shows where it is sent, and does not go there.
struct Page {
    status: u16,
    text: String,
    sent_to: Option<reqwest::Url>,
}

impl Page {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let policy = answer.headers().get("content-security-policy").cloned();
        let sent_to = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().parse().unwrap());
        assert!(
            sent_to.is_some()
                || policy
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .contains("frame-ancestors 'none'")
        );
        Self {
            status: answer.status().as_u16(),
            text: answer.text().await.unwrap(),
            sent_to,
        }
    }

    /// What came back to the app.
    fn told(&self, name: &str) -> Option<String> {
        let to = self.sent_to.as_ref()?;
        to.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

struct Browser<'a> {
    app: &'a TestApp,
    http: reqwest::Client,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { app, http }
    }

    async fn open(&self, query: &HashMap<&str, String>) -> Page {
        let mut url: reqwest::Url = format!("{}/oauth/authorize", self.app.base).parse().unwrap();
        url.query_pairs_mut().extend_pairs(query);
        Page::of(self.http.get(url)).await
    }

    async fn fill(&self, query: &HashMap<&str, String>, more: &[(&str, &str)]) -> Page {
        let mut form: HashMap<&str, String> = query.clone();
        form.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Page::of(
            self.http
                .post(format!("{}/oauth/authorize", self.app.base))
                .form(&form),
        )
        .await
    }

    /// Lets the app in; the code.
    async fn allow(&self, query: &HashMap<&str, String>) -> String {
        let code = hotline::auth::demonstration_code(self.app.app.kit(), Phone::parse(PHONE).unwrap())
            .await
            .unwrap();
        let page = self
            .fill(query, &[("step", "allow"), ("phone", PHONE), ("code", &code)])
            .await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.told("code").unwrap()
    }
}

async fn token(app: &TestApp, form: &[(&str, &str)]) -> Answer {
    let nobody = app.nobody();
    nobody
        .send(nobody.request("POST", "/oauth/token").form(form))
        .await
}

async fn exchange(app: &TestApp, client: &str, code: &str, change: &[(&str, &str)]) -> Answer {
    let mut form: HashMap<&str, &str> = HashMap::from([
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ]);
    form.extend(change.iter().copied());
    token(app, &form.into_iter().collect::<Vec<_>>()).await
}

async fn register(client: &Client) -> Answer {
    let request = json!({ "category": "120302", "title": "广场舞噪声", "content": "很吵", "place": { "address": "羊桥社区" } });
    client.post("/api/v1/tickets", &request).await
}

on_both! {
    /// The resident reads who asks for what, has a code sent and lets the app in; the app acts for them, and no further.
    async fn a_resident_lets_an_app_in(app: TestApp) {
        let made = app_of(&app, json!(["tickets:read", "tickets:write", "events:read"])).await;
        let (client, browser) = (made.text_at("/client/id"), Browser::new(&app));
        let asked = query(&client);
        let page = browser.open(&asked).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("邻里 &lt;app&gt;") && page.text.contains("查看工单") && !page.text.contains("<script"), "{}", page.text);
        let page = browser.fill(&asked, &[("step", "send"), ("phone", "13900000032")]).await;
        assert!(page.status == 200 && page.text.contains("one-time-code"), "{}", page.text);
        let page = browser.fill(&asked, &[("step", "allow"), ("phone", "13900000032"), ("code", "000000")]).await;
        assert!(page.status == 200 && page.text.contains("验证码错误"), "{}", page.text);

        let code = browser.allow(&asked).await;
        let tokens = exchange(&app, &client, &code, &[]).await;
        tokens.expect(200);
        assert_eq!((tokens.text_at("/token_type"), tokens.text_at("/scope")), ("Bearer".into(), "tickets:read tickets:write".into()));
        assert_eq!(tokens.headers["cache-control"], "no-store");
        let theirs = app.with_token(&tokens.text_at("/access_token"));
        let me = theirs.get("/api/v1/me").await;
        assert_eq!((&me.expect(200).body["kind"], me.body.get("name")), (&json!("resident"), None));
        let ticket = register(&theirs).await;
        ticket.expect(201);
        let resident = app.resident(PHONE).await;
        assert_eq!(resident.get("/api/v1/tickets").await.body["items"][0]["id"], ticket.body["ticket"]["id"]);
        // Who they are and how they log in is for them alone.
        theirs.post("/api/v1/me/password", &json!({ "new": "a-long-enough-pass-1" })).await.problem(403, "forbidden");
        let me = theirs.get("/api/v1/me").await.text_at("/id");
        theirs.get(&format!("/api/v1/residents/{me}")).await.problem(403, "forbidden");
        resident.get(&format!("/api/v1/residents/{me}")).await.expect(200);

        // The next tokens, for this app alone; used twice, the log-in ends.
        let refresh = tokens.text_at("/refresh_token");
        app.nobody().post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh })).await.problem(401, "token_invalid");
        let other = app_of(&app, json!(["tickets:read"])).await.text_at("/client/id");
        let form = |client: &str, refresh: &str| vec![("grant_type", "refresh_token".to_owned()), ("client_id", client.to_owned()), ("refresh_token", refresh.to_owned())];
        let ask = async |client: &str, refresh: &str| {
            let form = form(client, refresh);
            token(&app, &form.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).await
        };
        assert_eq!(ask(&other, &refresh).await.expect(400).body["error"], "invalid_grant");
        let next = ask(&client, &refresh).await;
        next.expect(200);
        app.with_token(&next.text_at("/access_token")).get("/api/v1/tickets").await.expect(200);
        app.turn(TimeDelta::minutes(1));
        assert_eq!(ask(&client, &refresh).await.expect(400).body["error"], "invalid_grant");
        app.with_token(&next.text_at("/access_token")).get("/api/v1/tickets").await.problem(401, "session_revoked");
    }

    /// What an app did and read is told from what the resident did themselves.
    async fn what_an_app_does_bears_its_name(app: TestApp) {
        let client = app_of(&app, json!(["tickets:read", "tickets:write"])).await.text_at("/client/id");
        let (browser, asked) = (Browser::new(&app), query(&client));
        let tokens = exchange(&app, &client, &browser.allow(&asked).await, &[]).await;
        let theirs = app.with_token(&tokens.expect(200).text_at("/access_token"));
        let resident = app.resident(PHONE).await;
        // The same key of the app and of the resident are two.
        let request = json!({ "category": "120302", "title": "广场舞噪声", "content": "很吵", "place": { "address": "羊桥社区" } });
        let mut made = Vec::new();
        for who in [&theirs, &resident] {
            let once = who.request("POST", "/api/v1/tickets").header("idempotency-key", "one").json(&request);
            made.push(who.send(once).await.expect(201).text_at("/ticket/id"));
        }
        assert_ne!(made[0], made[1]);
        let names = ["邻里 <app>".into(), serde_json::Value::Null];
        for (id, name) in made.iter().zip(&names) {
            let path = format!("/api/v1/tickets/{id}");
            let seen = resident.get(&path).await;
            let first = &seen.expect(200).body["timeline"][0];
            assert_eq!((&first["actor_kind"], &first["actor_name"]), (&json!("resident"), name));
            // One's own look is one's own; the app's is kept, for the resident alone.
            assert_eq!(resident.get(&format!("{path}/access-log")).await.expect(200).body["items"], json!([]));
            let seen = theirs.get(&path).await;
            assert_eq!(seen.expect(200).body["timeline"][0]["actor_name"], Value::Null);
            assert_eq!(theirs.get(&format!("{path}/access-log")).await.expect(200).body["items"], json!([]));
            let log = resident.get(&format!("{path}/access-log")).await;
            assert_eq!(log.body["items"].as_array().unwrap().len(), 1);
            assert_eq!((&log.body["items"][0]["actor_kind"], &log.body["items"][0]["actor_name"]), (&json!("resident"), &names[0]));
        }
    }

    /// The resident sees whom they let in, and takes it back; after half a year they are asked again.
    async fn a_resident_takes_it_back(app: TestApp) {
        let client = app_of(&app, json!(["tickets:read", "tickets:write"])).await.text_at("/client/id");
        let (browser, asked) = (Browser::new(&app), query(&client));
        let tokens = exchange(&app, &client, &browser.allow(&asked).await, &[]).await;
        let theirs = app.with_token(&tokens.expect(200).text_at("/access_token"));
        let resident = app.resident(PHONE).await;
        let apps = resident.get("/api/v1/me/apps").await;
        assert_eq!(apps.expect(200).body["items"][0]["id"], client);
        assert_eq!(apps.body["items"].as_array().unwrap().len(), 1);
        for forbidden in ["/api/v1/me/apps", "/api/v1/notices"] {
            theirs.get(forbidden).await.problem(403, "forbidden");
        }
        let path = format!("/api/v1/me/apps/{client}");
        let other = app.resident("13900000041").await;
        other.send(other.request("DELETE", &path)).await.problem(404, "not_found");
        resident.send(resident.request("DELETE", &path)).await.expect(204);
        theirs.get("/api/v1/tickets").await.problem(401, "session_revoked");
        assert_eq!(resident.get("/api/v1/me/apps").await.body["items"], json!([]));

        let tokens = exchange(&app, &client, &browser.allow(&asked).await, &[]).await;
        let mut refresh = tokens.expect(200).text_at("/refresh_token");
        for _ in 0..18 {
            app.turn(TimeDelta::days(10));
            let form = [("grant_type", "refresh_token"), ("client_id", client.as_str()), ("refresh_token", refresh.as_str())];
            let next = token(&app, &form).await;
            if next.status != 200 {
                break;
            }
            refresh = next.text_at("/refresh_token");
        }
        let form = [("grant_type", "refresh_token"), ("client_id", client.as_str()), ("refresh_token", refresh.as_str())];
        assert_eq!(token(&app, &form).await.expect(400).body["error"], "invalid_grant");
    }

    /// A server has a secret, and must show it; an app that residents can't let in any more gets no token.
    async fn a_server_shows_its_secret(app: TestApp) {
        let unit = app.unit("440703").await;
        let body = json!({ "name": "街道网站", "channel": "web", "unit_id": unit["id"], "redirect_uris": [BACK] });
        let made = app.staff("secadmin").await.post("/api/v1/clients", &body).await;
        let client = made.expect(201).text_at("/client/id");
        let (browser, asked) = (Browser::new(&app), query(&client));
        let code = browser.allow(&asked).await;
        assert_eq!(exchange(&app, &client, &code, &[]).await.expect(401).body["error"], "invalid_client");
        let secret = made.text_at("/client_secret");
        exchange(&app, &client, &code, &[("client_secret", secret.as_str())]).await.expect(200);
        let code = browser.allow(&asked).await;
        let path = format!("/api/v1/clients/{client}");
        app.staff("secadmin").await.change("PATCH", &path, "\"1\"", &json!({ "redirect_uris": [] })).await.expect(200);
        let refused = exchange(&app, &client, &code, &[("client_secret", secret.as_str())]).await;
        assert_eq!(refused.expect(400).body["error"], "unauthorized_client");
    }

    /// A code is good once, for a minute, for its app, its address and its verifier.
    async fn a_code_is_good_once_and_for_its_app(app: TestApp) {
        let client = app_of(&app, json!(["tickets:read", "tickets:write"])).await.text_at("/client/id");
        let other = app_of(&app, json!(["tickets:read"])).await.text_at("/client/id");
        let (browser, asked) = (Browser::new(&app), query(&client));
        for change in [("code_verifier", "x".repeat(43)), ("redirect_uri", "http://127.0.0.1/back".into()), ("code_verifier", "short".into())] {
            let code = browser.allow(&asked).await;
            let refused = exchange(&app, &client, &code, &[(change.0, change.1.as_str())]).await;
            assert_eq!(refused.expect(400).body["error"], "invalid_grant");
            assert_eq!(exchange(&app, &client, &code, &[]).await.expect(400).body["error"], "invalid_grant", "one guess");
        }
        let code = browser.allow(&asked).await;
        assert_eq!(exchange(&app, &other, &code, &[]).await.expect(400).body["error"], "invalid_grant");
        assert_eq!(exchange(&app, &client, &code, &[("client_secret", "wrong")]).await.expect(401).body["error"], "invalid_client");
        let tokens = exchange(&app, &client, &code, &[]).await;
        let theirs = app.with_token(&tokens.expect(200).text_at("/access_token"));
        theirs.get("/api/v1/tickets").await.expect(200);
        assert_eq!(exchange(&app, &client, &code, &[]).await.expect(400).body["error"], "invalid_grant");
        theirs.get("/api/v1/tickets").await.problem(401, "session_revoked");
        let code = browser.allow(&asked).await;
        app.turn(TimeDelta::seconds(60));
        assert_eq!(exchange(&app, &client, &code, &[]).await.expect(400).body["error"], "invalid_grant");
        for lacking in ["code", "code_verifier", "redirect_uri"] {
            assert_eq!(exchange(&app, &client, "x", &[(lacking, "")]).await.expect(400).body["error"], "invalid_request");
        }
    }

    /// What is taken back from an app, or the app itself, is gone at once.
    async fn an_app_that_is_revoked_is_out(app: TestApp) {
        let made = app_of(&app, json!(["tickets:read", "tickets:write"])).await;
        let (client, browser) = (made.text_at("/client/id"), Browser::new(&app));
        let mut asked = query(&client);
        asked.insert("scope", "tickets:read".into());
        let code = browser.allow(&asked).await;
        let tokens = exchange(&app, &client, &code, &[]).await;
        assert_eq!(tokens.expect(200).text_at("/scope"), "tickets:read");
        let theirs = app.with_token(&tokens.text_at("/access_token"));
        assert_eq!(register(&theirs).await.problem(403, "scope_missing").body["scope"], "tickets:write");
        theirs.get("/api/v1/tickets").await.expect(200);
        let security = app.staff("secadmin").await;
        let path = format!("/api/v1/clients/{client}");
        let changed = security.change("PATCH", &path, "\"1\"", &json!({ "scopes": ["tickets:write"], "redirect_uris": [] })).await;
        assert_eq!(changed.expect(200).body["redirect_uris"], json!([]));
        theirs.get("/api/v1/tickets").await.problem(403, "scope_missing");
        assert_eq!(browser.open(&asked).await.status, 400);
        security.send(security.request("DELETE", &path)).await;
        theirs.get("/api/v1/me").await.problem(401, "session_revoked");
        assert_eq!(exchange(&app, &client, "x", &[]).await.expect(401).body["error"], "invalid_client");
    }

    /// Nobody is sent to an address that the app is not registered with; what else is wrong the app is told.
    async fn bad_requests_are_told_to_whom_they_concern(app: TestApp) {
        let client = app_of(&app, json!(["tickets:read"])).await.text_at("/client/id");
        let (browser, asked) = (Browser::new(&app), query(&client));
        for (name, value) in [
            ("client_id", "nobody".to_owned()),
            ("client_id", uuid::Uuid::nil().to_string()),
            ("redirect_uri", "https://evil.example.org/".into()),
            ("redirect_uri", format!("{BACK}/x")),
            ("redirect_uri", String::new()),
            ("state", "x".repeat(1_025)),
        ] {
            let mut wrong = asked.clone();
            wrong.insert(name, value);
            let page = browser.open(&wrong).await;
            assert_eq!((page.status, page.sent_to.is_none()), (400, true), "{name}");
        }
        for (name, value, error) in [
            ("response_type", "token", "unsupported_response_type"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("scope", "tickets:write", "invalid_scope"),
            ("scope", "root", "invalid_scope"),
        ] {
            let mut wrong = asked.clone();
            wrong.insert(name, value.into());
            let page = browser.open(&wrong).await;
            assert_eq!(page.told("error").as_deref(), Some(error), "{name}: {}", page.text);
            assert_eq!(page.told("state").as_deref(), Some("s t&a=te"));
            assert_eq!(page.told("iss").as_deref(), Some(app.app.kit().signer.issuer()));
            assert!(page.sent_to.unwrap().as_str().starts_with(BACK));
        }
        let no = browser.fill(&asked, &[("step", "deny")]).await;
        assert_eq!(no.told("error").as_deref(), Some("access_denied"));
        for phone in ["", "12", "0750-3322110", "<b>"] {
            let page = browser.fill(&asked, &[("step", "send"), ("phone", phone)]).await;
            assert!(page.status == 200 && page.text.contains("请输入手机号码") && !page.text.contains("<b>"), "{}", page.text);
        }
        // The port of a program on the resident's own machine is its own affair.
        let mut loopback = asked.clone();
        loopback.insert("redirect_uri", "http://127.0.0.1:50123/back".into());
        assert_eq!(browser.open(&loopback).await.status, 200);
        let unit = app.unit("440703").await;
        let body = json!({ "name": "x", "channel": "app", "unit_id": unit["id"], "redirect_uris": ["https://a.example.org/", "http://evil.example.org/"] });
        let refused = app.staff("secadmin").await.post("/api/v1/clients", &body).await;
        assert_eq!(refused.problem(422, "invalid_input").rule("/redirect_uris/1"), Some("form"));
        let meta = app.nobody().get("/.well-known/oauth-authorization-server").await;
        assert_eq!(meta.body["code_challenge_methods_supported"], json!(["S256"]));
    }

    /// Who shares a telephone says who they are, on our page.
    async fn who_shares_a_telephone_chooses(app: TestApp) {
        let client = app_of(&app, json!(["tickets:read"])).await.text_at("/client/id");
        let operator = app.staff("operator").await;
        for name in ["示例甲", "示例乙"] {
            operator.post("/api/v1/residents", &json!({ "kind": "person", "name": name, "phone": "13812349999" })).await.expect(201);
        }
        let (browser, asked) = (Browser::new(&app), query(&client));
        let code = hotline::auth::demonstration_code(app.app.kit(), Phone::parse("13812349999").unwrap()).await.unwrap();
        let shown = [("step", "allow"), ("phone", "13812349999"), ("code", code.as_str())];
        let page = browser.fill(&asked, &shown).await;
        assert!(page.status == 200 && page.text.contains("示**") && !page.text.contains("示例甲"), "{}", page.text);
        let (_, rest) = page.text.split_once("name=\"resident_id\" value=\"").unwrap();
        let chosen = &rest[..36];
        let page = browser.fill(&asked, &[&shown[..], &[("resident_id", chosen)]].concat()).await;
        let tokens = exchange(&app, &client, &page.told("code").unwrap(), &[]).await;
        let me = app.with_token(&tokens.expect(200).text_at("/access_token")).get("/api/v1/me").await;
        assert_eq!(me.text_at("/id"), chosen);
    }
}
