//! Consoles hear of each turn, and miss none when they come back.

use super::{HANDLER, STRANGER, act, message, press, say};
use crate::on_both;
use crate::support::{Backend, TestApp};
use serde_json::json;
use std::time::Duration;

const STREAM: &str = "/api/v1/callbell/stream";

async fn positions(app: &TestApp) {
    app.pass("events").await;
}

on_both! {
    /// From a position on, everything is told in order, with the call as it stands.
    async fn nothing_is_missed(app: TestApp) {
        let handler = app.staff(HANDLER).await;
        let ready = handler.heard(STREAM, None, "event: ready").await;
        let id = ready.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
        let call = press(&app, "e-1").await;
        act(&handler, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        say(&app, &message("e-2", "cancel")).await.expect(200);
        positions(&app).await;
        let text = handler.heard(STREAM, Some(&id), "event: call.cancel_requested").await;
        let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        let at = |wanted: &str| events.iter().position(|event| *event == wanted).unwrap_or_else(|| panic!("{wanted} in {events:?}"));
        assert!(at("call.opened") < at("call.rung") && at("call.rung") < at("call.acknowledged"), "{events:?}");
        assert!(at("call.acknowledged") < at("call.cancel_requested"), "{events:?}");
        assert!(text.contains(&call) && text.contains("演示居民甲"), "{text}");
        // Elsewhere nobody hears of it.
        let elsewhere = app.staff(STRANGER).await;
        let quiet = tokio::time::timeout(Duration::from_secs(2), elsewhere.heard(STREAM, Some(&id), "event: call.opened")).await;
        assert!(quiet.is_err(), "{quiet:?}");
        app.nobody().get("/api/v1/callbell/stream").await.problem(401, "unauthenticated");
    }
}

/// Who listens at one instance hears what another one took in, and goes on there where the first broke off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_tell_the_same() {
    if !Backend::postgres_is_there() {
        return;
    }
    let app = TestApp::start(Backend::Postgres).await;
    let other = app.second().await;
    let (here, there) = (app.staff(HANDLER).await, other.staff(HANDLER).await);
    let ready = there.heard(STREAM, None, "event: ready").await;
    let id = ready
        .lines()
        .find_map(|line| line.strip_prefix("id: "))
        .unwrap()
        .to_owned();
    let listening = tokio::spawn(async move { there.heard(STREAM, Some(&id), "event: call.rung").await });
    let call = press(&app, "e-1").await;
    positions(&app).await;
    let text = listening.await.unwrap();
    assert!(
        text.contains("event: call.rung") && text.contains(&call),
        "{text}"
    );
    let last = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .next_back()
        .unwrap()
        .to_owned();
    act(&here, &call, &json!({ "action": "acknowledge" }))
        .await
        .expect(200);
    positions(&other).await;
    let text = here.heard(STREAM, Some(&last), "event: call.acknowledged").await;
    assert!(text.contains("event: call.acknowledged"), "{text}");
    // By the id that the other instance gave: nothing comes twice.
    assert!(!text.contains("event: call.opened"), "{text}");
    other.stop().await;
    app.stop().await;
}
