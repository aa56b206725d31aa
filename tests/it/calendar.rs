//! The working calendar of each unit: its own hours, closures, and calendars of holidays as they circulate. What it
//! changes is counted again, and told.

mod closures;
mod hours;
mod ical;

use crate::administration::registered;
use crate::support::{Answer, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};

const HOURS: &str = "/api/v1/calendar/hours";
const CLOSURES: &str = "/api/v1/calendar/closures";
const SIMULATE: &str = "/api/v1/deadlines/simulate";
/// A sub-district, two of its communities, and one of another sub-district.
const STREET: &str = "440703002";
const HERE: &str = "440703002101";
const NEXT_DOOR: &str = "440703002102";
const FAR: &str = "440703005101";

async fn unit_id(app: &TestApp, code: &str) -> Value {
    app.unit(code).await["id"].clone()
}

/// Lets the change be noticed, and what is open be counted again.
async fn counted_again(app: &TestApp) {
    app.pass("reference").await;
    app.turn(TimeDelta::seconds(6));
    app.settle().await;
}

/// A request about dancing in the square: seven working days. The ticket's path.
async fn dancing(app: &TestApp, place: &str) -> String {
    let made = registered(app, place, "120302").await;
    format!("/api/v1/tickets/{}", made.text_at("/ticket/id"))
}

/// A clock of a ticket, as the operator sees it.
async fn clock(app: &TestApp, ticket: &str, kind: &str) -> Value {
    let answer = app
        .staff("operator")
        .await
        .get(&format!("{ticket}/deadlines"))
        .await;
    of_kind(&answer, kind)
}

fn of_kind(answer: &Answer, kind: &str) -> Value {
    let items = answer.expect(200).body["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["clock"] == kind);
    found.unwrap_or_else(|| panic!("{}", answer.text)).clone()
}

/// What a request at that time, in that unit, would be due.
async fn simulated(app: &TestApp, unit: Option<&str>, at: &str, kind: &str) -> Value {
    let mut question = json!({ "category": "120302", "at": at });
    if let Some(code) = unit {
        question["unit_id"] = unit_id(app, code).await;
    }
    of_kind(&app.staff("operator").await.post(SIMULATE, &question).await, kind)
}

/// How often a ticket's timeline says that it was counted again.
async fn recounted(app: &TestApp, ticket: &str) -> usize {
    let read = app.staff("operator").await.get(ticket).await;
    let entries = read.expect(200).body["timeline"].as_array().unwrap();
    entries
        .iter()
        .filter(|entry| entry["kind"] == "recounted")
        .count()
}

/// All of a list.
async fn all(app: &TestApp, path: &str) -> Vec<Value> {
    let answer = app.nobody().get(&format!("{path}?limit=100")).await;
    answer.expect(200).body["items"].as_array().unwrap().clone()
}
