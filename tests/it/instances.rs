//! Two instances on one PostgreSQL are as good as one: no change is lost between them, and what is due happens once.

use crate::support::{Answer, Backend, Chance, Client, TestApp, count, seed};
use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn register(operator: &Client) -> String {
    let request = json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": "广场舞噪声",
        "content": "很吵", "place": { "address": "羊桥社区" } });
    let made = operator.post("/api/v1/tickets", &request).await;
    made.expect(201);
    made.text_at("/ticket/id")
}

async fn seen(client: &Client, id: &str) -> Answer {
    let answer = client.get(&format!("/api/v1/tickets/{id}")).await;
    answer.expect(200);
    answer
}

fn version(etag: &str) -> i64 {
    etag.trim_matches('"').parse().unwrap()
}

fn of_kind(ticket: &Answer, kind: &str) -> Vec<Value> {
    let entries = ticket.body["timeline"].as_array().unwrap().iter();
    entries.filter(|entry| entry["kind"] == kind).cloned().collect()
}

/// Reads, and adds a note to the version that was read, so many times; who is not the first is refused, and reads again.
/// Gives back the versions that this led to, how often somebody else was first, and what the notes said.
async fn write(client: Client, id: String, writer: u64, rounds: u64) -> (Vec<i64>, usize, Vec<String>) {
    let (mut versions, mut stale, mut texts) = (Vec::new(), 0, Vec::new());
    for round in 0..rounds {
        let text = format!("{writer}/{round}");
        let note = json!({ "action": "note", "internal_text": text });
        let before = seen(&client, &id).await.etag();
        let path = format!("/api/v1/tickets/{id}/actions");
        let answer = client.change("POST", &path, &before, &note).await;
        if answer.status == 412 {
            answer.problem(412, "stale_version");
            stale += 1;
            continue;
        }
        answer.expect(200);
        let after = version(&answer.etag());
        assert_eq!(after, version(&before) + 1, "what was read is what was changed");
        versions.push(after);
        texts.push(text);
    }
    (versions, stale, texts)
}

/// Everybody writes on one ticket at the same time.
async fn contend(clients: &[Client], operator: &Client, writers: u64, rounds: u64) {
    let id = register(operator).await;
    let first = version(&seen(operator, &id).await.etag());
    let mut tasks = Vec::new();
    for (writer, client) in (0..writers).zip(clients.iter().cycle()) {
        tasks.push(tokio::spawn(write(client.clone(), id.clone(), writer, rounds)));
    }
    let (mut versions, mut stale, mut texts) = (Vec::new(), 0, Vec::new());
    for task in tasks {
        let (theirs, refused, said) = task.await.unwrap();
        versions.extend(theirs);
        stale += refused;
        texts.extend(said);
    }
    versions.sort_unstable();
    let all = i64::try_from(versions.len()).unwrap();
    assert!(
        all >= i64::try_from(rounds).unwrap(),
        "in each round somebody is first: {all}"
    );
    assert_eq!(
        versions,
        (first + 1..=first + all).collect::<Vec<i64>>(),
        "one after the other"
    );
    assert!(stale > 0, "nobody was in anybody's way");
    let after = seen(operator, &id).await;
    assert_eq!(version(&after.etag()), first + all);
    let mut kept: Vec<String> = of_kind(&after, "noted")
        .iter()
        .map(|entry| entry["internal_text"].as_str().unwrap().to_owned())
        .collect();
    kept.sort_unstable();
    texts.sort_unstable();
    assert_eq!(kept, texts, "each note that was answered, once");
    let check = operator.get(&format!("/api/v1/tickets/{id}/verify")).await;
    assert_eq!(
        (&check.body["intact"], &check.body["first_broken"]),
        (&json!(true), &Value::Null)
    );
}

/// Writers on both instances, all at one ticket (`TEST_WRITERS`, `TEST_WRITES` rounds each): every success saw the version
/// before it, and nobody overwrites what they have not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_is_lost_between_two_instances() {
    if !Backend::postgres_is_there() {
        return;
    }
    let app = TestApp::start(Backend::Postgres).await;
    let other = app.second().await;
    let mut clients = Vec::new();
    for name in ["operator", "supervisor", "lead-440703002101", "dispatcher"] {
        for instance in [&app, &other] {
            clients.push(instance.staff(name).await);
        }
    }
    let (writers, writes) = (count("TEST_WRITERS", 20), count("TEST_WRITES", 10));
    contend(&clients, &clients[0], writers, writes).await;
    other.stop().await;
    app.stop().await;
}

