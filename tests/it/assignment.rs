//! Who of a unit gets a ticket: by strategy, leave and capacity; and who takes over when somebody goes.

mod again;
mod choice;
mod handover;
mod workload;

use crate::support::{Answer, Client, TestApp};
use serde_json::{Value, json};

const DISTRICT: &str = "440703";
const BAISHA: &str = "440703002";
const YANGQIAO: &str = "440703002101";
const JIANAN: &str = "440703002102";
const A: &str = "handler-a-440703002101";
const B: &str = "handler-b-440703002101";
const LEAD: &str = "lead-440703002101";
const POLICIES: &str = "/api/v1/assignment-policies";

/// The key of somebody of the demonstration.
async fn id_of(app: &TestApp, user_name: &str) -> String {
    let secadmin = app.staff("secadmin").await;
    let found = secadmin.get(&format!("/api/v1/staff?q={user_name}")).await;
    found.text_at("/items/0/id")
}

/// Makes a policy for a unit, from today on.
async fn policy(app: &TestApp, by: &str, unit: &str, strategy: &str) -> Answer {
    let body = json!({ "unit_id": app.unit(unit).await["id"], "strategy": strategy, "reason": "派单办法" });
    let made = app.staff(by).await.post(POLICIES, &body).await;
    app.pass("reference").await;
    made
}

/// Registers a request in 羊桥社区, which one of its handlers covers; its key.
async fn register(client: &Client) -> String {
    let request = json!({
        "requester": { "name": "路人" }, "category": "120302", "title": "示例诉求", "content": "示例诉求",
        "place": { "address": "羊桥社区" }
    });
    let made = client.post("/api/v1/tickets", &request).await;
    made.expect(201);
    made.text_at("/ticket/id")
}

/// Registers several, and lets those who wait find their person.
async fn several(app: &TestApp, n: usize) -> Vec<String> {
    let operator = app.staff("operator").await;
    let mut ids = Vec::new();
    for _ in 0..n {
        ids.push(register(&operator).await);
    }
    app.settle().await;
    ids
}

/// A ticket as dispatchers see it.
async fn seen(app: &TestApp, id: &str) -> Value {
    let answer = app
        .staff("dispatcher")
        .await
        .get(&format!("/api/v1/tickets/{id}"))
        .await;
    answer.expect(200);
    answer.body
}

/// Who has each of them.
async fn persons(app: &TestApp, ids: &[String]) -> Vec<Value> {
    let dispatcher = app.staff("dispatcher").await;
    let mut persons = Vec::new();
    for id in ids {
        let ticket = dispatcher.get(&format!("/api/v1/tickets/{id}")).await;
        persons.push(ticket.body["staff_id"].clone());
    }
    persons
}

/// The entries of one kind, oldest first.
fn entries(ticket: &Value, kind: &str) -> Vec<Value> {
    let timeline = ticket["timeline"].as_array().unwrap();
    timeline
        .iter()
        .filter(|entry| entry["kind"] == kind)
        .cloned()
        .collect()
}

/// Takes leave, for these days.
async fn leave(by: &Client, whose: &str, first: &str, last: &str) -> Answer {
    let body = json!({ "kind": "annual", "first_day": first, "last_day": last });
    by.post(&format!("/api/v1/staff/{whose}/absences"), &body).await
}

/// Sets how many tickets somebody takes.
async fn capacity(app: &TestApp, whose: &str, most: Value) -> Answer {
    let lead = app.staff(LEAD).await;
    let path = format!("/api/v1/staff/{whose}/capacity");
    let version = version_of(app, whose).await;
    let set = lead
        .change(
            "PUT",
            &path,
            &format!("\"{version}\""),
            &json!({ "capacity": most }),
        )
        .await;
    app.pass("reference").await;
    set
}

async fn version_of(app: &TestApp, id: &str) -> i64 {
    use sea_orm::EntityTrait;
    let id: uuid::Uuid = id.parse().unwrap();
    let row = entity::staff::Entity::find_by_id(id)
        .one(app.app.kit().db.read())
        .await
        .unwrap();
    row.unwrap().version
}

/// Disables somebody.
async fn disable(app: &TestApp, id: &str) {
    let version = version_of(app, id).await;
    let path = format!("/api/v1/staff/{id}/disable");
    let secadmin = app.staff("secadmin").await;
    let done = secadmin
        .change("POST", &path, &format!("\"{version}\""), &json!({}))
        .await;
    done.expect(200);
    app.pass("reference").await;
}
