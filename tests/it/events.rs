//! The event log, its consumers and timers: every event once and in order, whoever commits when; what is due happens
//! once, on however many instances; what comes of a clock that runs out and of a call-back that nobody answers.

use crate::on_both;
use crate::support::{Backend, Client, TestApp};
use chrono::TimeDelta;
use entity::event;
use futures_util::future::BoxFuture;
use hotline::ledger::{events, timers};
use hotline::platform::db::{Db, Tx};
use hotline::platform::error::{AppError, Code};
use hotline::platform::jobs::Pass;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, QueryResult, Statement};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

const REQUESTER: &str = "13900000001";

fn request() -> Value {
    json!({ "requester": { "phone": REQUESTER }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" } })
}

async fn register(client: &Client) -> Value {
    let made = client.post("/api/v1/tickets", &request()).await;
    made.expect(201);
    made.body["ticket"].clone()
}

fn id_of(ticket: &Value) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

/// Up to the call-back.
async fn answer(app: &TestApp, ticket: &Value) {
    let (id, handler) = (id_of(ticket), app.handler_of(ticket).await);
    for step in [
        json!({ "action": "sign" }),
        json!({ "action": "first_contact", "reached": true, "by": "电话" }),
        json!({ "action": "reply", "result": "solved", "public_text": "已办结" }),
    ] {
        handler.act(&id, &step).await.expect(200);
    }
    let lead = app.staff("lead-440703002101").await;
    lead.act(&id, &json!({ "action": "approve" })).await.expect(200);
}

async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap()
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    rows(db, sql).await[0].try_get("", "n").unwrap()
}

/// A table in which a consumer of this test keeps what it was given.
async fn with_notebook(app: &TestApp) -> DatabaseConnection {
    let db = Database::connect(&app.database).await.unwrap();
    let (key, id) = match app.backend {
        Backend::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB"),
        Backend::Postgres => ("bigserial PRIMARY KEY", "uuid"),
    };
    let sql = format!(
        "CREATE TABLE notebook (n {key}, consumer text NOT NULL, event {id} NOT NULL, subject {id} NOT NULL, \
         kind text NOT NULL, position bigint NOT NULL)"
    );
    db.execute_unprepared(&sql).await.unwrap();
    db
}

/// Writes down what comes.
fn note<'t>(
    tx: &'t Tx,
    name: &'t &'static str,
    batch: Vec<event::Model>,
) -> BoxFuture<'t, Result<(), AppError>> {
    Box::pin(async move {
        for event in batch {
            let values = [
                (*name).into(),
                event.id.0.into(),
                event.subject_id.into(),
                event.kind.into(),
                event.position.into(),
            ];
            let sql =
                "INSERT INTO notebook (consumer, event, subject, kind, position) VALUES ($1, $2, $3, $4, $5)";
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
            tx.execute_raw(statement).await?;
        }
        Ok(())
    })
}

async fn consume(db: &Db, name: &'static str) {
    // A conflict with the consumer on another instance is tried again on the next beat.
    let _ = events::consume(db, name, name, note).await;
}

/// What a consumer was given: subject, kind and position, in the order in which it was given.
async fn noted(db: &DatabaseConnection, consumer: &str) -> Vec<(Uuid, String, i64)> {
    let sql =
        format!("SELECT subject, kind, position FROM notebook WHERE consumer = '{consumer}' ORDER BY n");
    let rows = rows(db, &sql).await;
    rows.iter()
        .map(|row| {
            let get = |name: &str| row.try_get::<Uuid>("", name).unwrap();
            (
                get("subject"),
                row.try_get("", "kind").unwrap(),
                row.try_get("", "position").unwrap(),
            )
        })
        .collect()
}

