//! Who asks is not for everybody: confidential requests, third parties, and who may not decide about their own work.

use super::{LEAD, REQUESTER, dispatched, id_of, in_progress, refused, registered_by, seen, told};
use crate::on_both;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

const NAME: &str = "欧阳小满";

async fn confidential(app: &TestApp) -> (String, Client) {
    let request = json!({ "requester": { "phone": "13812345678", "name": NAME }, "category": "120302", "title": format!("邻居{NAME}反映噪声"),
        "content": format!("我是{NAME}"), "place": { "address": "羊桥社区演示路9号" }, "confidential": true });
    let made = app
        .staff("operator")
        .await
        .post("/api/v1/tickets", &request)
        .await;
    made.expect(201);
    let ticket = &made.body["ticket"];
    (id_of(ticket), app.handler_of(ticket).await)
}

/// Gives somebody another role.
async fn grant(app: &TestApp, user_name: &str, role: &str, unit: &Value) {
    let staff = app.staff("secadmin").await.get("/api/v1/staff?limit=100").await;
    let mut found = staff;
    let id = loop {
        let items = found.body["items"].as_array().unwrap();
        if let Some(row) = items.iter().find(|row| row["user_name"] == user_name) {
            break row["id"].as_str().unwrap().to_owned();
        }
        let cursor = found.text_at("/next_cursor");
        let next = format!("/api/v1/staff?limit=100&cursor={cursor}");
        found = app.staff("secadmin").await.get(&next).await;
    };
    let body = json!({ "role": role, "unit_id": unit["id"] });
    let given = app
        .staff("secadmin")
        .await
        .post(&format!("/api/v1/staff/{id}/grants"), &body)
        .await;
    given.expect(201);
    app.pass("reference").await;
}

