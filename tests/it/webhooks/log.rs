//! The event log over HTTP: pages and the stream, cut by what the caller may see, complete whoever commits when.

use super::{note, register};
use crate::on_both;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

const EVENTS: &str = "/api/v1/events";

/// All pages from a position on; what was seen.
async fn all(client: &Client, from: i64, more: &str) -> Vec<Value> {
    let (mut after, mut seen) = (from, Vec::new());
    loop {
        let page = client.get(&format!("{EVENTS}?after={after}&limit=7{more}")).await;
        page.expect(200);
        seen.extend(page.body["items"].as_array().unwrap().clone());
        after = page.body["next_after"].as_i64().unwrap();
        if page.body["more"] == false {
            return seen;
        }
    }
}

on_both! {
    /// Pages go on where the last one ended; each event is there once, in order, for whom it concerns.
    async fn pages_go_on_without_a_gap(app: TestApp) {
        let operator = app.staff("operator").await;
        let mut tickets = Vec::new();
        for _ in 0..4 {
            let ticket = register(&operator).await;
            note(&operator, &ticket).await;
            tickets.push(ticket);
        }
        app.pass("events").await;
        let seen = all(&operator, 0, "").await;
        let positions: Vec<i64> = seen.iter().map(|event| event["position"].as_i64().unwrap()).collect();
        assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
        let of = |events: &[Value], kind: &str| events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!((of(&seen, "ticket.registered"), of(&seen, "ticket.noted")), (4, 4));
        assert!(seen.iter().all(|event| event["unit_path"].is_string()));
        let notes = all(&operator, 0, "&types=ticket.noted,call.*").await;
        assert_eq!(notes.len(), 4);
        let one = all(&operator, 0, &format!("&subject_id={}", tickets[0])).await;
        assert!(one.len() >= 3 && one.iter().all(|event| event["subject_id"] == json!(tickets[0])));
        assert_eq!(all(&app.staff("lead-440703005101").await, 0, "").await, Vec::<Value>::new(), "elsewhere");
        let next = operator.get(&format!("{EVENTS}?after={}", positions.last().unwrap())).await;
        assert_eq!((&next.body["items"], &next.body["more"]), (&json!([]), &json!(false)));
        for (query, field) in [("?types=weather.*", "?types"), ("?after=-1", "?after"), ("?limit=0", "?limit"), ("?limit=101", "?limit")] {
            let refused = operator.get(&format!("{EVENTS}{query}")).await;
            assert!(refused.problem(422, "invalid_input").rule(field).is_some(), "{query}");
        }
        // Whoever does not ask for the stream is told, too.
        let wrong = operator.request("GET", EVENTS).header("Last-Event-ID", "x");
        operator.send(wrong).await.problem(422, "invalid_input");
        let wrong = operator.request("GET", EVENTS).header("Accept", "text/event-stream").header("Last-Event-ID", "x");
        operator.send(wrong).await.problem(422, "invalid_input");
        app.resident("13900000001").await.get(EVENTS).await.problem(403, "forbidden");
    }

    /// The stream goes on where it broke off; what it tells is what the list tells.
    async fn a_stream_goes_on_where_it_broke_off(app: TestApp) {
        let operator = app.staff("operator").await;
        let first = register(&operator).await;
        app.pass("events").await;
        let listed = all(&operator, 0, "").await;
        let last = listed.last().unwrap()["position"].as_i64().unwrap();
        let second = register(&operator).await;
        app.pass("events").await;
        let text = operator.heard(EVENTS, Some(&last.to_string()), "event: ticket.dispatched").await;
        assert!(text.contains(&second) && !text.contains(&first), "{text}");
        let data: Vec<Value> = text.lines().filter_map(|line| line.strip_prefix("data: {\"id\"")).map(|rest| serde_json::from_str(&format!("{{\"id\"{rest}")).unwrap()).collect();
        assert_eq!(data, all(&operator, last, "").await);
        let only = operator.heard(&format!("{EVENTS}?types=ticket.dispatched&once=true"), Some("0"), "never").await;
        assert_eq!(only.matches("event: ticket.").count(), 2);
        assert_eq!(only.matches("event: ticket.dispatched").count(), 2);
    }
}

/// On PostgreSQL somebody's transaction stays open for long: nobody is told of what came later and then of what came before;
/// nothing is skipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_stays_open_skips_nothing() {
    use crate::support::Backend;
    use sea_orm::{ConnectionTrait, Database};
    if !Backend::postgres_is_there() {
        return;
    }
    let app = TestApp::start(Backend::Postgres).await;
    let other = app.second().await;
    let db = Database::connect(&app.database).await.unwrap();
    let open = crate::events::begin(&db).await;
    // An event with a smaller number than those that are committed before it.
    let held = uuid::Uuid::from_u128(77);
    open.execute_unprepared(&format!(
        "INSERT INTO event (id, kind, subject_kind, subject_id, unit_path, data, at) \
         VALUES ('{held}', 'ticket.noted', 'ticket', '{held}', '/440703/', '{{}}', now())"
    ))
    .await
    .unwrap();
    let (here, there) = (app.staff("operator").await, other.staff("operator").await);
    register(&here).await;
    register(&there).await;
    app.pass("events").await;
    other.pass("events").await;
    let before = all(&there, 0, "").await;
    assert_eq!(
        before
            .iter()
            .filter(|event| event["type"] == "ticket.registered")
            .count(),
        2
    );
    let last = before.last().unwrap()["position"].as_i64().unwrap();
    open.commit().await.unwrap();
    app.pass("events").await;
    let after = all(&here, last, "").await;
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!(after[0]["id"], json!(held));
    let text = there
        .heard(EVENTS, Some(&last.to_string()), "event: ticket.noted")
        .await;
    assert!(text.contains(&held.to_string()), "{text}");
    db.close().await.unwrap();
    other.stop().await;
    app.stop().await;
}