/// Every event once, positions only upwards, and of each ticket in the order of its timeline.
async fn check(db: &DatabaseConnection, consumer: &str) {
    let noted = noted(db, consumer).await;
    let there = number(db, "SELECT COUNT(*) AS n FROM event").await;
    assert_eq!(
        i64::try_from(noted.len()).unwrap(),
        there,
        "{consumer}: every event once"
    );
    for pair in noted.windows(2) {
        assert!(
            pair[0].2 < pair[1].2,
            "{consumer}: {} comes after {}",
            pair[1].2,
            pair[0].2
        );
    }
    let mut told: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for (subject, kind, _) in noted {
        told.entry(subject).or_default().push(kind);
    }
    let mut happened: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for row in rows(
        db,
        "SELECT ticket_id, kind FROM ticket_entry ORDER BY ticket_id, seq",
    )
    .await
    {
        let kind: String = row.try_get("", "kind").unwrap();
        happened
            .entry(row.try_get("", "ticket_id").unwrap())
            .or_default()
            .push(format!("ticket.{kind}"));
    }
    told.retain(|subject, _| happened.contains_key(subject));
    assert_eq!(told, happened, "{consumer}");
}

/// Registers and signs, again and again.
async fn work(operator: Client, handlers: [Client; 2], times: usize) {
    for _ in 0..times {
        let ticket = register(&operator).await;
        let id = id_of(&ticket);
        let mut signed = 0;
        for handler in &handlers {
            let answer = handler.act(&id, &json!({ "action": "sign" })).await;
            signed += usize::from(answer.status == 200);
        }
        assert_eq!(signed, 1);
        handlers[0]
            .act(&id, &json!({ "action": "note", "internal_text": "看过" }))
            .await
            .expect(200);
    }
}

async fn pair_of_handlers(app: &TestApp) -> [Client; 2] {
    [
        app.staff("handler-a-440703002101").await,
        app.staff("handler-b-440703002101").await,
    ]
}

