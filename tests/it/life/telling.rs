//! What is told when nobody acts: a reminder, an urge, one level up, the centre. Once each, whoever watches.

use super::{LEAD, MANAGER, at, clock, dispatched, id_of, kinds, seen, told};
use crate::on_both;
use crate::support::TestApp;
use chrono::{DateTime, Utc};
use serde_json::json;

/// What is told by then.
async fn told_by(app: &TestApp, instant: &str) {
    at(app, instant);
    app.settle().await;
    app.settle().await;
}

on_both! {
    /// A ticket that nobody signs for: each step once, on two instances.
    async fn nobody_signs_and_each_level_hears_of_it_once(app: TestApp) {
        let other = app.second().await;
        let ticket = dispatched(&app).await;
        let id = id_of(&ticket);
        let steps = [
            // The morning of the last day, its end, the end of the next working day, five working days more.
            ("2026-11-25T00:30:00Z", "reminded", 1),
            ("2026-11-25T09:30:00Z", "overdue", 1),
            ("2026-11-26T09:30:00Z", "escalated", 1),
            ("2026-12-03T09:30:00Z", "escalated", 2),
        ];
        for (instant, kind, n) in steps {
            let instant: DateTime<Utc> = instant.parse().unwrap();
            app.turn(instant - app.clock.now());
            tokio::join!(app.settle(), other.settle());
            app.settle().await;
            let shown = seen(&app.staff("supervisor").await, &id).await;
            let of_sign = shown.body["timeline"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind && entry["data"]["clock"] == "sign").count();
            assert_eq!(of_sign, n, "{kind} at {instant}");
        }
        let handler = app.handler_of(&ticket).await;
        assert!(told(&handler).await.iter().any(|text| text.starts_with("工单即将到期")));
        assert!(told(&app.staff(LEAD).await).await.iter().any(|text| text.starts_with("工单已超期")));
        assert!(told(&app.staff(MANAGER).await).await.iter().any(|text| text.starts_with("工单超期升级")));
        assert!(told(&app.staff("supervisor").await).await.iter().any(|text| text.starts_with("工单超期升级")));
        let shown = seen(&app.staff("supervisor").await, &id).await;
        assert_eq!(clock(&shown, "sign")["breached"], true);
        other.stop().await;
    }

    /// What waits in the pool is the dispatchers', and the supervisors hear of it.
    async fn what_no_unit_has_is_told_to_the_centre(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = json!({ "requester": { "phone": super::REQUESTER }, "category": "120302", "title": "噪声", "content": "吵",
            "place": { "address": "羊桥社区" }, "hold": true });
        let made = operator.post("/api/v1/tickets", &request).await;
        let id = made.text_at("/ticket/id");
        told_by(&app, "2026-11-27T09:30:00Z").await;
        let shown = seen(&app.staff("supervisor").await, &id).await;
        assert!(kinds(&shown).contains(&"overdue".to_owned()));
        assert!(told(&app.staff("operator").await).await.iter().any(|text| text.starts_with("工单已超期")));
        assert!(told(&app.staff("supervisor").await).await.iter().any(|text| text.starts_with("工单超期升级")));
    }

    /// What nothing could place is the dispatchers': they hear of it at once, and again when it waits too long.
    async fn what_nothing_places_is_told_to_the_dispatchers(app: TestApp) {
        let (id, _) = super::in_progress(&app).await;
        let handler = app.handler_of(&json!({ "staff_id": seen(&app.staff("supervisor").await, &id).await.body["staff_id"] })).await;
        handler.act(&id, &super::return_to(&app.unit("department-demo").await)).await.expect(200);
        let ruled = app.staff("arbiter").await.act(&id, &json!({ "action": "approve_return", "reason": "另行派单" })).await;
        ruled.expect(200);
        assert_eq!(clock(&ruled, "dispatch")["due_at"], "2026-11-24T07:30:00Z", "four working hours");
        told_by(&app, "2026-11-24T07:30:00Z").await;
        let shown = seen(&app.staff("dispatcher").await, &id).await;
        assert!(kinds(&shown).contains(&"overdue".to_owned()));
        assert!(told(&app.staff("dispatcher").await).await.iter().any(|text| text.starts_with("工单已超期")));
        let to = json!({ "action": "dispatch", "unit_id": app.unit("440703002102").await["id"], "reason": "属地" });
        app.staff("dispatcher").await.act(&id, &to).await.expect(200);
        assert!(clock(&seen(&app.staff("dispatcher").await, &id).await, "dispatch")["stopped_at"].is_string());
    }

    /// A new deadline begins all of it again.
    async fn a_new_deadline_is_told_anew(app: TestApp) {
        let ticket = dispatched(&app).await;
        let (id, handler) = (id_of(&ticket), app.handler_of(&ticket).await);
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        handler.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        let of_resolve = |shown: &crate::support::Answer, kind: &str| {
            shown.body["timeline"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind && entry["data"]["clock"] == "resolve").count()
        };
        told_by(&app, "2026-12-03T01:00:00Z").await;
        let handler = app.handler_of(&ticket).await;
        let ask = json!({ "action": "request_extension", "amount": 2, "reason": "等检测" });
        handler.act(&id, &ask).await.expect(200);
        app.staff(MANAGER).await.act(&id, &json!({ "action": "grant_extension" })).await.expect(200);
        let shown = seen(&app.staff("supervisor").await, &id).await;
        assert_eq!((of_resolve(&shown, "reminded"), of_resolve(&shown, "overdue")), (1, 0));
        told_by(&app, "2026-12-03T10:00:00Z").await;
        let shown = seen(&app.staff("supervisor").await, &id).await;
        assert_eq!((of_resolve(&shown, "reminded"), of_resolve(&shown, "overdue")), (1, 0), "it is not due any more");
        told_by(&app, "2026-12-07T10:00:00Z").await;
        let shown = seen(&app.staff("supervisor").await, &id).await;
        assert_eq!((of_resolve(&shown, "reminded"), of_resolve(&shown, "overdue")), (1, 1));
    }
}
