//! A clock that runs out, and one that is stopped in time.

use super::{REQUESTER, clock, entries, id_of, register};
use crate::on_both;
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};

on_both! {
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
        let queues = counts.body["queues"].as_array().unwrap();
        assert_eq!((queues.len(), &queues[0]["state"], &queues[0]["n"]), (1, &json!("dispatched"), &json!(1)), "it stands where it stood");
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