/// Two instances write; on each a sequencer and two consumers run all the time.
async fn all_at_once(app: &TestApp, other: &TestApp) {
    let db = with_notebook(app).await;
    let mut writers = Vec::new();
    for instance in [app, other] {
        for _ in 0..2 {
            let (operator, handlers) = (instance.staff("operator").await, pair_of_handlers(instance).await);
            writers.push(tokio::spawn(work(operator, handlers, 8)));
        }
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut readers = Vec::new();
    for instance in [app, other] {
        let (db, stopped) = (instance.app.kit().db.clone(), stopped.clone());
        readers.push(tokio::spawn(async move {
            while !*stopped.borrow() {
                let _ = events::sequence(&db).await;
                tokio::join!(consume(&db, "first"), consume(&db, "second"));
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    stop.send(true).unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    app.settle().await;
    for name in ["first", "second"] {
        consume(&app.app.kit().db, name).await;
        check(&db, name).await;
    }
    db.close().await.unwrap();
}

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// A consumer's very first batch, taken by two at once: neither finds a cursor.
async fn first_batches(app: &TestApp, other: &TestApp) {
    let db = with_notebook(app).await;
    let operator = app.staff("operator").await;
    for _ in 0..5 {
        register(&operator).await;
    }
    app.settle().await;
    let (one, two) = (app.app.kit().db.clone(), other.app.kit().db.clone());
    for name in NAMES {
        tokio::join!(
            consume(&one, name),
            consume(&two, name),
            consume(&one, name),
            consume(&two, name)
        );
        check(&db, name).await;
    }
    db.close().await.unwrap();
}

/// Fails as long as it is told to, after it has written.
fn fail<'t>(
    tx: &'t Tx,
    fails: &'t &'static AtomicBool,
    batch: Vec<event::Model>,
) -> BoxFuture<'t, Result<(), AppError>> {
    Box::pin(async move {
        note(tx, &"careful", batch).await?;
        if fails.load(Ordering::SeqCst) {
            return Err(AppError::new(Code::Unavailable));
        }
        Ok(())
    })
}

on_both! {
    /// Everybody works at the same time.
    async fn every_event_comes_once_and_in_order(app: TestApp) {
        if app.backend == Backend::Postgres {
            let other = app.second().await;
            all_at_once(&app, &other).await;
            other.stop().await;
        } else {
            all_at_once(&app, &app).await;
        }
    }

    /// Two begin to consume at the same moment.
    async fn a_new_consumer_takes_nothing_twice(app: TestApp) {
        if app.backend == Backend::Postgres {
            let other = app.second().await;
            first_batches(&app, &other).await;
            other.stop().await;
        } else {
            first_batches(&app, &app).await;
        }
    }

    /// What a consumer did is undone with its failure, and done again.
    async fn a_consumer_that_fails_is_given_the_same_again(app: TestApp) {
        let db = with_notebook(&app).await;
        register(&app.staff("operator").await).await;
        app.settle().await;
        let fails: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(true)));
        let kit = app.app.kit();
        for _ in 0..2 {
            events::consume(&kit.db, "careful", fails, fail).await.unwrap_err();
            assert!(noted(&db, "careful").await.is_empty());
        }
        fails.store(false, Ordering::SeqCst);
        events::consume(&kit.db, "careful", fails, fail).await.unwrap();
        check(&db, "careful").await;
        db.close().await.unwrap();
    }

    /// The unit did not sign in time: the clock says so, the timeline says so, the lead is told, the lists show it.
    async fn a_sign_that_is_overdue_is_told(app: TestApp) {
        let operator = app.staff("operator").await;
        let ticket = register(&operator).await;
        let id = id_of(&ticket);
        let sign = clock(&ticket, "sign");
        let due: chrono::DateTime<chrono::Utc> = sign["due_at"].as_str().unwrap().parse().unwrap();
        let (lead, handler) = (app.staff("lead-440703002101").await, app.handler_of(&ticket).await);
        assert_eq!(overdue(&lead).await, Vec::<String>::new());

        app.turn(due - app.clock.now() - TimeDelta::microseconds(1));
        app.settle().await;
        let lead = again(&app, "lead-440703002101", &lead).await;
        assert_eq!(overdue(&lead).await, Vec::<String>::new(), "not a moment too early");
        app.turn(TimeDelta::microseconds(1));
        app.settle().await;
        app.settle().await;

        let seen = lead.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(clock(&seen.body, "sign")["breached"], true);
        assert_eq!(entries(&seen.body, "overdue").len(), 1);
        assert_eq!(entries(&seen.body, "overdue")[0]["data"]["clock"], "sign");
        assert_eq!(entries(&seen.body, "overdue")[0]["actor_kind"], "system");
        assert_eq!(seen.body["overdue"], true);
        let told = lead.get("/api/v1/notices").await;
        assert_eq!(told.body["items"][0]["template"], "ticket_overdue");
        assert_eq!(told.body["items"].as_array().unwrap().iter().filter(|n| n["template"] == "ticket_overdue").count(), 1);
        let stranger = app.staff("lead-440703002102").await;
        assert_eq!(overdue(&lead).await, [id.as_str()]);
        assert_eq!(overdue(&stranger).await, Vec::<String>::new());
        let counts = app.staff("supervisor").await.get("/api/v1/queues").await;
        assert_eq!(counts.body["overdue"], 1);
        let resident = app.resident(REQUESTER).await;
        assert!(!resident.get(&format!("/api/v1/tickets/{id}")).await.text.contains("overdue\","));

        // Signed late, the clock stops and stays broken; what is due next is due later.
        let handler = again(&app, "handler", &handler).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        let seen = handler.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(clock(&seen.body, "sign")["breached"], true);
        assert!(clock(&seen.body, "sign")["stopped_at"].is_string());
        assert_eq!(seen.body["overdue"], false);
        assert_eq!(overdue(&lead).await, Vec::<String>::new());
        let check = handler.get(&format!("/api/v1/tickets/{id}/verify")).await;
        assert_eq!(check.body["intact"], true);
    }

    /// Signed in time, nothing happens when the time comes.
    async fn a_sign_in_time_is_not_overdue(app: TestApp) {
        let ticket = register(&app.staff("operator").await).await;
        let id = id_of(&ticket);
        let handler = app.handler_of(&ticket).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        let sign: chrono::DateTime<chrono::Utc> = clock(&ticket, "sign")["due_at"].as_str().unwrap().parse().unwrap();
        app.turn(sign - app.clock.now());
        app.settle().await;
        let seen = app.staff("lead-440703002101").await.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(clock(&seen.body, "sign")["breached"], false);
        assert!(entries(&seen.body, "overdue").iter().all(|entry| entry["data"]["clock"] != "sign"));
    }

    /// Nobody answers the call-back: after the days of grace the ticket is closed, not rated, and never satisfied.
    async fn a_callback_that_nobody_answers_lapses(app: TestApp) {
        let ticket = register(&app.staff("operator").await).await;
        let id = id_of(&ticket);
        answer(&app, &ticket).await;
        app.settle().await;
        let link = link(&app).await;
        let days = app.app.kit().config.jobs.callback_grace_days;
        app.turn(TimeDelta::days(days) - TimeDelta::microseconds(1));
        app.settle().await;
        app.nobody().get(&link).await.expect(200);
        let resident = app.resident(REQUESTER).await;
        assert_eq!(resident.get(&format!("/api/v1/tickets/{id}")).await.body["state"], "callback");
        app.turn(TimeDelta::microseconds(1));
        app.settle().await;
        app.settle().await;
        let seen = resident.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(seen.body["state"], "closed");
        assert_eq!(seen.body["result"], "solved", "what the unit said, not what nobody did");
        assert_eq!(seen.body["closed_at"], json!(app.clock.now()));
        let staff = app.staff("supervisor").await.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(entries(&staff.body, "closed").len(), 1);
        assert_eq!(entries(&staff.body, "closed")[0]["data"], json!({ "rated": false }));
        assert!(entries(&staff.body, "rated").is_empty());
        let row = callback(&app, &id).await;
        assert_eq!(row.state, entity::kind::CallbackState::Lapsed);
        assert_eq!((row.satisfied, row.solved, row.answered_at), (None, None, None));
        // The link is over; who has an account may still say what they think, and it stays closed.
        let rating = json!({ "contacted": true, "solved": false, "satisfied": 1 });
        app.nobody().post(&link, &rating).await.problem(404, "callback_token_invalid");
        let rated = resident.act(&id, &json!({ "action": "rate", "rating": rating })).await;
        rated.expect(200);
        assert_eq!(rated.body["state"], "closed");
        app.settle().await;
        let counts = app.staff("supervisor").await.get("/api/v1/queues").await;
        assert_eq!(counts.body["queues"].as_array().unwrap().len(), 1);
        assert_eq!(counts.body["queues"][0]["state"], "closed");
        assert_eq!(counts.body["queues"][0]["n"], 1);
    }

    /// The administrator sets the days of grace.
    async fn the_days_of_grace_are_as_they_are_set(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let set = admin.change("PUT", "/api/v1/settings/callback_grace_days", "\"0\"", &json!({ "value": 3 })).await;
        set.expect(200);
        app.pass("reference").await;
        let ticket = register(&app.staff("operator").await).await;
        answer(&app, &ticket).await;
        assert_eq!(callback(&app, &id_of(&ticket)).await.expires_at, app.clock.now() + TimeDelta::days(3));
    }

    /// Answered in time, the timer finds nothing to do.
    async fn a_callback_that_was_answered_does_not_lapse(app: TestApp) {
        let ticket = register(&app.staff("operator").await).await;
        let id = id_of(&ticket);
        answer(&app, &ticket).await;
        let rating = json!({ "contacted": true, "solved": true, "satisfied": 5 });
        app.resident(REQUESTER).await.act(&id, &json!({ "action": "rate", "rating": rating })).await.expect(200);
        app.turn(TimeDelta::days(app.app.kit().config.jobs.callback_grace_days + 1));
        app.settle().await;
        assert_eq!(callback(&app, &id).await.state, entity::kind::CallbackState::Answered);
        let seen = app.staff("supervisor").await.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(entries(&seen.body, "closed").len(), 1);
    }

    /// A timer and its effect share a transaction that one alone can have.
    async fn a_timer_fires_once(app: TestApp) {
        if app.backend == Backend::Postgres {
            let other = app.second().await;
            fire_all(&app, &other).await;
            other.stop().await;
        } else {
            fire_all(&app, &app).await;
        }
    }

    /// Many timers, and all who fire them at once: each fires once.
    async fn timers_fire_once(app: TestApp) {
        let other = if app.backend == Backend::Postgres { Some(app.second().await) } else { None };
        let operator = app.staff("operator").await;
        let mut ids = BTreeSet::new();
        for _ in 0..8 {
            ids.insert(id_of(&register(&operator).await));
        }
        app.turn(TimeDelta::days(30));
        let second = other.as_ref().unwrap_or(&app);
        for _ in 0..12 {
            tokio::join!(app.pass("timers"), second.pass("timers"), app.pass("timers"), second.pass("timers"));
        }
        tokio::join!(app.settle(), second.settle());
        let supervisor = app.staff("supervisor").await;
        for id in &ids {
            let seen = supervisor.get(&format!("/api/v1/tickets/{id}")).await;
            let mut late: Vec<String> = entries(&seen.body, "overdue")
                .iter()
                .map(|entry| entry["data"]["clock"].as_str().unwrap().to_owned())
                .collect();
            late.sort();
            assert_eq!(late, ["resolve", "sign"]);
            assert_eq!(supervisor.get(&format!("/api/v1/tickets/{id}/verify")).await.body["intact"], true);
        }
        let told = app.staff("lead-440703002101").await.get("/api/v1/notices?limit=100").await;
        let told = told.body["items"].as_array().unwrap().iter().filter(|n| n["template"] == "ticket_overdue").count();
        assert_eq!(told, 16, "one message for each");
        let db = Database::connect(&app.database).await.unwrap();
        assert_eq!(number(&db, "SELECT COUNT(*) AS n FROM durable_timer").await, 0);
        db.close().await.unwrap();
        if let Some(other) = other {
            other.stop().await;
        }
    }
}

/// A clock of a ticket.
fn clock(ticket: &Value, kind: &str) -> Value {
    ticket["clocks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["kind"] == kind)
        .unwrap()
        .clone()
}

/// Entries of one kind.
fn entries(ticket: &Value, kind: &str) -> Vec<Value> {
    ticket["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == kind)
        .cloned()
        .collect()
}

/// Ids in both lists of what is overdue, which must be the same.
async fn overdue(client: &Client) -> Vec<String> {
    let ids = |answer: crate::support::Answer| {
        answer.expect(200);
        let items = answer.body["items"].as_array().unwrap().clone();
        items.iter().map(id_of).collect::<Vec<_>>()
    };
    let queue = ids(client.get("/api/v1/tickets?queue=overdue").await);
    let filter = ids(client.get("/api/v1/tickets?overdue=true").await);
    assert_eq!(queue, filter);
    queue
}

/// The same person after a turn of the clock that a token does not live through.
async fn again(app: &TestApp, name: &str, client: &Client) -> Client {
    if name != "handler" {
        return app.staff(name).await;
    }
    for name in ["handler-a-440703002101", "handler-b-440703002101"] {
        let fresh = app.staff(name).await;
        let sub = |client: &Client| client.token().split('.').nth(1).unwrap().to_owned();
        if subject(&sub(&fresh)) == subject(&sub(client)) {
            return fresh;
        }
    }
    panic!("nobody");
}

fn subject(claims: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&bytes).unwrap();
    claims["sub"].as_str().unwrap().to_owned()
}

async fn callback(app: &TestApp, ticket: &str) -> entity::callback::Model {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    entity::callback::Entity::find()
        .filter(entity::callback::Column::TicketId.eq(ticket.parse::<Uuid>().unwrap()))
        .one(app.app.kit().db.read())
        .await
        .unwrap()
        .unwrap()
}

/// The path of the link in the newest message to the requester.
async fn link(app: &TestApp) -> String {
    let inbox = app.resident(REQUESTER).await.get("/api/v1/notices?limit=1").await;
    let text = inbox.text_at("/items/0/text");
    let base = app.app.kit().config.server.public_url.as_str();
    text.split(base).nth(1).unwrap().to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "holds a transaction open beside the application"
)]
async fn begin(db: &DatabaseConnection) -> DatabaseTransaction {
    use sea_orm::TransactionTrait;
    db.begin().await.unwrap()
}

async fn on_postgres() -> Option<TestApp> {
    if !Backend::postgres_is_there() {
        return None;
    }
    Some(TestApp::start(Backend::Postgres).await)
}

const HELD: &str = "INSERT INTO event (id, kind, subject_kind, subject_id, data, at) \
                    SELECT gen_random_uuid(), 'test.held', 'test', gen_random_uuid(), '{}', now()";

/// A transaction that took its place in the sequence stays open while others commit: they are not held up, and when it
/// commits at last its event comes after all that were seen, though its sequence is the smallest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_held_open_loses_nothing() {
    let Some(app) = on_postgres().await else { return };
    let db = with_notebook(&app).await;
    let holder = Database::connect(&app.database).await.unwrap();
    let held = begin(&holder).await;
    held.execute_unprepared(HELD).await.unwrap();

    let operator = app.staff("operator").await;
    for _ in 0..3 {
        register(&operator).await;
        app.pass("events").await;
        consume(&app.app.kit().db, "patient").await;
    }
    let before = noted(&db, "patient").await;
    assert_eq!(before.len(), 9, "three of each, while one is open");
    held.commit().await.unwrap();
    register(&operator).await;
    app.settle().await;
    consume(&app.app.kit().db, "patient").await;
    check(&db, "patient").await;
    let after = noted(&db, "patient").await;
    assert_eq!(after[..9], before[..], "what was seen stays");
    assert_eq!(
        after[9].1, "test.held",
        "the smallest sequence, and the next position"
    );
    let first = "SELECT seq AS n FROM event WHERE kind = 'test.held'";
    let others = "SELECT MIN(seq) AS n FROM event WHERE kind <> 'test.held'";
    assert!(number(&db, first).await < number(&db, others).await);

    // More than the sequencer places at a time.
    db.execute_unprepared(&format!("{HELD} FROM generate_series(1, 2500)"))
        .await
        .unwrap();
    app.settle().await;
    for _ in 0..20 {
        consume(&app.app.kit().db, "patient").await;
    }
    check(&db, "patient").await;
    let last = "SELECT MAX(position) AS n FROM event";
    assert_eq!(
        number(&db, last).await,
        number(&db, "SELECT COUNT(*) AS n FROM event").await,
        "without gaps"
    );
    db.close().await.unwrap();
    holder.close().await.unwrap();
    app.stop().await;
}

/// Waits until somebody waits for a lock: the job has come to the row that is held.
async fn until_somebody_waits(db: &DatabaseConnection) {
    for _ in 0..500 {
        let waiting = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
        if number(db, waiting).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits");
}

/// Writes down that a timer fired, and takes its time.
fn fire<'t>(
    tx: &'t Tx,
    (): &'t (),
    timer: &'t entity::durable_timer::Model,
) -> BoxFuture<'t, Result<(), AppError>> {
    Box::pin(async move {
        let values = [
            timer.id.0.into(),
            timer.subject_id.into(),
            timer.kind.clone().into(),
        ];
        let sql =
            "INSERT INTO notebook (consumer, event, subject, kind, position) VALUES ('timer', $1, $2, $3, 0)";
        tx.execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            sql,
            values,
        ))
        .await?;
        tokio::task::yield_now().await;
        Ok(())
    })
}

