//! The whole life of a ticket over HTTP: returns and rulings, time, other units, supervision, merging, and what is
//! told when nobody acts.

mod acceptance;
mod archive;
mod callbacks;
mod identity;
mod merging;
mod others;
mod replay;
mod returns;
mod supervision;
mod telling;
mod time;

use crate::support::{Answer, Client, TestApp};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

const REQUESTER: &str = "13900000001";
/// A lead, a handler and the manager of the community's street.
const LEAD: &str = "lead-440703002101";
const MANAGER: &str = "manager-440703002";

fn id_of(ticket: &Value) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

/// A complaint in 羊桥社区, dispatched.
async fn dispatched(app: &TestApp) -> Value {
    registered_by(&app.staff("operator").await, REQUESTER).await
}

async fn registered_by(operator: &Client, phone: &str) -> Value {
    let request = json!({ "requester": { "phone": phone }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" } });
    let made = operator.post("/api/v1/tickets", &request).await;
    made.expect(201);
    made.body["ticket"].clone()
}

/// One that is being handled, with who handles it.
async fn in_progress(app: &TestApp) -> (String, Client) {
    let ticket = dispatched(app).await;
    let (id, handler) = (id_of(&ticket), app.handler_of(&ticket).await);
    handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
    (id, handler)
}

/// Who handles a ticket, with a fresh token, since tokens live for minutes.
async fn handler(app: &TestApp, id: &str) -> Client {
    let shown = seen(&app.staff("supervisor").await, id).await;
    app.handler_of(&json!({ "staff_id": shown.body["staff_id"] }))
        .await
}

/// Turns the clock to an instant.
fn at(app: &TestApp, instant: &str) {
    let instant: DateTime<Utc> = instant.parse().unwrap();
    app.turn(instant - app.clock.now());
}

/// From handling to the call-back.
async fn answered(app: &TestApp, id: &str, handler: &Client) {
    for step in [
        json!({ "action": "first_contact", "reached": true, "by": "电话" }),
        json!({ "action": "reply", "result": "solved", "public_text": "已办结" }),
    ] {
        handler.act(id, &step).await.expect(200);
    }
    let approve = json!({ "action": "approve" });
    app.staff(LEAD).await.act(id, &approve).await.expect(200);
}

async fn seen(client: &Client, id: &str) -> Answer {
    let answer = client.get(&format!("/api/v1/tickets/{id}")).await;
    answer.expect(200);
    answer
}

/// The clock of a kind that began last.
fn clock(ticket: &Answer, kind: &str) -> Value {
    let clocks = ticket.body["clocks"].as_array().unwrap();
    let found = clocks.iter().rev().find(|clock| clock["kind"] == kind);
    found
        .unwrap_or_else(|| panic!("no {kind} in {}", ticket.text))
        .clone()
}

/// Kinds of a timeline's entries.
fn kinds(ticket: &Answer) -> Vec<String> {
    let entries = ticket.body["timeline"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// An action is refused with a code, and nothing of the ticket changes.
async fn refused(who: &Client, reader: &Client, id: &str, action: &Value, status: u16, code: &str) -> Answer {
    let before = seen(reader, id).await;
    let answer = who.act(id, action).await;
    answer.problem(status, code);
    let after = seen(reader, id).await;
    let told = |answer: &Answer| {
        let mut body = answer.body.clone();
        body["actions"] = Value::Null;
        body
    };
    assert_eq!(told(&before), told(&after), "{action}");
    answer
}

/// Texts that somebody was sent, newest first.
async fn told(client: &Client) -> Vec<String> {
    let notices = client.get("/api/v1/notices?limit=50").await;
    notices.expect(200);
    let items = notices.body["items"].as_array().unwrap().iter();
    items
        .map(|notice| {
            notice["text"]
                .as_str()
                .or(notice["body"].as_str())
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn return_to(unit: &Value) -> Value {
    json!({ "action": "request_return", "ground": "no_power", "basis": "街道履职事项清单第12项",
        "suggested_unit_id": unit["id"], "reason": "需执法权" })
}
