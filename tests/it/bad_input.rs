//! What can't be taken is refused by a problem of its own kind, on both databases alike, and changes nothing.

mod codes;
mod files;
mod limits;
mod protocol;
mod queries;
mod requests;

use crate::support::{Answer, Client, TestApp};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A request that is right in everything.
fn good() -> Value {
    json!({
        "requester": { "phone": "13900000001" }, "category": "120302", "title": "广场舞噪声扰民",
        "content": "每晚七点到十点音响很吵", "place": { "address": "羊桥社区" }
    })
}

/// The same, with another value at a pointer.
fn but(mut request: Value, pointer: &str, value: Value) -> Value {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    request.pointer_mut(above).unwrap()[name] = value;
    request
}

/// A key that no other request has.
fn key() -> String {
    static KEYS: AtomicU64 = AtomicU64::new(1);
    format!("bad-input-{}", KEYS.fetch_add(1, Ordering::SeqCst))
}

/// Registers a request; its key.
async fn registered(client: &Client, request: &Value) -> String {
    let answer = client.post("/api/v1/tickets", request).await;
    answer.expect(201);
    answer.text_at("/ticket/id")
}

/// How many rows each table has, and how often tickets, units, services, people and settings were changed.
async fn footprint(app: &TestApp) -> Vec<(String, i64)> {
    let conn = app.app.kit().db.read();
    let backend = conn.get_database_backend();
    let ask = async |sql: String| {
        conn.query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap()
    };
    let tables = if app.app.kit().db.is_sqlite() {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    } else {
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    };
    let mut found = Vec::new();
    for row in ask(tables.to_owned()).await {
        let name: String = row.try_get("", "name").unwrap();
        // Who names the version of a ticket has looked at it.
        if name == "access_record" {
            continue;
        }
        let versioned =
            ["ticket", "unit", "service", "staff", "setting", "resident"].contains(&name.as_str());
        let sum = if versioned {
            " + COALESCE(SUM(version), 0)"
        } else {
            ""
        };
        let rows = ask(format!(
            "SELECT CAST(COUNT(*){sum} AS BIGINT) AS n FROM \"{name}\""
        ))
        .await;
        found.push((name, rows[0].try_get("", "n").unwrap()));
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// Sends what must be refused, and checks that it left no trace.
async fn refused(
    app: &TestApp,
    name: &str,
    send: impl Future<Output = Answer>,
    status: u16,
    code: &str,
) -> Answer {
    let before = footprint(app).await;
    let answer = send.await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (status, Some(code)),
        "{name}: {}",
        answer.text
    );
    answer.problem(status, code);
    assert_eq!(footprint(app).await, before, "{name} changed something");
    answer
}