on_both! {
    /// A name that stands in the title, in what staff write for each other, or in a search is hidden where the requester is.
    async fn a_confidential_name_leaks_nowhere(app: TestApp) {
        let (id, handler) = confidential(&app).await;
        app.settle().await;
        let supervisor = app.staff("supervisor").await;
        supervisor.act(&id, &json!({ "action": "supervise", "reason": format!("{NAME}多次来电") })).await.expect(200);
        app.settle().await;
        for path in [format!("/api/v1/tickets/{id}"), "/api/v1/tickets".to_owned(), "/api/v1/tickets?queue=unsigned".to_owned()] {
            let shown = handler.get(&path).await;
            shown.expect(200);
            assert!(!shown.text.contains(NAME), "{path}: {}", shown.text);
        }
        for texts in [told(&handler).await, told(&app.staff(LEAD).await).await] {
            assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains(NAME)), "{texts:?}");
        }
        // A guess finds nothing, where the centre finds it.
        let search = format!("/api/v1/tickets?q={NAME}");
        let count = |answer: &crate::support::Answer| answer.body["items"].as_array().unwrap().len();
        assert_eq!((count(&handler.get(&search).await), count(&supervisor.get(&search).await)), (0, 1));
        assert!(supervisor.get("/api/v1/tickets").await.text.contains(NAME));
        // Of an open request the units read the title, but are not led to the register.
        let open = registered_by(&app.staff("operator").await, REQUESTER).await;
        let shown = seen(&app.handler_of(&open).await, &id_of(&open)).await;
        assert!(shown.body["requesters"][0]["resident_id"].is_null(), "{}", shown.text);
    }

    /// Of a confidential request the centre tells the requester what there is to tell, and asks them.
    async fn the_centre_carries_the_messages(app: TestApp) {
        let (id, handler) = confidential(&app).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        let note = json!({ "action": "note", "public_text": "我们明天上门" });
        refused(&handler, &app.staff("supervisor").await, &id, &note, 403, "forbidden").await;
        handler.act(&id, &json!({ "action": "note", "internal_text": "请转告：明天上门" })).await.expect(200);
        let operator = app.staff("operator").await;
        operator.act(&id, &note).await.expect(200);
        operator.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "中心电话" })).await.expect(200);
        handler.act(&id, &json!({ "action": "reply", "result": "solved", "public_text": "已办结" })).await.expect(200);
    }

    /// A provider has its part to do: it learns what, and never who asks.
    async fn a_third_party_learns_what_not_who(app: TestApp) {
        let request = json!({ "requester": { "phone": "13812345678", "name": NAME }, "category": "120302", "title": format!("{NAME}家漏水"),
            "content": format!("{NAME}家漏水"), "place": { "address": "羊桥社区演示路9号" } });
        let made = app.staff("operator").await.post("/api/v1/tickets", &request).await;
        let id = id_of(&made.body["ticket"]);
        let handler = app.handler_of(&made.body["ticket"]).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        let provider = app.unit("provider-demo-1").await;
        let task = json!({ "action": "co_handle", "unit_id": provider["id"], "what": format!("到{NAME}家修水管") });
        handler.act(&id, &task).await.expect(200);
        let worker = app.staff("lead-provider-demo-1").await;
        let shown = seen(&worker, &id).await;
        for secret in [NAME, "13812345678", "演示路9号"] {
            assert!(!shown.text.contains(secret), "{secret} in {}", shown.text);
        }
        assert_eq!(shown.body["requesters"], json!([]));
        let listed = worker.get("/api/v1/tickets").await;
        assert!(!listed.text.contains(NAME), "{}", listed.text);
        let reveal = json!({ "fields": ["phone"], "reason": "联系上门" });
        let refused = worker.post(&format!("/api/v1/tickets/{id}/reveal"), &reveal).await;
        assert!([403, 404].contains(&refused.status), "{}", refused.text);
        worker.get(&format!("/api/v1/tickets/{id}/work-slip")).await.expect(200);
        let task = shown.body["proceedings"][0]["id"].clone();
        worker.act(&id, &json!({ "action": "finish_task", "task_id": task, "text": "已修好" })).await.expect(200);
    }

    /// Nobody decides about their own work: a reply, more time, a return; and who handles it does not take it back.
    async fn nobody_decides_about_their_own_work(app: TestApp) {
        let reader = app.staff("supervisor").await;
        let unit = app.unit("440703002101").await;
        grant(&app, "handler-a-440703002101", "unit_lead", &unit).await;
        grant(&app, "handler-b-440703002101", "unit_lead", &unit).await;
        grant(&app, "handler-a-440703002101", "street_manager", &app.unit("440703002").await).await;
        grant(&app, "handler-b-440703002101", "street_manager", &app.unit("440703002").await).await;
        let (id, who) = in_progress(&app).await;
        who.act(&id, &json!({ "action": "request_extension", "amount": 1, "reason": "等鉴定" })).await.expect(200);
        refused(&who, &reader, &id, &json!({ "action": "grant_extension" }), 403, "separation_of_duty").await;
        app.staff(super::MANAGER).await.act(&id, &json!({ "action": "refuse_extension", "reason": "不必" })).await.expect(200);
        who.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        who.act(&id, &json!({ "action": "reply", "result": "solved", "public_text": "已办结" })).await.expect(200);
        refused(&who, &reader, &id, &json!({ "action": "approve" }), 403, "separation_of_duty").await;
        app.staff(LEAD).await.act(&id, &json!({ "action": "approve" })).await.expect(200);
        let (id, who) = in_progress(&app).await;
        who.act(&id, &super::return_to(&app.unit("department-demo").await)).await.expect(200);
        refused(&who, &reader, &id, &json!({ "action": "refuse_return", "reason": "x" }), 403, "separation_of_duty").await;
        let own = json!({ "action": "request_return", "ground": "no_power", "basis": "x", "suggested_unit_id": unit["id"], "reason": "x" });
        app.staff("arbiter").await.act(&id, &json!({ "action": "refuse_return", "reason": "属本单位" })).await.expect(200);
        let (other, who) = in_progress(&app).await;
        let answer = refused(&who, &reader, &other, &own, 422, "invalid_input").await;
        assert_eq!(answer.rule("/suggested_unit_id"), Some("form"));
        // Who is an operator, too, does not withdraw what their own unit has, nor call back about it.
        for name in ["handler-a-440703002101", "handler-b-440703002101"] {
            grant(&app, name, "operator", &app.unit("440703").await).await;
            grant(&app, name, "callback_agent", &app.unit("440703").await).await;
        }
        refused(&who, &reader, &other, &json!({ "action": "withdraw", "reason": "x" }), 403, "forbidden").await;
        super::answered(&app, &other, &who).await;
        let missed = json!({ "action": "call_back", "reached": false });
        refused(&who, &reader, &other, &missed, 403, "forbidden").await;
    }

    /// A call for the police is passed on in the step that registers it, and the time is kept.
    async fn an_emergency_is_passed_on_in_one_step(app: TestApp) {
        let operator = app.staff("operator").await;
        let mut request = json!({ "requester": { "phone": REQUESTER }, "category": "120302", "title": "有人打架", "content": "正在打",
            "place": { "address": "羊桥社区" }, "redirect": "police_110" });
        let made = operator.post("/api/v1/tickets", &request).await;
        made.expect(201);
        let ticket = &made.body["ticket"];
        assert_eq!(ticket["state"], "redirected");
        let entry = ticket["timeline"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&entry["kind"], &entry["data"]["line"]), (&json!("redirected"), &json!("police_110")));
        assert_eq!(entry["at"].as_str().unwrap(), ticket["created_at"].as_str().unwrap());
        request["hold"] = json!(true);
        let answer = operator.post("/api/v1/tickets", &request).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/hold"), Some("unexpected"));
        let by_resident = json!({ "category": "120302", "title": "x", "content": "x", "place": { "address": "羊桥社区" }, "redirect": "police_110" });
        let answer = app.resident(REQUESTER).await.post("/api/v1/tickets", &by_resident).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/redirect"), Some("unexpected"));
    }

    /// Who asks for somebody else says how that person agreed, named in the register or not; what is treated with another
    /// ticket is urged there.
    async fn proxies_agree_and_followers_are_heard(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = json!({ "requester": { "phone": REQUESTER }, "standing": "proxy", "category": "120302", "title": "x", "content": "x", "place": { "address": "羊桥社区" } });
        let answer = operator.post("/api/v1/tickets", &request).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/consent"), Some("required"));
        let (primary, handler) = in_progress(&app).await;
        let follower = id_of(&dispatched(&app).await);
        let merge = json!({ "action": "merge", "into": primary, "reason": "同一事项" });
        app.staff("dispatcher").await.act(&follower, &merge).await.expect(200);
        app.settle().await;
        app.resident(REQUESTER).await.act(&follower, &json!({ "action": "urge", "text": "还在吵" })).await.expect(200);
        app.settle().await;
        assert!(told(&handler).await[0].contains("催办"), "{:?}", told(&handler).await);
    }
}
