//! Taking a request in: without a name, for another, put right, and handed on without saying whose it is.

use super::{REQUESTER, answered, id_of, kinds, refused, seen};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::{Value, json};

const LOOKUP: &str = "/api/v1/tickets/lookup";

fn nameless(kind: &str) -> Value {
    json!({ "anonymous": true, "category": "120302", "request_type": kind, "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" } })
}

on_both! {
    /// A report without a name is followed and rated by its number and code, and by nothing else.
    async fn a_request_without_a_name_is_followed_by_its_code(app: TestApp) {
        let operator = app.staff("operator").await;
        let made = operator.post("/api/v1/tickets", &nameless("report")).await;
        made.expect(201);
        let (number, code) = (made.text_at("/ticket/number"), made.text_at("/extraction_code"));
        assert_eq!(code.len(), 14);
        let id = id_of(&made.body["ticket"]);
        let shown = seen(&operator, &id).await;
        assert!(shown.body["requesters"][0]["phone"].is_null() && !shown.text.contains(&code), "the code is shown once");
        let nobody = app.nobody();
        let found = nobody.post(LOOKUP, &json!({ "number": number, "code": code.replace('-', " ") })).await;
        found.expect(200);
        assert_eq!((&found.body["ticket"]["state"], &found.body["ticket"]["content"]), (&json!("dispatched"), &json!("很吵")));
        assert!(found.body["ticket"]["staff_id"].is_null() && found.body["callback"].is_null());
        // A wrong code, a wrong number and a ticket with a name are alike.
        let named = super::dispatched(&app).await;
        for (number, code) in [(number.as_str(), "0000-0000-0000"), ("261124 0000 00000", code.as_str()), (named["number"].as_str().unwrap(), code.as_str()), ("x", "")] {
            nobody.post(LOOKUP, &json!({ "number": number, "code": code })).await.problem(404, "not_found");
        }
        for _ in 0..8 {
            nobody.post(LOOKUP, &json!({ "number": number, "code": "0000-0000-0001" })).await;
        }
        nobody.post(LOOKUP, &json!({ "number": number, "code": code })).await.problem(429, "throttled");
        app.turn(TimeDelta::hours(25));
        let staff = json!({ "staff_id": seen(&app.staff("supervisor").await, &id).await.body["staff_id"] });
        let handler = app.handler_of(&staff).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        answered(&app, &id, &handler).await;
        let found = nobody.post(LOOKUP, &json!({ "number": number, "code": code })).await;
        found.expect(200);
        let link = found.text_at("/callback");
        let path = &link[link.find("/api/").unwrap()..];
        nobody.post(path, &json!({ "contacted": false, "solved": true, "satisfied": 4 })).await.expect(204);
        let found = nobody.post(LOOKUP, &json!({ "number": number, "code": code })).await;
        assert_eq!(found.body["ticket"]["state"], "closed");
    }

    /// What is asked without a name is a report or a suggestion, and names nobody.
    async fn without_a_name_only_some_things_are_asked(app: TestApp) {
        let operator = app.staff("operator").await;
        let answer = operator.post("/api/v1/tickets", &nameless("complaint")).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/request_type"), Some("one_of"));
        let mut both = nameless("report");
        both["requester"] = json!({ "phone": REQUESTER });
        let answer = operator.post("/api/v1/tickets", &both).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/requester"), Some("unexpected"));
        // A resident who is logged in may leave their name out: then it is not theirs any more.
        let resident = app.resident(REQUESTER).await;
        let made = resident.post("/api/v1/tickets", &nameless("report")).await;
        made.expect(201);
        let id = id_of(&made.body["ticket"]);
        resident.get(&format!("/api/v1/tickets/{id}")).await.problem(404, "not_found");
        // Nothing in the database leads from the ticket to them.
        let me = resident.get("/api/v1/me").await.text_at("/id");
        let whole = seen(&app.staff("supervisor").await, &id).await;
        assert!(!whole.text.contains(&me), "{}", whole.text);
        let ticket: uuid::Uuid = id.parse().unwrap();
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let entries = entity::ticket_entry::Entity::find().filter(entity::ticket_entry::Column::TicketId.eq(ticket));
        let entries = entries.all(app.app.kit().db.read()).await.unwrap();
        assert!(entries.iter().all(|entry| entry.actor_id.is_none() && entry.request_id.is_none()), "{entries:?}");
        let mut with_file = nameless("report");
        with_file["attachments"] = json!([uuid::Uuid::nil()]);
        let answer = resident.post("/api/v1/tickets", &with_file).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/attachments"), Some("unexpected"));
    }

    /// Staff who ask for somebody else say how that person agreed; whoever it is for can read it.
    async fn consent_is_recorded(app: TestApp) {
        let operator = app.staff("operator").await;
        let other = app.resident("13900000002").await.get("/api/v1/me").await.text_at("/id");
        let mut request = json!({ "requester": { "phone": REQUESTER }, "standing": "proxy", "on_behalf_of": other, "category": "120302",
            "title": "噪声", "content": "吵", "place": { "address": "羊桥社区" } });
        let answer = operator.post("/api/v1/tickets", &request).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/consent"), Some("required"));
        request["consent"] = json!("本人电话口头同意，由女儿代办");
        let made = operator.post("/api/v1/tickets", &request).await;
        made.expect(201);
        let shown = seen(&app.resident("13900000002").await, &id_of(&made.body["ticket"])).await;
        assert_eq!(shown.body["requesters"][0]["consent"], "本人电话口头同意，由女儿代办");
    }

    /// The requester sees how it was taken down, and puts it right before it is dispatched; what it was is kept.
    async fn what_was_taken_down_wrong_is_put_right(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = json!({ "requester": { "phone": REQUESTER }, "category": "120302", "title": "噪声咨询", "content": "问噪声标准",
            "place": { "address": "羊桥社区" }, "hold": true });
        let made = operator.post("/api/v1/tickets", &request).await;
        let id = id_of(&made.body["ticket"]);
        let resident = app.resident(REQUESTER).await;
        let right = json!({ "action": "correct", "title": "广场舞扰民", "content": "每晚十点还在跳", "request_type": "report" });
        let answer = refused(&resident, &operator, &id, &json!({ "action": "correct" }), 422, "invalid_input").await;
        assert!(answer.rule("/content").is_some());
        refused(&resident, &operator, &id, &json!({ "action": "correct", "request_type": "praise" }), 422, "type_not_for_category").await;
        let done = resident.act(&id, &right).await;
        done.expect(200);
        assert_eq!((&done.body["title"], &done.body["content"], &done.body["request_type"]), (&json!("广场舞扰民"), &json!("每晚十点还在跳"), &json!("report")));
        let entry = seen(&operator, &id).await.body["timeline"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&entry["kind"], &entry["data"]["type_before"]), (&json!("corrected"), &json!("complaint")));
        let text = entry["public_text"].as_str().unwrap();
        assert!(text.contains("噪声咨询") && text.contains("问噪声标准"), "{text}");
        // It is found by its new words, and no more by its old ones.
        for (words, n) in [("每晚十点", 1), ("噪声标准", 0)] {
            let found = operator.get(&format!("/api/v1/tickets?q={words}")).await;
            assert_eq!(found.expect(200).body["items"].as_array().unwrap().len(), n, "{words}");
        }
        app.staff("operator-b").await.act(&id, &json!({ "action": "accept" })).await.expect(200);
        refused(&resident, &operator, &id, &right, 409, "action_not_allowed").await;
        assert!(kinds(&seen(&operator, &id).await).contains(&"dispatched".to_owned()));
    }

    /// A third party gets what it needs to do its part, and nothing of who asked.
    async fn a_work_slip_names_nobody(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = |confidential: bool| json!({ "requester": { "phone": "13812345678", "name": "欧阳小满" }, "category": "120302", "title": "邻居欧阳小满反映噪声",
            "content": "我是欧阳小满，电话13812345678，住3栋", "place": { "address": "羊桥社区演示路9号" }, "confidential": confidential });
        for confidential in [false, true] {
            let made = operator.post("/api/v1/tickets", &request(confidential)).await;
            made.expect(201);
            let id = id_of(&made.body["ticket"]);
            let handler = app.handler_of(&made.body["ticket"]).await;
            let slip = handler.get(&format!("/api/v1/tickets/{id}/work-slip")).await;
            slip.expect(200);
            for secret in ["欧阳小满", "13812345678", "演示路9号"] {
                assert!(!slip.text.contains(secret), "{secret} in {}", slip.text);
            }
            assert_eq!(slip.body["matter"].is_null(), confidential);
            assert_eq!(slip.body["number"], made.body["ticket"]["number"]);
            let log = app.staff("supervisor").await.get(&format!("/api/v1/tickets/{id}/access-log")).await;
            assert!(log.body["items"].as_array().unwrap().iter().any(|look| look["role"] == "handler"), "{}", log.text);
            app.staff("lead-440703005101").await.get(&format!("/api/v1/tickets/{id}/work-slip")).await.problem(404, "not_found");
        }
    }
}
