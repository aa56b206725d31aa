//! What has been over for long is put away, and nothing else.

use super::{answered, in_progress, kinds, refused, seen};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::json;

on_both! {
    /// A year after the last thing happened a ticket is read-only; one that is under way or supervised stays.
    async fn what_is_over_for_long_is_put_away(app: TestApp) {
        let (closed, handler) = in_progress(&app).await;
        answered(&app, &closed, &handler).await;
        let (watched, handler) = in_progress(&app).await;
        let supervise = json!({ "action": "supervise", "reason": "请说明" });
        app.staff("supervisor").await.act(&watched, &supervise).await.expect(200);
        answered(&app, &watched, &handler).await;
        let (open, _) = in_progress(&app).await;
        // Nobody answers the call-backs.
        app.turn(TimeDelta::days(8));
        app.settle().await;
        app.turn(TimeDelta::days(364));
        app.pass("archive").await;
        let supervisor = app.staff("supervisor").await;
        assert_eq!(seen(&supervisor, &closed).await.body["state"], "closed");
        app.turn(TimeDelta::days(40));
        app.pass("archive").await;

        let supervisor = app.staff("supervisor").await;
        let shown = seen(&supervisor, &closed).await;
        assert_eq!(shown.body["state"], "archived");
        assert_eq!(kinds(&shown).last().unwrap(), "archived");
        assert!(shown.body["closed_at"].is_string(), "{}", shown.text);
        assert_eq!(shown.body["actions"], json!([]));
        assert_eq!(seen(&supervisor, &watched).await.body["state"], "closed");
        assert_eq!(seen(&supervisor, &open).await.body["state"], "in_progress");
        let operator = app.staff("operator").await;
        let reopen = json!({ "action": "reopen", "reason": "又坏了" });
        refused(&operator, &supervisor, &closed, &reopen, 409, "action_not_allowed").await;
        let queues = supervisor.get("/api/v1/queues").await;
        app.settle().await;
        let again = supervisor.get("/api/v1/queues").await;
        assert!(again.text.contains("archived"), "{} {}", queues.text, again.text);
        let verified = supervisor.get(&format!("/api/v1/tickets/{closed}/verify")).await;
        assert_eq!(verified.body["intact"], true);
    }
}
