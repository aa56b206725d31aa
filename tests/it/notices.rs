//! Messages: the gateway's contract, retries, dead letters, the inbox.

use crate::on_both;
use crate::support::{Backend, TestApp, mail_server};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// An SMS gateway that answers as it is told and keeps what it got.
#[derive(Clone, Default)]
struct Gateway {
    got: Arc<Mutex<Vec<(String, Value)>>>,
    fails: Arc<Mutex<usize>>,
    sending: Arc<Mutex<HashSet<String>>>,
}

impl Gateway {
    fn start(&self) -> (String, ServerHandle) {
        let gateway = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(gateway.clone()))
                .route("/sms", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/sms", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        (url, handle)
    }

    fn refuses(&self) -> bool {
        let mut fails = self.fails.lock().unwrap();
        let refuses = *fails > 0;
        *fails = fails.saturating_sub(1);
        refuses
    }

    fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

async fn take(gateway: web::Data<Gateway>, request: HttpRequest, body: web::Json<Value>) -> HttpResponse {
    if gateway.refuses() {
        return HttpResponse::InternalServerError().finish();
    }
    let key = request
        .headers()
        .get("idempotency-key")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        request.headers().get("authorization").unwrap(),
        "Bearer gateway-token"
    );
    let phone = body["phone"].as_str().unwrap().to_owned();
    let alone = gateway.sending.lock().unwrap().insert(phone.clone());
    assert!(
        alone,
        "two messages to one person at a time could overtake each other"
    );
    // Time for another to come.
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    gateway.sending.lock().unwrap().remove(&phone);
    gateway.got.lock().unwrap().push((key, body.into_inner()));
    HttpResponse::Ok().finish()
}

async fn with_gateway(backend: Backend, allow: bool) -> (TestApp, Gateway, ServerHandle) {
    let gateway = Gateway::default();
    let (url, handle) = gateway.start();
    let app = TestApp::start_with(backend, |config| {
        config.sms.log_only = false;
        config.sms.url = url;
        config.sms.token = "gateway-token".to_owned().into();
        if allow {
            config.outbound.allow_hosts = vec!["127.0.0.1".into()];
        }
    })
    .await;
    (app, gateway, handle)
}

