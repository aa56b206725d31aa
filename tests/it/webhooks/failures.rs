//! Receivers that fail, hang, redirect, are gone, or are no place to send to; and a process that dies while it sends.

use super::{WEBHOOKS, allowing, body, deliver, made, messages, note, register, shown, types};
use crate::support::{Receiver, TestApp, on_each};
use chrono::TimeDelta;
use entity::webhook_message;
use sea_orm::sea_query::Expr;
use sea_orm::{Database, EntityTrait};
use serde_json::{Value, json};

/// A message that is not taken is tried again after five seconds, five minutes and so on, by the same id, and those about the
/// same ticket wait for it; then it is given up, and sent again by hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_taken_is_tried_again_for_days() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        receiver.answers(500);
        let app = TestApp::start_with(backend, allowing).await;
        let (id, _) = made(&app, &receiver, "/hook", json!({})).await;
        let ticket = register(&app.staff("operator").await).await;
        deliver(&app).await;
        assert_eq!(types(&receiver.got()), ["ticket.registered"], "the others wait");
        let waits = [5_i64, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (n, wait) in waits.into_iter().enumerate() {
            app.turn(TimeDelta::seconds(wait - 1));
            deliver(&app).await;
            assert_eq!(receiver.got().len(), n + 1, "not yet");
            app.turn(TimeDelta::seconds(wait / 5 + 2));
            deliver(&app).await;
            let got = receiver.got();
            let ids: std::collections::BTreeSet<&String> =
                got.iter().map(|got| &got.headers["webhook-id"]).collect();
            if n < waits.len() - 1 {
                assert_eq!((got.len(), ids.len()), (n + 2, 1));
            }
        }
        let dead = messages(&app, &id, "?state=dead").await;
        assert_eq!(dead.text_at("/items/0/type"), "ticket.registered");
        assert_eq!(dead.body["items"][0]["attempts"].as_array().unwrap().len(), 10);
        assert_eq!(dead.text_at("/items/0/attempts/9/error"), "answered 500");
        assert!(
            types(&receiver.got()).contains(&"ticket.accepted".to_owned()),
            "the next one goes on"
        );
        receiver.answers(204);
        let admin = app.staff("sysadmin").await;
        let before = receiver.got().len();
        let again = admin
            .post(
                &format!("{WEBHOOKS}/{id}/resend"),
                &json!({ "since": "2026-01-01T00:00:00Z" }),
            )
            .await;
        again.expect(200);
        assert_eq!(again.body["messages"], 1);
        deliver(&app).await;
        app.turn(TimeDelta::seconds(6));
        deliver(&app).await;
        deliver(&app).await;
        let after = receiver.got()[before..].to_vec();
        let mine: Vec<Value> = after
            .iter()
            .map(body)
            .filter(|body| body["subject_id"] == ticket)
            .collect();
        assert!(
            mine.iter().any(|body| body["type"] == "ticket.registered"),
            "{mine:?}"
        );
        assert_eq!(
            messages(&app, &id, "?state=pending").await.body["items"],
            json!([])
        );
        assert!(shown(&app, &id).await.body.get("failing_since").is_none());
        let delivered = messages(&app, &id, "?state=delivered")
            .await
            .text_at("/items/0/id");
        admin
            .post(
                &format!("{WEBHOOKS}/{id}/messages/{delivered}/resend"),
                &json!({}),
            )
            .await
            .expect(200);
        let before = receiver.got().len();
        deliver(&app).await;
        assert_eq!(receiver.got().len(), before + 1);
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}

