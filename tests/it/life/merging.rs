//! One matter in several tickets.

use super::{LEAD, answered, clock, dispatched, id_of, in_progress, kinds, refused, registered_by, seen};
use crate::on_both;
use serde_json::{Value, json};

fn into(other: &str) -> Value {
    json!({ "action": "merge", "into": other, "reason": "同一小区同一广场舞" })
}

on_both! {
    /// Each requester gets the reply and is asked on their own.
    async fn what_is_merged_is_answered_with_the_other(app: TestApp) {
        let (primary, handler) = in_progress(&app).await;
        let operator = app.staff("operator").await;
        let second = id_of(&registered_by(&operator, "13900000002").await);
        let third = id_of(&registered_by(&operator, "13900000003").await);
        let dispatcher = app.staff("dispatcher").await;
        let promise = clock(&seen(&dispatcher, &second).await, "resolve");
        for other in [&second, &third] {
            let merged = dispatcher.act(other, &into(&primary)).await;
            merged.expect(200);
            assert_eq!((&merged.body["state"], &merged.body["merged_into"]), (&json!("merged"), &json!(primary)));
        }
        let whole = seen(&dispatcher, &primary).await;
        assert_eq!(whole.body["followers"], 2);
        assert_eq!(clock(&seen(&dispatcher, &second).await, "resolve")["due_at"], promise["due_at"], "the promise holds");
        // No ring, none into itself, none into what is over.
        for (which, target, code) in [(&primary, &second, "merge_ring"), (&primary, &primary, "merge_ring")] {
            refused(&dispatcher, &dispatcher, which, &into(target), 409, code).await;
        }
        let fourth = id_of(&registered_by(&operator, "13900000004").await);
        refused(&dispatcher, &dispatcher, &fourth, &into(&second), 409, "merge_ring").await;
        let answer = refused(&dispatcher, &dispatcher, &fourth, &into(&uuid::Uuid::nil().to_string()), 422, "invalid_input").await;
        assert_eq!(answer.rule("/into"), Some("unknown"));
        // One goes its own way again, as it was.
        let alone = dispatcher.act(&third, &json!({ "action": "unmerge", "reason": "另一处" })).await;
        alone.expect(200);
        assert_eq!((&alone.body["state"], alone.body["unit_id"].is_string()), (&json!("dispatched"), true));
        assert_eq!(seen(&dispatcher, &primary).await.body["followers"], 1);
        answered(&app, &primary, &handler).await;
        app.settle().await;
        let resident = app.resident("13900000002").await;
        let theirs = seen(&resident, &second).await;
        assert_eq!(theirs.body["state"], "callback");
        let reply = theirs.body["timeline"].as_array().unwrap().iter().find(|entry| entry["kind"] == "approved").unwrap();
        assert_eq!(reply["public_text"], "已办结");
        refused(&dispatcher, &dispatcher, &fourth, &into(&primary), 409, "merge_into_closed").await;
        // They are not satisfied: their matter is taken up again, by who answered; the first one's is not.
        let rating = json!({ "contacted": false, "solved": false, "satisfied": 1 });
        let again = resident.act(&second, &json!({ "action": "rate", "rating": rating })).await;
        again.expect(200);
        assert_eq!(again.body["state"], "in_progress");
        let first = seen(&dispatcher, &primary).await;
        assert_eq!((&first.body["state"], &first.body["followers"]), (&json!("callback"), &json!(0)));
        assert_eq!(seen(&dispatcher, &second).await.body["unit_id"], first.body["unit_id"]);
        assert_eq!(seen(&dispatcher, &third).await.body["state"], "dispatched");
    }

    /// What turns out untrue for one is not decided for the others; and nobody merges into what is not theirs to see.
    async fn what_was_merged_into_a_refused_one_goes_on(app: TestApp) {
        let (primary, handler) = in_progress(&app).await;
        let second = id_of(&dispatched(&app).await);
        let manager = app.staff("manager-440703005").await;
        let dispatcher = app.staff("dispatcher").await;
        manager.act(&second, &into(&primary)).await.problem(404, "not_found");
        let here = app.staff(super::MANAGER).await;
        let far = json!({ "requester": { "phone": super::REQUESTER }, "category": "120302", "title": "别处", "content": "别处", "place": { "unit_id": app.unit("440703005101").await["id"] } });
        let far = app.staff("operator").await.post("/api/v1/tickets", &far).await;
        let answer = refused(&here, &dispatcher, &second, &into(&far.text_at("/ticket/id")), 422, "invalid_input").await;
        assert_eq!(answer.rule("/into"), Some("unknown"));
        dispatcher.act(&second, &into(&primary)).await.expect(200);
        handler.act(&primary, &json!({ "action": "first_contact", "reached": true, "by": "上门" })).await.expect(200);
        handler.act(&primary, &json!({ "action": "reply", "result": "explained", "public_text": "无此情况" })).await.expect(200);
        let untrue = json!({ "action": "reject", "reason": "untrue", "channel_told": "经现场核实" });
        refused(&app.staff("operator").await, &dispatcher, &primary, &untrue, 403, "forbidden").await;
        app.staff("supervisor").await.act(&primary, &untrue).await.expect(200);
        app.settle().await;
        let alone = seen(&dispatcher, &second).await;
        assert_eq!((&alone.body["state"], kinds(&alone).last().unwrap().as_str()), (&json!("dispatched"), "unmerged"));
        assert_eq!(clock(&alone, "sign")["paused_at"], Value::Null, "it goes on where it rested");
    }

    /// Whose ticket was merged into one that is taken back goes on alone.
    async fn what_was_merged_goes_on_when_the_other_is_withdrawn(app: TestApp) {
        let (primary, _) = in_progress(&app).await;
        let second = dispatched(&app).await;
        let (id, dispatcher) = (id_of(&second), app.staff("dispatcher").await);
        dispatcher.act(&id, &into(&primary)).await.expect(200);
        let resident = app.resident(super::REQUESTER).await;
        resident.act(&primary, &json!({ "action": "withdraw", "reason": "不反映了" })).await.expect(200);
        app.settle().await;
        let alone = seen(&dispatcher, &id).await;
        assert_eq!(alone.body["state"], "dispatched");
        assert_eq!(kinds(&alone).last().unwrap(), "unmerged");
        let lead = app.staff(LEAD).await;
        assert!(seen(&lead, &id).await.body["actions"].as_array().unwrap().contains(&json!("sign")));
    }
}
