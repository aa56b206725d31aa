//! A call-back that nobody answers, and one that is answered in time.

use super::{REQUESTER, answer, callback, entries, id_of, register};
use crate::on_both;
use crate::support::TestApp;
use chrono::TimeDelta;
use serde_json::json;

on_both! {
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
}

/// The path of the link in the newest message to the requester.
async fn link(app: &TestApp) -> String {
    let inbox = app.resident(REQUESTER).await.get("/api/v1/notices?limit=1").await;
    let text = inbox.text_at("/items/0/text");
    let base = app.app.kit().config.server.public_url.as_str();
    text.split(base).nth(1).unwrap().to_owned()
}