/// Who says that it is gone is asked no more, and the administrators hear of it; so is who takes nothing for five days. Switched
/// on again, it is told what it missed, in order; or not, if that is skipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_gone_is_left_alone_and_misses_nothing() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        receiver.answers(410);
        let app = TestApp::start_with(backend, allowing).await;
        let (id, _) = made(
            &app,
            &receiver,
            "/hook",
            json!({ "types": ["ticket.registered"] }),
        )
        .await;
        let operator = app.staff("operator").await;
        let first = register(&operator).await;
        deliver(&app).await;
        let off = shown(&app, &id).await;
        assert_eq!(
            (&off.body["state"], &off.body["off_reason"]),
            (&json!("off"), &json!("gone"))
        );
        let notices = app.staff("sysadmin").await.get("/api/v1/notices").await;
        assert!(notices.text.contains("已停用"), "{}", notices.text);
        let second = register(&operator).await;
        app.turn(TimeDelta::hours(1));
        deliver(&app).await;
        assert_eq!(receiver.got().len(), 1, "it is left alone");
        app.staff("sysadmin")
            .await
            .post(&format!("{WEBHOOKS}/{id}/test"), &json!({}))
            .await
            .problem(409, "action_not_allowed");
        receiver.answers(200);
        let admin = app.staff("sysadmin").await;
        let path = format!("{WEBHOOKS}/{id}");
        let on = admin
            .change("PATCH", &path, &off.etag(), &json!({ "state": "active" }))
            .await;
        on.expect(200);
        deliver(&app).await;
        deliver(&app).await;
        let told: Vec<Value> = receiver.got()[1..]
            .iter()
            .map(|got| body(got)["subject_id"].clone())
            .collect();
        assert_eq!(told, [json!(first), json!(second)]);
        let off = admin
            .change("PATCH", &path, &on.etag(), &json!({ "state": "off" }))
            .await;
        off.expect(200);
        register(&app.staff("operator").await).await;
        app.pass("events").await;
        admin
            .change(
                "PATCH",
                &path,
                &off.etag(),
                &json!({ "state": "active", "skip": true }),
            )
            .await
            .expect(200);
        deliver(&app).await;
        assert_eq!(receiver.got().len(), 3, "what was skipped is not told");
        // Five days of nothing but errors.
        receiver.answers(503);
        let etag = shown(&app, &id).await.etag();
        assert!(!etag.is_empty());
        register(&app.staff("operator").await).await;
        deliver(&app).await;
        for _ in 0..6 {
            app.turn(TimeDelta::hours(29));
            deliver(&app).await;
        }
        assert_eq!(shown(&app, &id).await.body["off_reason"], "failing");
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}

/// One that never answers keeps no other waiting; a redirect is not followed; how an answer begins is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_delays_no_other() {
    on_each(async |backend| {
        let (slow, quick) = (Receiver::start(), Receiver::start());
        slow.hangs();
        let app = TestApp::start_with(backend, allowing).await;
        let (hangs, _) = made(&app, &slow, "/slow", json!({})).await;
        let (answers, _) = made(&app, &quick, "/quick", json!({})).await;
        let operator = app.staff("operator").await;
        let ticket = register(&operator).await;
        app.pass("events").await;
        app.pass("webhooks").await;
        let mut meanwhile = 0;
        tokio::select! {
            biased;
            () = app.pass("webhook_messages") => {}
            () = async {
                while quick.got().len() < 3 {
                    tokio::task::yield_now().await;
                }
                meanwhile = slow.got().len();
                std::future::pending::<()>().await;
            } => {}
        }
        assert_eq!(
            (quick.got().len(), meanwhile),
            (3, 1),
            "all of it while the other hung"
        );
        let tried = messages(&app, &hangs, "").await;
        assert_eq!(tried.body["items"][2]["state"], "pending");
        assert!(
            tried.body["items"][2]["attempts"][0]["error"].is_string(),
            "{}",
            tried.text
        );
        quick.answers(302);
        note(&operator, &ticket).await;
        deliver(&app).await;
        let tried = messages(&app, &answers, "?state=pending").await;
        assert_eq!(
            (
                &tried.body["items"][0]["attempts"][0]["status"],
                tried.text_at("/items/0/attempts/0/error")
            ),
            (&json!(302), "answered 302; redirects are not followed".to_owned())
        );
        slow.stop().await;
        quick.stop().await;
        app.stop().await;
    })
    .await;
}