on_both! {
    /// Who has no mobile number is told by e-mail; who wants no reply hears of the receipt only.
    async fn those_without_a_mobile_number_are_told_by_email(ignored: TestApp) {
        let (port, got) = mail_server().await;
        let app = TestApp::start_with(ignored.backend, |config| {
            config.mail.url = format!("smtp://127.0.0.1:{port}").into();
            config.mail.from = "hotline <noreply@example.org>".into();
        })
        .await;
        let operator = app.staff("operator").await;
        let person = json!({ "kind": "person", "name": "测试", "phone": "0750-3322110", "email": "someone@example.org" });
        operator.post("/api/v1/residents", &person).await.expect(201);
        let request = |wants_reply: bool| json!({
            "requester": { "phone": "0750-3322110" }, "category": "020101", "title": "证明", "content": "材料",
            "place": { "address": "羊桥社区" }, "wants_reply": wants_reply
        });
        operator.post("/api/v1/tickets", &request(true)).await.expect(201);
        app.settle().await;
        let mails = got.lock().unwrap().clone();
        assert_eq!(mails.len(), 1, "received, and with whom, in one: {mails:?}");
        assert!(mails.iter().all(|mail| mail.contains("<someone@example.org>")));
        operator.post("/api/v1/tickets", &request(false)).await.expect(201);
        app.settle().await;
        assert_eq!(got.lock().unwrap().len(), 2);
        app.stop().await;
    }

    /// A failing gateway is tried again later; each message is taken once.
    async fn messages_are_tried_again_and_sent_once(ignored: TestApp) {
        let (app, gateway, handle) = with_gateway(ignored.backend, true).await;
        *gateway.fails.lock().unwrap() = 2;
        let body = json!({ "phone": "139 0000 0002" });
        app.nobody().post("/api/v1/auth/code", &body).await.expect(200);
        app.settle().await;
        assert_eq!(gateway.count(), 0);
        app.turn(TimeDelta::seconds(6));
        app.settle().await;
        assert_eq!(gateway.count(), 0);
        app.turn(TimeDelta::seconds(31));
        app.settle().await;
        app.settle().await;
        assert_eq!(gateway.count(), 1);
        let (key, message) = gateway.got.lock().unwrap()[0].clone();
        assert_eq!(message["id"], key);
        assert_eq!(message["phone"], "+8613900000002");
        let text = message["text"].as_str().unwrap();
        let code: String = text.chars().filter(char::is_ascii_digit).skip(5).take(6).collect();
        let login = json!({ "phone": "13900000002", "code": code });
        app.nobody().post("/api/v1/auth/code/login", &login).await.expect(200);
        handle.stop(false).await;
        app.stop().await;
    }

    /// Messages to one person go out one after the other, oldest first; those to others beside them.
    async fn messages_do_not_overtake_each_other(ignored: TestApp) {
        let (app, gateway, handle) = with_gateway(ignored.backend, true).await;
        let operator = app.staff("operator").await;
        for phone in ["13900000001", "13900000002"] {
            for title in ["楼道灯不亮", "楼道堆放杂物", "广场舞噪声"] {
                let request = json!({
                    "requester": { "phone": phone },
                    "category": "120302", "title": title, "content": "请处理。",
                    "place": { "address": "白沙街道羊桥社区演示路1号" },
                });
                operator.post("/api/v1/tickets", &request).await.expect(201);
            }
        }
        app.settle().await;
        let got = gateway.got.lock().unwrap().clone();
        for phone in ["+8613900000001", "+8613900000002"] {
            let theirs: Vec<_> = got
                .iter()
                .filter(|(_, message)| message["phone"] == phone)
                .map(|(key, _)| key)
                .collect();
            assert!(theirs.len() >= 3, "{got:?}");
            assert!(theirs.is_sorted(), "ids grow with time: {theirs:?}");
        }
        handle.stop(false).await;
        app.stop().await;
    }

    /// What can't be sent is kept for the administrator, who sends it again; a private address is never tried.
    async fn dead_messages_are_seen_and_sent_again(ignored: TestApp) {
        let (app, gateway, handle) = with_gateway(ignored.backend, false).await;
        app.nobody().post("/api/v1/auth/code", &json!({ "phone": "13900000002" })).await.expect(200);
        for _ in 0..9 {
            app.settle().await;
            app.turn(TimeDelta::days(2));
        }
        assert_eq!(gateway.count(), 0, "the gateway's address is private");
        let admin = app.staff("sysadmin").await;
        let dead = admin.get("/api/v1/notices/dead").await;
        dead.expect(200);
        assert_eq!(dead.body["items"][0]["template"], "login_code");
        assert!(dead.body["items"][0]["last_error"].as_str().unwrap().contains("not public"));
        assert!(!dead.text.contains("13900000002") && !dead.text.contains("验证码"));
        let path = format!("/api/v1/notices/{}/resend", dead.text_at("/items/0/id"));
        let again = admin.post(&path, &json!({})).await;
        assert_eq!(again.body["state"], "pending");
        admin.post(&path, &json!({})).await.problem(404, "not_found");
        handle.stop(false).await;
        app.stop().await;
    }

    /// Received and with whom, at once: one text. Who wants no reply gets one that says no more than received.
    async fn one_text_says_received_and_with_whom(ignored: TestApp) {
        for (wants_reply, texts) in [(true, ["ticket_received"]), (false, ["ticket_registered"])] {
            let (app, gateway, handle) = with_gateway(ignored.backend, true).await;
            let resident = app.resident("13900000001").await;
            app.settle().await;
            let before = gateway.count();
            let request = json!({
                "category": "020101", "title": "证明", "content": "材料", "wants_reply": wants_reply,
                "place": { "address": "白沙街道羊桥社区演示路1号" },
            });
            resident.post("/api/v1/tickets", &request).await.expect(201);
            app.settle().await;
            let got = gateway.got.lock().unwrap()[before..].to_vec();
            let told: Vec<&str> = got.iter().map(|(_, message)| message["template"].as_str().unwrap()).collect();
            assert_eq!(told, texts);
            let text = got[0].1["text"].as_str().unwrap();
            assert_eq!(text.contains("羊桥社区") && text.contains("前答复"), wants_reply, "{text}");
            handle.stop(false).await;
            app.stop().await;
        }
    }

    /// The inbox is one's own, newest first, and remembers what was read.
    async fn the_inbox_is_ones_own(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let request = json!({
            "category": "020101", "title": "证明", "content": "材料", "place": { "address": "羊桥社区" }
        });
        let made = resident.post("/api/v1/tickets", &request).await;
        made.expect(201);
        resident.act(&made.text_at("/ticket/id"), &json!({ "action": "withdraw", "reason": "不用了" })).await.expect(200);
        app.settle().await;
        let inbox = resident.get("/api/v1/notices?unread=true&limit=1").await;
        inbox.expect(200);
        let next = inbox.text_at("/next_cursor");
        let id = inbox.text_at("/items/0/id");
        let rest = resident.get(&format!("/api/v1/notices?unread=true&limit=1&cursor={next}")).await;
        assert_eq!(rest.body["items"][0]["template"], "ticket_received");
        resident.get(&format!("/api/v1/notices?limit=1&cursor={next}")).await.problem(400, "invalid_cursor");
        let read = |client: crate::support::Client| {
            let path = format!("/api/v1/notices/{id}/read");
            async move { client.send(client.request("PUT", &path)).await }
        };
        read(app.resident("13900000002").await).await.problem(404, "not_found");
        read(resident.clone()).await.expect(204);
        let left = resident.get("/api/v1/notices?unread=true").await;
        assert_eq!(left.body["items"].as_array().unwrap().len(), 1);
        let mut told = Vec::new();
        for handler in ["handler-a-440703002101", "handler-b-440703002101"] {
            let theirs = app.staff(handler).await.get("/api/v1/notices").await;
            told.push(theirs.body["items"].as_array().unwrap().len());
        }
        told.sort_unstable();
        assert_eq!(told, [0, 2], "the one it was given to hears of it, and of its end");
    }
}
