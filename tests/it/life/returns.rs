//! Returns without kicking around: a window, a ground, a ruling, an end.

use super::{LEAD, MANAGER, clock, dispatched, id_of, in_progress, kinds, refused, return_to, seen};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::json;

on_both! {
    /// A return is asked for, agreed to, and the ticket goes on with the clock it had.
    async fn a_return_is_ruled_and_the_clock_goes_on(app: TestApp) {
        let (id, _) = in_progress(&app).await;
        let before = clock(&seen(&app.staff("supervisor").await, &id).await, "resolve");
        app.turn(TimeDelta::hours(3));
        let supervisor = app.staff("supervisor").await;
        let department = app.unit("department-demo").await;
        let asked = app.handler_of(&json!({ "staff_id": seen(&supervisor, &id).await.body["staff_id"] })).await;
        let back = asked.act(&id, &return_to(&department)).await;
        back.expect(200);
        assert_eq!(back.body["state"], "return_review");
        assert!(!back.body["actions"].as_array().unwrap().contains(&json!("reply")), "{}", back.body["actions"]);
        app.settle().await;
        // The manager of the street rules, not who asked.
        let manager = app.staff(MANAGER).await;
        assert!(super::told(&manager).await[0].starts_with("退单申请待审核"));
        let precedents = manager.get(&format!("/api/v1/tickets/{id}/precedents")).await;
        precedents.expect(200);
        assert_eq!((&precedents.body["granted"], &precedents.body["items"]), (&json!(0), &json!([])));
        asked.act(&id, &json!({ "action": "refuse_return", "reason": "x" })).await.problem(403, "forbidden");
        let ruling = json!({ "action": "approve_return", "reason": "确需执法权" });
        let ruled = manager.act(&id, &ruling).await;
        ruled.expect(200);
        assert_eq!(ruled.body["state"], "pending_dispatch");
        // Without a lead it is the centre's.
        let dispatcher = app.staff("dispatcher").await;
        let to = json!({ "action": "dispatch", "unit_id": department["id"], "reason": "按裁定派单" });
        dispatcher.act(&id, &to).await.expect(200);
        let now = seen(&supervisor, &id).await;
        assert_eq!((&now.body["state"], &now.body["unit_id"]), (&json!("dispatched"), &department["id"]));
        let after = clock(&now, "resolve");
        assert_eq!((&after["started_at"], &after["due_at"]), (&before["started_at"], &before["due_at"]), "no new clock");
        let back = &now.body["proceedings"][0];
        assert_eq!((&back["kind"], &back["state"], &back["target_unit_id"]), (&json!("return"), &json!("granted"), &department["id"]));
        assert!(back["asked"].as_str().unwrap().contains("街道履职事项清单第12项"));
        assert_eq!(back["answered"], "确需执法权");
        // Who had it how long.
        let hands = supervisor.get(&format!("/api/v1/tickets/{id}/hands")).await;
        hands.expect(200);
        assert_eq!(hands.body["items"][0]["minutes"], 180);
        assert_eq!(hands.body["items"][0]["unit_name"], "羊桥社区");
        assert_eq!(hands.body["items"][1]["unit_name"], department["name"]);
        assert!(hands.body["items"][1]["to"].is_null());
        // The next ruling sees this one.
        let (second, handler) = in_progress(&app).await;
        handler.act(&second, &return_to(&department)).await.expect(200);
        let precedents = app.staff("arbiter").await.get(&format!("/api/v1/tickets/{second}/precedents")).await;
        assert_eq!(precedents.body["granted"], 1);
        let first = &precedents.body["items"][0];
        assert_eq!((&first["same_unit"], &first["ruling"], &first["target_unit_name"]), (&json!(true), &json!("granted"), &department["name"]));
    }

    /// Who was refused keeps it, and may not ask again.
    async fn a_refused_return_is_final(app: TestApp) {
        let ticket = dispatched(&app).await;
        let (id, handler) = (id_of(&ticket), app.handler_of(&ticket).await);
        let reader = app.staff("supervisor").await;
        let department = app.unit("department-demo").await;
        handler.act(&id, &return_to(&department)).await.expect(200);
        let arbiter = app.staff("arbiter").await;
        let ruled = arbiter.act(&id, &json!({ "action": "refuse_return", "reason": "属社区调解职责" })).await;
        ruled.expect(200);
        assert_eq!((&ruled.body["state"], &ruled.body["no_return"]), (&json!("dispatched"), &json!(true)));
        refused(&handler, &reader, &id, &return_to(&department), 409, "return_forbidden").await;
        assert!(kinds(&seen(&reader, &id).await).contains(&"return_refused".to_owned()));
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
    }

    /// Once the window has closed the ticket is the unit's.
    async fn a_return_outside_its_window_is_refused(app: TestApp) {
        let (id, _) = in_progress(&app).await;
        app.turn(TimeDelta::days(2));
        let reader = app.staff("supervisor").await;
        let handler = app.handler_of(&json!({ "staff_id": seen(&reader, &id).await.body["staff_id"] })).await;
        let department = app.unit("department-demo").await;
        assert!(!seen(&handler, &id).await.body["actions"].as_array().unwrap().contains(&json!("request_return")));
        refused(&handler, &reader, &id, &return_to(&department), 409, "return_window_past").await;
        let mut wrong = return_to(&department);
        wrong["suggested_unit_id"] = json!(uuid::Uuid::nil());
        let answer = refused(&handler, &reader, &id, &wrong, 422, "invalid_input").await;
        assert_eq!(answer.rule("/suggested_unit_id"), Some("unknown"));
        wrong["basis"] = json!("");
        refused(&handler, &reader, &id, &wrong, 422, "invalid_input").await;
    }

    /// The third route is the last: the centre names the unit, and what it says can be a rule from then on.
    async fn the_third_route_is_the_centres_and_can_become_a_rule(app: TestApp) {
        let ticket = dispatched(&app).await;
        let (id, handler) = (id_of(&ticket), app.handler_of(&ticket).await);
        let reader = app.staff("supervisor").await;
        let (department, next_door) = (app.unit("department-demo").await, app.unit("440703002102").await);
        handler.act(&id, &return_to(&next_door)).await.expect(200);
        let manager = app.staff(MANAGER).await;
        let there = json!({ "action": "approve_return", "unit_id": next_door["id"], "reason": "属隔壁社区" });
        manager.act(&id, &there).await.expect(200);
        let second = app.staff("lead-440703002102").await;
        second.act(&id, &return_to(&department)).await.expect(200);
        refused(&manager, &reader, &id, &there, 403, "centre_must_rule").await;
        let arbiter = app.staff("arbiter").await;
        refused(&arbiter, &reader, &id, &json!({ "action": "approve_return", "reason": "x" }), 409, "must_designate").await;
        refused(&arbiter, &reader, &id, &json!({ "action": "approve_return", "reason": "x", "as_rule": true }), 422, "invalid_input").await;
        let ruling = json!({ "action": "approve_return", "unit_id": department["id"], "reason": "属执法事项", "as_rule": true });
        let ruled = arbiter.act(&id, &ruling).await;
        ruled.expect(200);
        assert_eq!((&ruled.body["state"], &ruled.body["no_return"]), (&json!("dispatched"), &json!(true)));
        let third = app.staff("handler-department-demo").await;
        refused(&third, &reader, &id, &return_to(&next_door), 409, "return_forbidden").await;
        // The next one of its kind goes there at once, and says why.
        app.pass("reference").await;
        let next = dispatched(&app).await;
        assert_eq!(next["unit_id"], department["id"]);
        assert!(next["explanation"].to_string().contains("属执法事项"), "{}", next["explanation"]);
    }

    /// A ruling that the unit keeps it can become a rule too: the next one's explanation names it.
    async fn a_refused_return_can_become_a_rule(app: TestApp) {
        let ticket = dispatched(&app).await;
        let (id, handler) = (id_of(&ticket), app.handler_of(&ticket).await);
        let department = app.unit("department-demo").await;
        handler.act(&id, &return_to(&department)).await.expect(200);
        // Who rules about returns but makes no rules is refused, and nothing is changed.
        let refusal = json!({ "action": "refuse_return", "reason": "属社区调解职责", "as_rule": true });
        let manager = app.staff(MANAGER).await;
        refused(&manager, &app.staff("supervisor").await, &id, &refusal, 403, "forbidden").await;
        let ruled = app.staff("arbiter").await.act(&id, &refusal).await;
        ruled.expect(200);
        assert_eq!(ruled.body["no_return"], true);
        app.pass("reference").await;
        let next = dispatched(&app).await;
        assert_eq!(next["unit_id"], ticket["unit_id"]);
        assert!(next["explanation"].to_string().contains("属社区调解职责"), "{}", next["explanation"]);
    }

    /// What needs powers is not pushed down to who has none without a reason.
    async fn a_ruling_cannot_push_powers_down(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = json!({ "requester": { "phone": super::REQUESTER }, "category": "120304", "title": "查处", "content": "查处",
            "place": { "address": "羊桥社区" } });
        let made = operator.post("/api/v1/tickets", &request).await;
        made.expect(201);
        let id = id_of(&made.body["ticket"]);
        let dispatcher = app.staff("dispatcher").await;
        let community = app.unit("440703002101").await;
        let state = made.body["ticket"]["state"].as_str().unwrap();
        let action = if state == "pending_dispatch" { "dispatch" } else { "reassign" };
        let mut down = json!({ "action": action, "unit_id": community["id"], "reason": "先下沉" });
        let answer = refused(&dispatcher, &app.staff("supervisor").await, &id, &down, 422, "competence_missing").await;
        assert!(!answer.body["powers"].as_array().unwrap().is_empty());
        down["override_reason"] = json!("区委专题会议纪要，社区先行处置");
        let done = dispatcher.act(&id, &down).await;
        done.expect(200);
        let leader = app.staff(LEAD).await;
        let shown = seen(&leader, &id).await;
        assert_eq!(shown.body["explanation"]["override_reason"], "区委专题会议纪要，社区先行处置");
    }
}
