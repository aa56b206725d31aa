//! Other units: parts that they do, whistles, reassignment, supervision.

use super::{LEAD, MANAGER, answered, clock, in_progress, refused, seen, told};
use crate::on_both;
use serde_json::{Value, json};

on_both! {
    /// Another unit does a part; the reply waits for it, and they see no more than they need to do.
    async fn a_part_is_done_by_another_unit(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let reader = app.staff("supervisor").await;
        let other = app.staff("handler-a-440703002102").await;
        other.get(&format!("/api/v1/tickets/{id}")).await.problem(404, "not_found");
        let unit = app.unit("440703002102").await;
        let call = |unit: &Value| json!({ "action": "co_handle", "unit_id": unit, "what": "请协助核实音响归属", "limit": { "amount": 2, "unit": "working_days" } });
        for (wrong, pointer) in [(json!(uuid::Uuid::nil()), "/unit_id")] {
            let answer = refused(&handler, &reader, &id, &call(&wrong), 422, "invalid_input").await;
            assert_eq!(answer.rule(pointer), Some("unknown"));
        }
        refused(&handler, &reader, &id, &call(&app.unit("440703002101").await["id"]), 409, "task_to_lead").await;
        let called = handler.act(&id, &call(&unit["id"])).await;
        called.expect(200);
        let task = called.body["proceedings"][0].clone();
        assert_eq!((&task["kind"], &task["state"], &task["unit_id"]), (&json!("task"), &json!("open"), &unit["id"]));
        assert_eq!(clock(&called, "task")["due_at"], "2026-11-26T09:30:00Z");
        app.settle().await;
        assert!(told(&other).await[0].starts_with("会办事项待办理"));
        handler.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "上门" })).await.expect(200);
        let reply = json!({ "action": "reply", "result": "solved", "public_text": "已劝离" });
        let waits = refused(&handler, &reader, &id, &reply, 409, "tasks_open").await;
        assert_eq!(waits.body["open"], 1);
        // They may do their part, and nothing else.
        let theirs = seen(&other, &id).await;
        assert_eq!(theirs.body["actions"], json!(["note", "finish_task"]));
        refused(&other, &reader, &id, &reply, 403, "forbidden").await;
        let done = json!({ "action": "finish_task", "task_id": task["id"], "text": "音响属本社区文艺队" });
        refused(&handler, &reader, &id, &done, 403, "forbidden").await;
        let mut unknown = done.clone();
        unknown["task_id"] = json!(uuid::Uuid::nil());
        refused(&other, &reader, &id, &unknown, 422, "invalid_input").await;
        // With their part done the ticket is out of their sight, and they hear that it is done.
        other.act(&id, &done).await.expect(200);
        other.get(&format!("/api/v1/tickets/{id}")).await.problem(404, "not_found");
        let after = seen(&handler, &id).await;
        assert_eq!(after.body["proceedings"][0]["answered"], "音响属本社区文艺队");
        handler.act(&id, &reply).await.expect(200);
        let hands = reader.get(&format!("/api/v1/tickets/{id}/hands")).await;
        assert_eq!((&hands.body["items"][1]["nature"], hands.body["items"][1]["to"].is_string()), (&json!("assist"), true));
    }

    /// A community whistles for a department; what is not needed any more is waived by who has the lead.
    async fn a_whistle_calls_a_department(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let reader = app.staff("supervisor").await;
        let whistle = |unit: &Value| json!({ "action": "whistle", "unit_id": unit, "what": "请到场执法" });
        let answer = refused(&handler, &reader, &id, &whistle(&json!(uuid::Uuid::nil())), 422, "invalid_input").await;
        assert_eq!(answer.rule("/unit_id"), Some("unknown"));
        let answer = refused(&handler, &reader, &id, &whistle(&app.unit("440703002102").await["id"]), 422, "invalid_input").await;
        assert_eq!(answer.rule("/unit_id"), Some("one_of"));
        let department = app.unit("department-demo").await;
        let called = handler.act(&id, &whistle(&department["id"])).await;
        called.expect(200);
        assert_eq!(clock(&called, "whistle")["due_at"], "2026-11-25T09:30:00Z");
        let task = called.body["proceedings"][0]["id"].clone();
        let waive = json!({ "action": "waive_task", "task_id": task, "reason": "已自行散去" });
        refused(&app.staff("handler-department-demo").await, &reader, &id, &waive, 403, "forbidden").await;
        handler.act(&id, &waive).await.expect(200);
        refused(&handler, &reader, &id, &waive, 409, "nothing_open").await;
        app.settle().await;
        assert!(told(&app.staff("handler-department-demo").await).await[0].starts_with("会办事项已取消"));
        answered(&app, &id, &handler).await;
    }

    /// The street moves a ticket within itself; the promise stays.
    async fn a_street_reassigns_within_itself(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let reader = app.staff("supervisor").await;
        let before = clock(&seen(&reader, &id).await, "resolve");
        let manager = app.staff(MANAGER).await;
        let to = |code: &'static str| { let app = &app; async move { app.unit(code).await["id"].clone() } };
        let give = |unit: Value| json!({ "action": "reassign", "unit_id": unit, "reason": "属地调整" });
        refused(&handler, &reader, &id, &give(to("440703002102").await), 403, "forbidden").await;
        refused(&manager, &reader, &id, &give(to("440703005101").await), 403, "forbidden").await;
        let moved = manager.act(&id, &give(to("440703002102").await)).await;
        moved.expect(200);
        assert_eq!((&moved.body["state"], &moved.body["unit_name"]), (&json!("dispatched"), &json!(app.unit("440703002102").await["name"])));
        let after = seen(&reader, &id).await;
        assert_eq!(clock(&after, "resolve")["due_at"], before["due_at"]);
        assert!(clock(&after, "sign")["stopped_at"].is_null(), "the new unit signs");
        handler.get(&format!("/api/v1/tickets/{id}")).await.problem(404, "not_found");
    }

    /// A supervision is answered by the unit and ended by the supervisor.
    async fn a_supervision_has_a_life_of_its_own(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let supervisor = app.staff("supervisor").await;
        let demand = json!({ "action": "supervise", "reason": "群众多次反映，限期答复", "limit": { "amount": 1, "unit": "working_days" } });
        refused(&handler, &supervisor, &id, &demand, 403, "forbidden").await;
        let demanded = supervisor.act(&id, &demand).await;
        demanded.expect(200);
        assert_eq!((&demanded.body["supervised"], &clock(&demanded, "supervise")["due_at"]), (&json!(true), &json!("2026-11-25T09:30:00Z")));
        refused(&supervisor, &supervisor, &id, &demand, 409, "already_open").await;
        app.settle().await;
        let lead = app.staff(LEAD).await;
        assert!(told(&lead).await[0].starts_with("工单被督办"));
        let answer = json!({ "action": "answer_supervision", "text": "今晚到场处置" });
        lead.act(&id, &answer).await.expect(200);
        refused(&lead, &supervisor, &id, &answer, 409, "nothing_open").await;
        answered(&app, &id, &handler).await;
        let shown = seen(&supervisor, &id).await;
        assert_eq!((&shown.body["supervised"], &shown.body["proceedings"][0]["state"]), (&json!(true), &json!("answered")), "the supervisor ends it");
        supervisor.act(&id, &json!({ "action": "close_supervision", "reason": "已落实" })).await.expect(200);
        assert_eq!(seen(&supervisor, &id).await.body["supervised"], false);
    }
}