/// The timer itself fires once, whatever it does: what tickets do would forgive a second time.
async fn fire_all(app: &TestApp, other: &TestApp) {
    let db = with_notebook(app).await;
    let (one, two) = (&app.app.kit().db, &other.app.kit().db);
    let due = app.clock.now();
    one.write("test.set", due, |tx, due| {
        Box::pin(async move {
            for n in 0..30 {
                timers::set(tx, "test", Uuid::from_u128(n), *due);
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    let early = due - TimeDelta::microseconds(1);
    assert_eq!(
        timers::fire_next(one, early, Arc::new(()), fire).await.unwrap(),
        Pass::Idle
    );
    let all = |db: Db| async move {
        while timers::fire_next(&db, due, Arc::new(()), fire).await.unwrap() != Pass::Idle {}
    };
    tokio::join!(
        all(one.clone()),
        all(two.clone()),
        all(one.clone()),
        all(two.clone())
    );
    let subjects: Vec<Uuid> = noted(&db, "timer")
        .await
        .into_iter()
        .map(|(subject, ..)| subject)
        .collect();
    let different: BTreeSet<Uuid> = subjects.iter().copied().collect();
    assert_eq!((subjects.len(), different.len()), (30, 30));
    db.close().await.unwrap();
}

/// Runs the timers while a ticket is being changed; what the change left is what the timers go by.
async fn while_it_changes(app: &TestApp, ticket: &str, changes: &[&str]) {
    let holder = Database::connect(&app.database).await.unwrap();
    let held = begin(&holder).await;
    held.execute_unprepared(&format!("SELECT id FROM ticket WHERE id = '{ticket}' FOR UPDATE"))
        .await
        .unwrap();
    let looking = Database::connect(&app.database).await.unwrap();
    tokio::join!(app.pass("timers"), async {
        until_somebody_waits(&looking).await;
        for change in changes {
            held.execute_unprepared(&change.replace("TICKET", ticket))
                .await
                .unwrap();
        }
        held.commit().await.unwrap();
    });
    app.settle().await;
    holder.close().await.unwrap();
    looking.close().await.unwrap();
}

/// A rating and the end of its time meet: the rating was first, so it counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rating_at_the_last_moment_counts() {
    let Some(app) = on_postgres().await else { return };
    let ticket = register(&app.staff("operator").await).await;
    let id = id_of(&ticket);
    answer(&app, &ticket).await;
    app.settle().await;
    // Other clocks ran out before, and are told first.
    app.turn(TimeDelta::days(app.app.kit().config.jobs.callback_grace_days) - TimeDelta::microseconds(1));
    app.settle().await;
    app.turn(TimeDelta::microseconds(1));
    let changes = [
        "UPDATE callback SET state = 'answered', satisfied = 5, solved = true WHERE ticket_id = 'TICKET'",
        "UPDATE ticket SET state = 'closed', rated = true, version = version + 1 WHERE id = 'TICKET'",
    ];
    while_it_changes(&app, &id, &changes).await;
    let row = callback(&app, &id).await;
    assert_eq!(
        (row.state, row.satisfied),
        (entity::kind::CallbackState::Answered, Some(5))
    );
    let seen = app
        .staff("supervisor")
        .await
        .get(&format!("/api/v1/tickets/{id}"))
        .await;
    assert!(
        entries(&seen.body, "closed").is_empty(),
        "closed by hand in this test, and not once more by the timer"
    );
    app.stop().await;
}

/// A signature and the end of its time meet: who signed in time is not called late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_at_the_last_moment_counts() {
    let Some(app) = on_postgres().await else { return };
    let ticket = register(&app.staff("operator").await).await;
    let id = id_of(&ticket);
    let due: chrono::DateTime<chrono::Utc> = clock(&ticket, "sign")["due_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    app.turn(due - app.clock.now());
    let changes = [
        "UPDATE clock SET stopped_at = due_at - interval '1 second' WHERE ticket_id = 'TICKET' AND kind = 'sign'",
    ];
    while_it_changes(&app, &id, &changes).await;
    let seen = app
        .staff("supervisor")
        .await
        .get(&format!("/api/v1/tickets/{id}"))
        .await;
    assert_eq!(clock(&seen.body, "sign")["breached"], false);
    assert!(entries(&seen.body, "overdue").is_empty());
    app.stop().await;
}
