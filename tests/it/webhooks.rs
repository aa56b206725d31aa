//! What happened is told to other systems: as a list, as a stream, and by webhook.

mod deliveries;
mod failures;
mod log;

use crate::support::{Answer, Client, Got, Receiver, TestApp};
use hotline::platform::config::Config;
use serde_json::{Value, json};

const WEBHOOKS: &str = "/api/v1/webhooks";

/// The receiver of these tests is on this machine: it must be allowed.
fn allowing(config: &mut Config) {
    config.outbound.allow_hosts = vec!["127.0.0.1".into()];
    config.outbound.timeout_ms = 1_000;
}

/// A webhook of the district that hears of these types, and its secret.
async fn made(app: &TestApp, receiver: &Receiver, path: &str, more: Value) -> (String, String) {
    let unit = app.unit("440703").await;
    let mut body =
        json!({ "url": format!("{}{path}", receiver.base), "types": ["ticket.*"], "unit_id": unit["id"] });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = app.staff("sysadmin").await.post(WEBHOOKS, &body).await;
    made.expect(201);
    (made.text_at("/webhook/id"), made.text_at("/secret"))
}

async fn register(operator: &Client) -> String {
    let request = json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" } });
    let made = operator.post("/api/v1/tickets", &request).await;
    made.expect(201);
    made.text_at("/ticket/id")
}

async fn note(operator: &Client, id: &str) {
    operator
        .act(id, &json!({ "action": "note", "internal_text": "看过" }))
        .await
        .expect(200);
}

/// What is new is written, and sent as far as it is due.
async fn deliver(app: &TestApp) {
    app.pass("events").await;
    app.pass("webhooks").await;
    app.pass("webhook_messages").await;
}

fn body(got: &Got) -> Value {
    serde_json::from_slice(&got.body).unwrap()
}

/// Types of what came, in the order in which it came.
fn types(got: &[Got]) -> Vec<String> {
    got.iter()
        .map(|got| body(got)["type"].as_str().unwrap().to_owned())
        .collect()
}

async fn messages(app: &TestApp, id: &str, query: &str) -> Answer {
    let answer = app
        .staff("sysadmin")
        .await
        .get(&format!("{WEBHOOKS}/{id}/messages{query}"))
        .await;
    answer.expect(200);
    answer
}

async fn shown(app: &TestApp, id: &str) -> Answer {
    let answer = app.staff("sysadmin").await.get(&format!("{WEBHOOKS}/{id}")).await;
    answer.expect(200);
    answer
}
