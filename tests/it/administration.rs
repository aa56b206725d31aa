//! Administration over HTTP: what is changed takes effect with the next request, is guarded by its version, and stands
//! in the audit log.

mod catalogue;
mod clients;
mod deadlines;
mod organisation;
mod people;
mod routing;
mod settings;

use crate::support::{Answer, Client, TestApp};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

static CHANGES: AtomicU64 = AtomicU64::new(1);
const YANGQIAO: &str = "440703002101";
const JIANAN: &str = "440703002102";
const MINGWEN: &str = "440703002104";
const BAISHA: &str = "440703002";

/// A request about this place and service.
fn request(place: &str, category: &str) -> Value {
    json!({
        "requester": { "phone": "13900000001" }, "category": category, "title": "示例诉求", "content": "示例诉求",
        "place": { "address": place }
    })
}

/// Registers a request by telephone.
pub(crate) async fn registered(app: &TestApp, place: &str, category: &str) -> Answer {
    let operator = app.staff("operator").await;
    let answer = operator.post("/api/v1/tickets", &request(place, category)).await;
    answer.expect(201);
    answer
}

/// Where a thing is, and its version as `If-Match` names it.
pub(crate) fn at(collection: &str, thing: &Value) -> (String, String) {
    (
        format!("/api/v1/{collection}/{}", thing["id"].as_str().unwrap()),
        format!("\"{}\"", thing["version"]),
    )
}

/// Changes a thing: first without a version and with versions that are not the newest, which is refused.
pub(crate) async fn changed(client: &Client, method: &str, path: &str, etag: &str, body: &Value) -> Answer {
    let key = format!("changed-{}", CHANGES.fetch_add(1, Ordering::SeqCst));
    let request = || {
        client
            .request(method, path)
            .header("Idempotency-Key", &key)
            .json(body)
    };
    client.send(request()).await.problem(428, "precondition_required");
    for stale in ["\"77\"", "77", "*", "W/\"1\"", "\"\"", "\"x\""] {
        client
            .send(request().header("If-Match", stale))
            .await
            .problem(412, "stale_version");
    }
    let before: i64 = etag.trim_matches('"').parse().unwrap();
    let answer = client.send(request().header("If-Match", etag)).await;
    answer.expect(200);
    assert_eq!(answer.etag(), format!("\"{}\"", before + 1));
    let again = client.change(method, path, etag, body).await;
    assert_eq!(again.problem(412, "stale_version").body["version"], before + 1);
    answer
}

/// The newest entry of the audit log about this operation: by whom, in which role, on what.
pub(crate) async fn audited(app: &TestApp, action: &str, role: &str, subject_id: &Value) -> Value {
    let auditor = app.staff("auditor").await;
    let entries = auditor
        .get(&format!("/api/v1/audit?action={action}&limit=1"))
        .await;
    let entry = entries.expect(200).body["items"][0].clone();
    assert_eq!(
        (&entry["action"], &entry["role"], &entry["subject_id"]),
        (&json!(action), &json!(role), subject_id),
        "{entry}"
    );
    assert!(
        entry["actor_id"].is_string() && entry["actor_name"].is_string() && entry["request_id"].is_string(),
        "{entry}"
    );
    entry
}

/// How many entries of the audit log there are about this operation.
pub(crate) async fn entries(app: &TestApp, action: &str) -> usize {
    let auditor = app.staff("auditor").await;
    let found = auditor
        .get(&format!("/api/v1/audit?action={action}&limit=100"))
        .await;
    found.expect(200).body["items"].as_array().unwrap().len()
}
