//! Consoles hear of each turn, and miss none when they come back.

use super::{HANDLER, STRANGER, act, message, press, say};
use crate::on_both;
use crate::support::{Client, TestApp};
use serde_json::json;
use std::time::Duration;

/// Reads a stream until it has told so much, or a while is over.
async fn heard(client: &Client, after: Option<&str>, wanted: &str) -> String {
    let mut request = client.request("GET", "/api/v1/callbell/stream");
    if let Some(after) = after {
        request = request.header("Last-Event-ID", after);
    }
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut text = String::new();
    let reading = async {
        while let Ok(Some(part)) = answer.chunk().await {
            text.push_str(&String::from_utf8_lossy(&part));
            if text.contains(wanted) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), reading).await;
    text
}

async fn positions(app: &TestApp) {
    app.pass("events").await;
}

on_both! {
    /// From a position on, everything is told in order, with the call as it stands.
    async fn nothing_is_missed(app: TestApp) {
        let handler = app.staff(HANDLER).await;
        let ready = heard(&handler, None, "event: ready").await;
        let id = ready.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
        let call = press(&app, "e-1").await;
        act(&handler, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        say(&app, &message("e-2", "cancel")).await.expect(200);
        positions(&app).await;
        let text = heard(&handler, Some(&id), "event: call.cancel_requested").await;
        let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        let at = |wanted: &str| events.iter().position(|event| *event == wanted).unwrap_or_else(|| panic!("{wanted} in {events:?}"));
        assert!(at("call.opened") < at("call.rung") && at("call.rung") < at("call.acknowledged"), "{events:?}");
        assert!(at("call.acknowledged") < at("call.cancel_requested"), "{events:?}");
        assert!(text.contains(&call) && text.contains("演示居民甲"), "{text}");
        // Elsewhere nobody hears of it.
        let elsewhere = app.staff(STRANGER).await;
        let quiet = tokio::time::timeout(Duration::from_secs(2), heard(&elsewhere, Some(&id), "event: call.opened")).await;
        assert!(quiet.is_err(), "{quiet:?}");
        app.nobody().get("/api/v1/callbell/stream").await.problem(401, "unauthenticated");
    }
}
