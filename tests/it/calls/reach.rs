//! People are reached by one way or another: a channel that fails gives way to the next at once, an outage loses nothing and
//! makes no storm, and webhooks are signed.

use super::{HANDLER, OTHER_HANDLER, act, press, shown};
use crate::support::{Got, Receiver, TestApp, mail_server, on_each};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hotline::platform::config::Config;
use hotline::platform::crypto::signed::Signed;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn gateway(config: &mut Config, receiver: &Receiver) {
    config.sms.log_only = false;
    config.sms.url = format!("{}/sms", receiver.base);
    config.outbound.allow_hosts = vec!["127.0.0.1".into()];
}

/// Both handlers are reached by these ways, in this order.
pub(super) async fn reachable(app: &TestApp, channels: Value) {
    for name in [HANDLER, OTHER_HANDLER] {
        let client = app.staff(name).await;
        let id = client.get("/api/v1/me").await.text_at("/id");
        let path = format!("/api/v1/duty/contacts/{id}");
        let etag = client.get(&path).await.etag();
        let body = json!({ "phone": "13900000021", "email": "somebody@example.org", "channels": channels });
        client.change("PUT", &path, &etag, &body).await.expect(200);
    }
}

/// The gateway refuses: voice and e-mail follow in the same moment, and the log of the call tells each attempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_fails_gives_way() {
    on_each(async |backend| {
        let sms = Receiver::start();
        sms.answers(500);
        let (port, mails) = mail_server().await;
        let app = TestApp::start_with(backend, |config| {
            gateway(config, &sms);
            config.mail.url = format!("smtp://127.0.0.1:{port}").into();
            config.mail.from = "hotline <noreply@example.org>".into();
        })
        .await;
        reachable(&app, json!(["sms", "voice", "email"])).await;
        let call = press(&app, "e-1").await;
        app.settle().await;
        let sent = mails.lock().unwrap().clone();
        let helped = sent.iter().filter(|mail| mail.contains("somebody@example.org"));
        assert!(helped.count() >= 1, "{sent:?}");
        let seen = shown(&app.staff(HANDLER).await, &call).await;
        let tried: Vec<(&str, bool)> = seen.body["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|attempt| attempt["staff_id"].is_string())
            .map(|attempt| {
                (
                    attempt["channel"].as_str().unwrap(),
                    attempt["sent"].as_bool().unwrap(),
                )
            })
            .collect();
        for wanted in [("sms", false), ("voice", false), ("email", true)] {
            assert!(tried.contains(&wanted), "{wanted:?} in {tried:?}");
        }
        assert!(
            seen.text.contains("the SMS gateway answered 500"),
            "{}",
            seen.text
        );
        sms.stop().await;
        app.stop().await;
    })
    .await;
}

/// The gateway takes everything and never answers: consoles hear of the call meanwhile, and after a few seconds e-mail
/// follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_hangs_holds_nobody_up() {
    on_each(async |backend| {
        let (sms, console) = (Receiver::start(), Receiver::start());
        sms.hangs();
        let (port, mails) = mail_server().await;
        let app = TestApp::start_with(backend, |config| {
            gateway(config, &sms);
            config.mail.url = format!("smtp://127.0.0.1:{port}").into();
            config.mail.from = "hotline <noreply@example.org>".into();
            config.callbell.webhook_urls = vec![format!("{}/console", console.base)];
            config.callbell.webhook_secret = format!("whsec_{}", STANDARD.encode([7_u8; 32])).into();
        })
        .await;
        reachable(&app, json!(["sms", "email"])).await;
        let call = press(&app, "e-1").await;
        let mut told_meanwhile = false;
        tokio::select! {
            biased;
            () = app.pass("emergency_notices") => {}
            () = async {
                while console.got().is_empty() || sms.got().is_empty() {
                    tokio::task::yield_now().await;
                }
                told_meanwhile = mails.lock().unwrap().is_empty();
                std::future::pending::<()>().await;
            } => {}
        }
        assert!(told_meanwhile, "the console heard of it while the gateway hung");
        app.pass("emergency_notices").await;
        let sent = mails.lock().unwrap().clone();
        assert!(
            sent.iter().any(|mail| mail.contains("somebody@example.org")),
            "{sent:?}"
        );
        let seen = shown(&app.staff(HANDLER).await, &call).await;
        assert!(seen.text.contains("no answer within 4 s"), "{}", seen.text);
        sms.stop().await;
        console.stop().await;
        app.stop().await;
    })
    .await;
}