/// A hundred clocks run out at the same moment, and both instances look: each is told of once, step by step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_happens_once_on_two_instances() {
    if !Backend::postgres_is_there() {
        return;
    }
    let app = TestApp::start(Backend::Postgres).await;
    let other = app.second().await;
    let operator = app.staff("operator").await;
    let mut ids = Vec::new();
    // Each has two clocks: to be signed for, and to be resolved.
    for _ in 0..50 {
        ids.push(register(&operator).await);
    }
    app.turn(TimeDelta::days(60));
    tokio::join!(app.settle(), other.settle());
    tokio::join!(app.settle(), other.settle());
    let supervisor = other.staff("supervisor").await;
    let db = Database::connect(&app.database).await.unwrap();
    for id in &ids {
        let ticket = seen(&supervisor, id).await;
        let mut late: Vec<String> = of_kind(&ticket, "overdue")
            .iter()
            .map(|entry| entry["data"]["clock"].as_str().unwrap().to_owned())
            .collect();
        late.sort_unstable();
        assert_eq!(late, ["resolve", "sign"]);
        assert_eq!(
            of_kind(&ticket, "escalated").len(),
            4,
            "one level up, and to the centre, for each"
        );
        let check = supervisor.get(&format!("/api/v1/tickets/{id}/verify")).await;
        assert_eq!(check.body["intact"], true);
    }
    let sql = "SELECT kind, COUNT(*) AS n FROM event WHERE kind IN ('ticket.overdue', 'ticket.escalated') GROUP BY kind";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap();
    let told: BTreeMap<String, i64> = rows
        .iter()
        .map(|row| (row.try_get("", "kind").unwrap(), row.try_get("", "n").unwrap()))
        .collect();
    let wanted = [
        ("ticket.escalated".to_owned(), 200),
        ("ticket.overdue".to_owned(), 100),
    ];
    assert_eq!(told, BTreeMap::from(wanted), "an event for each entry");
    db.close().await.unwrap();
    other.stop().await;
    app.stop().await;
}

/// A create that is sent again and again, by either instance, at the same moment or later: one ticket for each key, and every
/// answer tells of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_through_two_instances_make_no_double() {
    if !Backend::postgres_is_there() {
        return;
    }
    let app = TestApp::start(Backend::Postgres).await;
    let other = app.second().await;
    let operator = app.staff("operator").await;
    let there = other.with_token(operator.token());
    let retries = count("TEST_RETRIES", 400);
    let keys = (retries / 8).max(1);
    let mut chance = Chance::new(seed(), 0);
    let chosen: Vec<(u64, bool)> = (0..retries)
        .map(|_| (chance.below(keys), chance.below(2) == 0))
        .collect();
    let made: Vec<(u64, Answer)> = stream::iter(chosen)
        .map(|(key, here)| {
            let client = if here { operator.clone() } else { there.clone() };
            async move {
                let request = json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": format!("重试 {key}"),
                    "content": "很吵", "place": { "address": "羊桥社区" } });
                loop {
                    let answer = client.post_keyed("/api/v1/tickets", &format!("retry-{key}"), &request).await;
                    // Busy, or the other one is at it: a client sends it once more.
                    if !matches!(answer.status, 409 | 503) {
                        return (key, answer);
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
        })
        .buffer_unordered(16)
        .collect()
        .await;
    let mut tickets: BTreeMap<u64, String> = BTreeMap::new();
    for (key, answer) in made {
        answer.expect(201);
        let id = answer.text_at("/ticket/id");
        assert_eq!(
            tickets.entry(key).or_insert_with(|| id.clone()),
            &id,
            "one key made two tickets"
        );
    }
    let db = Database::connect(&app.database).await.unwrap();
    let sql = "SELECT COUNT(*) AS n FROM ticket WHERE title LIKE '重试 %'";
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap();
    let n: i64 = row.unwrap().try_get("", "n").unwrap();
    assert_eq!(n, i64::try_from(tickets.len()).unwrap());
    other.stop().await;
    app.stop().await;
}
