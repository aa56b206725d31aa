//! Bodies, media types, methods, paths and languages.

use super::{good, key, refused, registered};
use crate::on_both;
use crate::support::{Answer, TestApp};
use serde_json::{Value, json};

/// Sends bytes as they are.
async fn raw(app: &TestApp, token: &str, media_type: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let client = app.with_token(token);
    let mut request = client
        .request("POST", "/api/v1/tickets")
        .header("Idempotency-Key", key());
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    client.send(request.body(body.into())).await
}

const JSON: Option<&str> = Some("application/json");

on_both! {
    /// JSON in UTF-8, and nothing behind it.
    async fn a_body_is_json(app: TestApp) {
        let operator = app.staff("operator").await;
        let token = operator.token();
        let text = good().to_string();
        let deep = format!("{}{}", "[".repeat(60_000 / 2), "]".repeat(60_000 / 2));
        let latin = [b"{\"title\":\"caf\xe9\"".as_slice(), b"}"].concat();
        let gbk = [b"{\"title\":\"\xd4\xeb\xc9\xf9\"".as_slice(), b"}"].concat();
        let malformed: Vec<(&str, Vec<u8>)> = vec![
            ("nothing", Vec::new()),
            ("blanks", b"   ".to_vec()),
            ("half a body", text.as_bytes()[..text.len() / 2].to_vec()),
            ("a body and more", format!("{text}x").into()),
            ("two bodies", format!("{text}{text}").into()),
            ("no JSON", b"title=x".to_vec()),
            ("a comma too many", b"{\"title\":\"x\",}".to_vec()),
            ("a comment", b"{/* */}".to_vec()),
            ("single quotes", b"{'title':'x'}".to_vec()),
            ("no number", b"{\"place\":{\"lat\":NaN}}".to_vec()),
            ("a number without end", b"{\"place\":{\"lat\":1e999,\"lng\":1}}".to_vec()),
            ("half a sign", b"{\"title\":\"\\ud800\"}".to_vec()),
            ("a raw line break", b"{\"title\":\"a\nb\"}".to_vec()),
            ("Latin-1", latin),
            ("GBK", gbk),
            ("UTF-8 cut off", b"{\"title\":\"\xe5\x99\"}".to_vec()),
            ("UTF-8 too long", b"{\"title\":\"\xc0\x80\"}".to_vec()),
            ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
            ("a mark of the byte order", [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat()),
            ("too deep", format!("{{\"form\":{{\"x\":{deep}}}}}").into()),
        ];
        for (name, body) in malformed {
            refused(&app, name, raw(&app, token, JSON, body), 400, "malformed_body").await;
        }
        let (open, close) = text.split_at(1);
        for (name, body, pointer) in [
            ("a list", "[]".to_owned(), ""),
            ("a text", "\"x\"".into(), ""),
            ("null", "null".into(), ""),
            ("a field twice", format!("{open}\"title\":\"x\",{close}"), ""),
            ("another type", text.replace("\"120302\"", "120302"), "/category"),
            ("a list for a text", text.replace("\"120302\"", "[]"), "/category"),
            ("a text for a truth", format!("{open}\"confidential\":\"yes\",{close}"), "/confidential"),
            ("null for a text", text.replace("\"120302\"", "null"), "/category"),
            ("a field missing", "{\"title\":\"x\"}".into(), "/category"),
            ("an unknown field", format!("{open}\"colour\":1,{close}"), "/colour"),
            ("an unknown field below", text.replace("{\"address\":", "{\"colour\":1,\"address\":"), "/place/colour"),
            ("a key that is none", format!("{open}\"attachments\":[\"x\"],{close}"), "/attachments/0"),
        ] {
            let answer = refused(&app, name, raw(&app, token, JSON, body), 422, "invalid_input").await;
            let rule = match name {
                "a field missing" => "required",
                "an unknown field" | "an unknown field below" => "unexpected",
                _ => "parse",
            };
            assert_eq!(answer.body["errors"][0]["rule"], rule, "{name}: {}", answer.text);
            if !pointer.is_empty() {
                assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{name}");
            }
        }
    }

    /// By its media type, whatever stands in it.
    async fn a_body_says_that_it_is_json(app: TestApp) {
        let operator = app.staff("operator").await;
        let token = operator.token();
        let text = good().to_string();
        let others = [
            None, Some(""), Some("text/plain"), Some("text/json"), Some("application/xml"), Some("application/jsonp"),
            Some("application/x-www-form-urlencoded"), Some("multipart/form-data; boundary=x"), Some("json"), Some("application/octet-stream"),
        ];
        for other in others {
            let name = other.unwrap_or("none");
            refused(&app, name, raw(&app, token, other, text.clone()), 415, "unsupported_media_type").await;
        }
        for right in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.hotline+json"] {
            raw(&app, token, Some(right), text.clone()).await.expect(201);
        }
    }

    /// A path that there is not, and a method that there is not on one that there is.
    async fn a_path_and_a_method_are_told_apart(app: TestApp) {
        let operator = app.staff("operator").await;
        let send = async |method: &str, path: &str| operator.send(operator.request(method, path)).await;
        for path in [
            "/", "/api", "/api/v1", "/api/v1/", "/api/v2/tickets", "/api/v1/ticket", "/api/v1/tickets/", "/api/v1//tickets",
            "/API/v1/tickets", "/api/v1/me/x", "/.env", "/api/v1/tickets/a/b/c/d", "/api/v1/%2e%2e/tickets",
        ] {
            for method in ["GET", "POST", "DELETE"] {
                send(method, path).await.problem(404, "not_found");
            }
        }
        let nil = uuid::Uuid::nil();
        for (method, path, allowed) in [
            ("DELETE", "/api/v1/tickets".to_owned(), "GET, POST"),
            ("PUT", "/api/v1/tickets".into(), "GET, POST"),
            ("POST", "/api/v1/me".into(), "GET"),
            ("DELETE", format!("/api/v1/tickets/{nil}"), "GET"),
            ("GET", format!("/api/v1/tickets/{nil}/actions"), "POST"),
            ("POST", format!("/api/v1/units/{nil}"), "GET, PATCH"),
            ("GET", "/api/v1/auth/staff".into(), "POST"),
            ("POST", "/health/live".into(), "GET"),
            ("GET", "/api/v1/settings/working_hours".into(), "PUT"),
        ] {
            let answer = send(method, &path).await;
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.body["allowed"], allowed, "{method} {path}");
            assert_eq!(answer.headers["allow"], allowed, "RFC 9110 §15.5.6");
        }
        let nobody = app.nobody();
        nobody.send(nobody.request("DELETE", "/api/v1/tickets")).await.problem(405, "method_not_allowed");
    }

    /// A key in a path that is none is as good as nothing there.
    async fn a_key_in_a_path_is_one(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = registered(&operator, &good()).await;
        for bad in ["1", "x", "羊桥", "%00", &id[..35], &format!("{id}0"), "..", "null", "%7B%7D", &"a".repeat(2000)] {
            let answer = operator.get(&format!("/api/v1/tickets/{bad}")).await;
            assert_eq!(answer.status, 404, "{bad}: {}", answer.text);
            assert!(["malformed_path", "not_found"].contains(&answer.body["code"].as_str().unwrap()), "{bad}");
        }
        operator.get("/api/v1/tickets/1").await.problem(404, "malformed_path");
        app.nobody().get("/api/v1/units/x").await.problem(404, "malformed_path");
        let secadmin = app.staff("secadmin").await;
        secadmin.send(secadmin.request("DELETE", &format!("/api/v1/staff/{id}/grants/x"))).await.problem(404, "malformed_path");
        refused(&app, "an action there", operator.post("/api/v1/tickets/x/actions", &json!({ "action": "sign" })), 404, "malformed_path").await;
        for spelled in [id.to_uppercase(), id.replace('-', "")] {
            operator.get(&format!("/api/v1/tickets/{spelled}")).await.expect(200);
        }
    }

    /// Problems speak the client's language, their codes none.
    async fn problems_speak_chinese_and_english(app: TestApp) {
        let operator = app.staff("operator").await;
        let ask = async |language: Option<&str>| {
            let request = operator.request("POST", "/api/v1/tickets").header("Idempotency-Key", "x");
            let request = match language {
                Some(language) => request.header("accept-language", language),
                None => request,
            };
            operator.send(request.json(&json!({ "category": "", "title": "x", "content": "x", "place": { "address": "x" } }))).await
        };
        let texts = |answer: &Answer| {
            answer.problem(422, "invalid_input");
            (answer.text_at("/title"), answer.body["errors"][0]["detail"].clone())
        };
        let english = ("The input breaks a rule".to_owned(), json!("is required"));
        let chinese = ("输入不符合要求".to_owned(), json!("必填"));
        for language in ["en", "en-GB", "EN", "en-US,en;q=0.9", "fr, en;q=0.5", "zh;q=0.2, en;q=0.8", "de,en;q=0.7,zh;q=0.3", "zh;q=0, en"] {
            assert_eq!(texts(&ask(Some(language)).await), english, "{language}");
        }
        for language in [None, Some("zh"), Some("zh-CN,en;q=0.5"), Some("zh-Hant"), Some("en;q=0.3, zh;q=0.7"), Some("fr"), Some("*"), Some(""), Some("en;q=0")] {
            assert_eq!(texts(&ask(language).await), chinese, "{language:?}");
        }
        for (code, path) in [(401, "/api/v1/tickets"), (404, "/api/v1/nothing")] {
            let nobody = app.nobody();
            let said = async |language: &str| {
                let answer = nobody.send(nobody.request("GET", path).header("accept-language", language)).await;
                assert_eq!(answer.status, code);
                answer.text_at("/title")
            };
            assert!(said("en").await.is_ascii());
            assert!(!said("zh").await.is_ascii());
        }
    }

    /// Every problem can be found again: the request's id is in it and in the header, the client's own if it is sane.
    async fn a_problem_names_its_request(app: TestApp) {
        let nobody = app.nobody();
        let ask = async |id: &str| nobody.send(nobody.request("GET", "/api/v1/nothing").header("x-request-id", id)).await;
        let own = ask("client-0001").await;
        assert_eq!((own.text_at("/request_id").as_str(), own.headers["x-request-id"].to_str().unwrap()), ("client-0001", "client-0001"));
        for insane in ["short", &"x".repeat(65), "with blank", "<script>x", "a;b=c;d=e"] {
            let answer = ask(insane).await;
            assert_ne!(answer.text_at("/request_id"), insane);
            assert_eq!(answer.body["request_id"], Value::from(answer.headers["x-request-id"].to_str().unwrap()));
        }
        for header in ["x-content-type-options", "x-frame-options", "content-security-policy", "cache-control"] {
            assert!(own.headers.contains_key(header), "{header}");
        }
    }
}
