//! Many who take one call on at the same moment, through two instances: one of them has it, and everybody is told who.

use super::{CALLS, act, press};
use crate::support::{Backend, Client, TestApp, count};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const AT_ONCE: usize = 50;
const STAFF: [&str; 7] = [
    "handler-a-440703002101",
    "handler-b-440703002101",
    "lead-440703002101",
    "manager-440703002",
    "operator",
    "supervisor",
    "duty",
];

async fn race(app: &TestApp, clients: &[Client], round: u64) {
    let call = press(app, &format!("race-{round}")).await;
    let mut asking = Vec::new();
    for client in clients.iter().cycle().take(AT_ONCE) {
        let (client, call) = (client.clone(), call.clone());
        asking.push(tokio::spawn(async move {
            act(&client, &call, &json!({ "action": "acknowledge" })).await
        }));
    }
    let mut owners = BTreeSet::new();
    for answer in asking {
        let answer = answer.await.unwrap();
        answer.expect(200);
        owners.insert(answer.text_at("/owner_id"));
    }
    assert_eq!(
        owners.len(),
        1,
        "round {round}: everybody was told the same: {owners:?}"
    );
    let seen = clients[0].get(&format!("{CALLS}/{call}")).await;
    let log = seen.body["log"].as_array().unwrap();
    let of = |kind: &str| -> Vec<&Value> { log.iter().filter(|entry| entry["kind"] == kind).collect() };
    assert_eq!(of("acknowledged").len(), 1, "round {round}: {}", seen.text);
    assert!(owners.contains(seen.body["owner_id"].as_str().unwrap()));
    assert_eq!(seen.body["intact"], true);
    let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" });
    act(&clients[0], &call, &resolve).await.expect(200);
}

/// An instance and, on PostgreSQL, a second one on the same database.
async fn instances() -> (TestApp, Option<TestApp>) {
    if !Backend::postgres_is_there() {
        return (TestApp::start(Backend::Sqlite).await, None);
    }
    let app = TestApp::start(Backend::Postgres).await;
    let other = app.second().await;
    (app, Some(other))
}

/// `TEST_RACES` rounds of fifty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_fifty_has_it() {
    let (app, other) = instances().await;
    let mut clients = Vec::new();
    for name in STAFF {
        for instance in [Some(&app), other.as_ref()].into_iter().flatten() {
            clients.push(instance.staff(name).await);
        }
    }
    for round in 0..count("TEST_RACES", 20) {
        race(&app, &clients, round).await;
    }
    if let Some(other) = other {
        other.stop().await;
    }
    app.stop().await;
}

/// A press that comes five times at once, over two instances, is one call, and five times the same answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_that_comes_many_times_is_one() {
    let (app, other) = instances().await;
    for round in 0..30 {
        let event = format!("many-{round}");
        let instances = [&app, other.as_ref().unwrap_or(&app)];
        let sending = (0..5).map(|nth| press(instances[nth % 2], &event));
        let calls: BTreeSet<String> = futures_util::future::join_all(sending)
            .await
            .into_iter()
            .collect();
        assert_eq!(calls.len(), 1, "{calls:?}");
    }
    let open = app.staff("supervisor").await.get(CALLS).await;
    let items = open.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["presses"]), (1, &json!(30)));
    if let Some(other) = other {
        other.stop().await;
    }
    app.stop().await;
}