/// While the gateway is out, each message is tried a few times a minute; when it is back, none is missing; and once
/// somebody has the call, nobody is rung any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_loses_nothing_and_makes_no_storm() {
    on_each(async |backend| {
        let sms = Receiver::start();
        sms.answers(503);
        let app = TestApp::start_with(backend, |config| gateway(config, &sms)).await;
        reachable(&app, json!(["sms"])).await;
        let call = press(&app, "e-1").await;
        for _ in 0..60 {
            app.pass("emergency_notices").await;
            app.turn(TimeDelta::seconds(1));
        }
        let key = |got: &Got| got.headers["idempotency-key"].clone();
        let during = sms.got();
        let first: Value = serde_json::from_slice(&during[0].body).unwrap();
        assert_eq!(
            (&first["lane"], &first["channel"]),
            (&json!("emergency"), &json!("sms"))
        );
        let tried: BTreeSet<String> = during.iter().map(key).collect();
        let each = during.len() / tried.len();
        assert!(
            (3..=10).contains(&each),
            "{each} attempts for a message in a minute"
        );
        sms.answers(200);
        app.turn(TimeDelta::seconds(60));
        app.pass("emergency_notices").await;
        let arrived: BTreeSet<String> = sms.got()[during.len()..].iter().map(key).collect();
        assert_eq!(arrived, tried, "each message of before, by the same key");
        act(
            &app.staff(HANDLER).await,
            &call,
            &json!({ "action": "acknowledge" }),
        )
        .await
        .expect(200);
        app.settle().await;
        let quiet = sms.got().len();
        app.turn(TimeDelta::seconds(60));
        app.pass("emergency_notices").await;
        assert_eq!(sms.got().len(), quiet);
        sms.stop().await;
        app.stop().await;
    })
    .await;
}

/// A webhook is signed as Standard Webhooks says, tried again under the same id, and names nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_signed() {
    on_each(async |backend| {
        let console = Receiver::start();
        console.answers(500);
        let bytes = [7_u8; 32];
        let app = TestApp::start_with(backend, |config| {
            config.outbound.allow_hosts = vec!["127.0.0.1".into()];
            config.callbell.webhook_urls = vec![format!("{}/console", console.base)];
            config.callbell.webhook_secret = format!("whsec_{}", STANDARD.encode(bytes)).into();
        })
        .await;
        let call = press(&app, "e-1").await;
        app.pass("emergency_notices").await;
        console.answers(200);
        app.turn(TimeDelta::seconds(6));
        app.pass("emergency_notices").await;
        let got = console.got();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].headers["webhook-id"], got[1].headers["webhook-id"]);
        for one in &got {
            assert_eq!(one.path, "/console");
            let signed = Signed {
                id: &one.headers["webhook-id"],
                timestamp: &one.headers["webhook-timestamp"],
                body: &one.body,
            };
            assert!(signed.is_by(&bytes, &one.headers["webhook-signature"]));
            let body: Value = serde_json::from_slice(&one.body).unwrap();
            assert_eq!(
                (&body["type"], &body["data"]["call_id"]),
                (&json!("callbell.rung"), &json!(call))
            );
            assert!(!String::from_utf8_lossy(&one.body).contains("演示居民"));
        }
        console.stop().await;
        app.stop().await;
    })
    .await;
}
