//! The emergency call: a press opens it, it rings until somebody has it, and only a person ends it.

mod around;
mod bad;
mod course;
mod figures;
mod handover;
mod ladder;
mod mishaps;
mod mqtt;
mod race;
mod reach;
mod rules;
mod stream;
mod supervision;
mod watchdog;

use crate::support::{Answer, Client, TestApp};
use hotline::platform::crypto::sha256;
use hotline::platform::crypto::signed::Signed;
use serde_json::{Value, json};

const CALLS: &str = "/api/v1/callbell/calls";
const EVENTS: &str = "/api/v1/callbell/events";
const QUARANTINE: &str = "/api/v1/callbell/quarantine";
/// A bell of the demonstration, in 羊桥社区.
const BELL: &str = "DEMO-BELL-1";
const HANDLER: &str = "handler-a-440703002101";
const OTHER_HANDLER: &str = "handler-b-440703002101";
const STRANGER: &str = "handler-a-440703002102";

/// The secret of a bell of the demonstration.
fn secret(serial: &str) -> Vec<u8> {
    sha256(&[b"hotline demonstration bell ", serial.as_bytes()])
}

/// Sends what a device says, signed by a secret.
async fn send(app: &TestApp, id: &str, body: &[u8], secret: &[u8]) -> Answer {
    let signed = Signed {
        id,
        timestamp: "1800000000",
        body,
    };
    let nobody = app.nobody();
    let request = nobody
        .request("POST", EVENTS)
        .header("webhook-id", id)
        .header("webhook-timestamp", signed.timestamp)
        .header("webhook-signature", signed.sign(secret))
        .header("content-type", "application/json")
        .body(body.to_vec());
    nobody.send(request).await
}

/// What a bell of the demonstration says.
async fn say(app: &TestApp, message: &Value) -> Answer {
    let id = message["event_id"].as_str().unwrap();
    let serial = message["device_id"].as_str().unwrap();
    send(app, id, message.to_string().as_bytes(), &secret(serial)).await
}

fn message(event: &str, kind: &str) -> Value {
    json!({ "event_id": event, "device_id": BELL, "kind": kind, "location": "卧室" })
}

/// A press; the call.
async fn press(app: &TestApp, event: &str) -> String {
    let taken = say(app, &message(event, "press")).await;
    taken.expect(200);
    taken.text_at("/call_id")
}

async fn shown(client: &Client, call: &str) -> Answer {
    let answer = client.get(&format!("{CALLS}/{call}")).await;
    answer.expect(200);
    answer
}

async fn act(client: &Client, call: &str, action: &Value) -> Answer {
    client.post(&format!("{CALLS}/{call}/actions"), action).await
}

/// Kinds of a call's log.
fn log(call: &Answer) -> Vec<&str> {
    let log = call.body["log"].as_array().unwrap().iter();
    log.map(|entry| entry["kind"].as_str().unwrap()).collect()
}

/// Texts in somebody's inbox that are about bells, newest first.
async fn told(client: &Client) -> Vec<String> {
    inbox(client, "平安铃").await
}

/// Texts in somebody's inbox that have a word, newest first.
async fn inbox(client: &Client, word: &str) -> Vec<String> {
    let notices = client.get("/api/v1/notices?limit=100").await;
    notices.expect(200);
    let items = notices.body["items"].as_array().unwrap().iter();
    let texts = items.map(|notice| {
        notice["text"]
            .as_str()
            .or(notice["body"].as_str())
            .unwrap()
            .to_owned()
    });
    texts.filter(|text| text.contains(word)).collect()
}
