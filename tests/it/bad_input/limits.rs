//! Every bound, at the limit and one beyond.

use super::{but, good, refused, registered};
use crate::on_both;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use std::io::{Read, Write};

/// A body of so many bytes: the rest is blank.
async fn padded(client: &Client, size: usize) -> crate::support::Answer {
    let mut body = json!({ "phone": "13900000001" }).to_string();
    body.push_str(&" ".repeat(size - body.len()));
    assert_eq!(body.len(), size);
    let request = client
        .request("POST", "/api/v1/callers/identify")
        .header("content-type", "application/json");
    client.send(request.body(body)).await
}

/// A body in pieces, of a length that is told nowhere, and ended never; the status.
async fn chunked(app: &TestApp, token: &str) -> u16 {
    let (address, token) = (
        app.base.trim_start_matches("http://").to_owned(),
        token.to_owned(),
    );
    let exchange = move || {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let head = format!(
            "POST /api/v1/callers/identify HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..65 {
            stream
                .write_all(format!("400\r\n{}\r\n", " ".repeat(1024)).as_bytes())
                .unwrap();
        }
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[9..]).parse().unwrap()
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

/// A text of so many characters; each takes three bytes.
fn long(n: usize) -> Value {
    json!("长".repeat(n))
}

on_both! {
    /// 64 KiB.
    async fn a_body_has_its_limit(app: TestApp) {
        let operator = app.staff("operator").await;
        padded(&operator, 65_536).await.expect(200);
        refused(&app, "a byte more", padded(&operator, 65_537), 413, "body_too_large").await;
        refused(&app, "a megabyte", padded(&operator, 1 << 20), 413, "body_too_large").await;
        assert_eq!(chunked(&app, operator.token()).await, 413, "without a length");
    }

    /// Texts by characters, not by bytes.
    async fn texts_have_their_limits(app: TestApp) {
        let operator = app.staff("operator").await;
        let address = |n: usize| json!(format!("羊桥社区{}", "长".repeat(n - 4)));
        for (pointer, most, make) in [
            ("/title", 100, &long as &dyn Fn(usize) -> Value),
            ("/content", 4000, &long),
            ("/requester/name", 50, &long),
            ("/place/address", 200, &address),
        ] {
            registered(&operator, &but(good(), pointer, make(most))).await;
            let over = refused(&app, pointer, operator.post("/api/v1/tickets", &but(good(), pointer, make(most + 1))), 422, "invalid_input").await;
            assert_eq!(over.rule(pointer), Some("too_long"), "{pointer}");
        }
        let category = operator.post("/api/v1/tickets", &but(good(), "/category", json!("1".repeat(13)))).await;
        assert_eq!(category.problem(422, "invalid_input").rule("/category"), Some("too_long"));

        let id = registered(&operator, &good()).await;
        for (pointer, most, action) in [
            ("/internal_text", 4000, json!({ "action": "note" })),
            ("/public_text", 4000, json!({ "action": "note" })),
            ("/text", 4000, json!({ "action": "supplement" })),
        ] {
            operator.act(&id, &but(action.clone(), pointer, long(most))).await.expect(200);
            let over = refused(&app, pointer, operator.act(&id, &but(action, pointer, long(most + 1))), 422, "invalid_input").await;
            assert_eq!(over.rule(pointer), Some("too_long"), "{pointer}");
        }
        let withdraw = |n| json!({ "action": "withdraw", "reason": long(n) });
        refused(&app, "reason", operator.act(&id, &withdraw(501)), 422, "invalid_input").await;
        operator.act(&id, &withdraw(500)).await.expect(200);
    }

    /// Reasons, keys, user agents: what is kept has an end.
    async fn smaller_texts_have_their_limits(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = registered(&operator, &good()).await;
        let path = format!("/api/v1/tickets/{id}/reveal");
        let reveal = |reason: Value| json!({ "fields": ["phone"], "reason": reason });
        for (n, rule) in [(2, "too_short"), (201, "too_long")] {
            let over = refused(&app, rule, operator.post(&path, &reveal(long(n))), 422, "invalid_input").await;
            assert_eq!(over.rule("/reason"), Some(rule));
        }
        for n in [3, 200] {
            operator.post(&path, &reveal(long(n))).await.expect(200);
        }
        let many = json!({ "fields": vec!["phone"; 3], "reason": "核实地址" });
        let over = refused(&app, "fields", operator.post(&path, &many), 422, "invalid_input").await;
        assert_eq!(over.rule("/fields"), Some("too_many"));
        let other = json!({ "fields": ["id_number"], "reason": "核实地址" });
        assert_eq!(operator.post(&path, &other).await.problem(422, "invalid_input").rule("/fields/0"), Some("one_of"));

        let keyed = async |key: String| operator.post_keyed("/api/v1/tickets", &key, &good()).await;
        keyed("k".repeat(128)).await.expect(201);
        refused(&app, "a key too long", keyed("k".repeat(129)), 422, "invalid_input").await;
        refused(&app, "a key of blanks", keyed("  ".into()), 400, "idempotency_key_missing").await;

        let log_in = async |client: usize, user_name: usize| {
            let body = json!({ "user_name": "x".repeat(user_name), "password": "x", "client": long(client) });
            app.nobody().post("/api/v1/auth/staff", &body).await
        };
        log_in(100, 64).await.problem(401, "credentials_wrong");
        assert_eq!(log_in(101, 65).await.problem(422, "invalid_input").body["errors"].as_array().unwrap().len(), 2);
    }

    /// Lists in a body.
    async fn lists_have_their_limits(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let units = app.nobody().get("/api/v1/units?kind=community").await;
        let path = format!("/api/v1/units/{}", units.body["items"][0]["id"].as_str().unwrap());
        let aliases = |n: usize| json!({ "aliases": (0..n).map(|n| format!("别名{n}")).collect::<Vec<_>>() });
        let over = refused(&app, "aliases", sysadmin.change("PATCH", &path, "\"1\"", &aliases(201)), 422, "invalid_input").await;
        assert_eq!(over.rule("/aliases"), Some("too_many"));
        sysadmin.change("PATCH", &path, &app.nobody().get(&path).await.etag(), &aliases(200)).await.expect(200);

        let year = |n: i32| (format!("{}", 2030 + n), json!({ "off": [], "work": [], "status": "official", "source": "x" }));
        let calendar = |n: i32| Value::Object((0..n).map(year).collect());
        refused(&app, "years", sysadmin.post("/api/v1/calendar/imports", &calendar(11)), 422, "invalid_input").await;
        refused(&app, "no years", sysadmin.post("/api/v1/calendar/imports", &calendar(0)), 422, "invalid_input").await;
        sysadmin.post("/api/v1/calendar/imports", &calendar(10)).await.expect(200);

        let operator = app.staff("operator").await;
        let nil = uuid::Uuid::nil();
        for (n, rule) in [(10, "unknown"), (11, "too_many")] {
            let files: Vec<_> = (0..n).map(|_| nil).collect();
            let answer = refused(&app, rule, operator.post("/api/v1/tickets", &but(good(), "/attachments", json!(files))), 422, "invalid_input").await;
            assert_eq!(answer.rule("/attachments"), Some(rule));
        }
    }

    /// A service's own form.
    async fn forms_have_their_limits(app: TestApp) {
        let operator = app.staff("operator").await;
        let job = |value: Value| but(but(good(), "/category", json!("050101")), "/form", value);
        registered(&operator, &job(json!({ "job_wanted": long(60), "wage_expected": 1_000_000 }))).await;
        for (field, value, rule) in [
            ("job_wanted", long(61), "too_long"), ("wage_expected", json!(1_000_000.5), "range"), ("wage_expected", json!(-1), "range"),
            ("wage_expected", json!("1"), "type"), ("education", json!("博士"), "one_of"), ("education", json!(null), ""),
            ("job_wanted", json!("a\u{0}"), "form"), ("job_wanted", json!(null), "required"),
        ] {
            let mut form = json!({ "job_wanted": "厨师" });
            form[field] = value;
            let answer = operator.post("/api/v1/tickets", &job(form)).await;
            if rule.is_empty() {
                answer.expect(201);
            } else {
                assert_eq!(answer.problem(422, "form_invalid").rule(&format!("/form/{field}")), Some(rule), "{field}");
            }
        }
        let wheelchair = |days: Value| but(but(good(), "/category", json!("040201")), "/form", json!({ "wheelchair_days": days }));
        for good in [json!(1), json!(180)] {
            registered(&operator, &wheelchair(good)).await;
        }
        for bad in [json!(0), json!(181), json!(1.5), json!("1"), json!([1]), json!(9e99)] {
            operator.post("/api/v1/tickets", &wheelchair(bad)).await.problem(422, "form_invalid");
        }
    }

    /// A page has one row at least and a hundred at most.
    async fn pages_have_their_limits(app: TestApp) {
        let doors = [
            ("sysadmin", "/api/v1/services"), ("sysadmin", "/api/v1/staff"), ("sysadmin", "/api/v1/deadline-policies"),
            ("sysadmin", "/api/v1/calendar/hours"), ("sysadmin", "/api/v1/calendar/closures"), ("sysadmin", "/api/v1/routing-rules"),
            ("sysadmin", "/api/v1/assignment-policies"), ("sysadmin", "/api/v1/notices/dead"), ("auditor", "/api/v1/audit"),
            ("secadmin", "/api/v1/clients"), ("operator", "/api/v1/tickets"), ("operator", "/api/v1/notices"),
        ];
        for (user_name, door) in doors {
            let client = app.staff(user_name).await;
            for limit in [1, 100] {
                let page = client.get(&format!("{door}?limit={limit}")).await;
                assert!(page.expect(200).body["items"].as_array().unwrap().len() <= limit, "{door}");
            }
            for limit in ["0", "101", "18446744073709551615"] {
                let answer = client.get(&format!("{door}?limit={limit}")).await;
                assert_eq!(answer.problem(422, "invalid_input").rule("?limit"), Some("range"), "{door}");
            }
            for limit in ["-1", "x", "1.5", "", "18446744073709551616"] {
                client.get(&format!("{door}?limit={limit}")).await.problem(400, "malformed_query");
            }
            assert_eq!(client.get(door).await.expect(200).body["items"].as_array().map(|items| items.len() <= 20), Some(true));
        }
    }
}