/// Killed while it sends: when the lease has run out the message goes out again, by the same id; nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_dies_loses_nothing() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        let app = TestApp::start_with(backend, allowing).await;
        let (id, _) = made(
            &app,
            &receiver,
            "/hook",
            json!({ "types": ["ticket.registered"] }),
        )
        .await;
        register(&app.staff("operator").await).await;
        app.pass("events").await;
        app.pass("webhooks").await;
        let db = Database::connect(&app.database).await.unwrap();
        // As a process leaves it that is killed after it has claimed it.
        let until = app.clock.now() + TimeDelta::seconds(60);
        let held = webhook_message::Entity::update_many()
            .col_expr(
                webhook_message::Column::LeasedBy,
                Expr::value(uuid::Uuid::from_u128(7)),
            )
            .col_expr(webhook_message::Column::LeasedUntil, Expr::value(until))
            .exec(&db)
            .await
            .unwrap();
        assert_eq!(held.rows_affected, 1);
        db.close().await.unwrap();
        deliver(&app).await;
        assert_eq!(receiver.got().len(), 0, "another one has it");
        app.turn(TimeDelta::seconds(61));
        deliver(&app).await;
        assert_eq!(receiver.got().len(), 1);
        assert_eq!(
            messages(&app, &id, "?state=delivered").await.body["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}

/// Places inside are refused when a webhook is made, and once more when a name is resolved; nothing connects.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_inside_are_no_receivers() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        let port = receiver.base.rsplit(':').next().unwrap().to_owned();
        let app = TestApp::start(backend).await;
        let admin = app.staff("sysadmin").await;
        let unit = app.unit("440703").await["id"].clone();
        let body = |url: &str| json!({ "url": url, "types": ["*"], "unit_id": unit });
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "10.0.0.8",
            "169.254.169.254",
            "192.168.1.1",
        ] {
            let refused = admin
                .post(WEBHOOKS, &body(&format!("http://{host}:{port}/")))
                .await;
            assert_eq!(
                refused.problem(422, "invalid_input").rule("/url"),
                Some("form"),
                "{host}"
            );
        }
        for (wrong, field, rule) in [
            (body("ftp://example.org/"), "/url", "form"),
            (body("nonsense"), "/url", "form"),
            (body(""), "/url", "required"),
            (
                json!({ "url": "https://example.org/", "types": [], "unit_id": unit }),
                "/types",
                "required",
            ),
            (
                json!({ "url": "https://example.org/", "types": ["ticket.*", "weather.*"], "unit_id": unit }),
                "/types/1",
                "unknown",
            ),
            (
                json!({ "url": "https://example.org/", "types": ["*"] }),
                "/unit_id",
                "required",
            ),
            (
                json!({ "url": "https://example.org/", "types": ["*"], "unit_id": uuid::Uuid::nil() }),
                "/unit_id",
                "unknown",
            ),
        ] {
            let refused = admin.post(WEBHOOKS, &wrong).await;
            assert_eq!(
                refused.problem(422, "invalid_input").rule(field),
                Some(rule),
                "{wrong}: {}",
                refused.text
            );
        }
        // A name that points inside passes as a name, and never connects.
        let made = admin
            .post(WEBHOOKS, &body(&format!("http://localhost:{port}/")))
            .await;
        made.expect(201);
        let id = made.text_at("/webhook/id");
        admin
            .post(&format!("{WEBHOOKS}/{id}/test"), &json!({}))
            .await
            .expect(200);
        deliver(&app).await;
        let tried = messages(&app, &id, "").await;
        assert!(
            tried.body["items"][0]["attempts"][0]["error"].is_string(),
            "{}",
            tried.text
        );
        assert_eq!(receiver.got().len(), 0);
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}
