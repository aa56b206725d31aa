//! The main job: from the caller to the community worker and back.

use crate::on_both;
use serde_json::{Value, json};

/// A request of the demonstration resident in 羊桥社区, by telephone.
fn noise() -> Value {
    json!({
        "requester": { "phone": "+86 139-0000-0001" },
        "category": "120302",
        "title": "广场舞噪声扰民",
        "content": "每晚七点到十点广场舞音响很吵，回电13812345678",
        "place": { "address": "白沙街道羊桥社区演示路1号" }
    })
}

on_both! {
    /// By telephone, with a rework in between, until the call-back closes it.
    async fn a_request_travels_to_the_community_worker_and_back(app: TestApp) {
        let operator = app.staff("operator").await;
        let callers = operator.post("/api/v1/callers/identify", &json!({ "phone": "139 0000 0001" })).await;
        callers.expect(200);
        assert_eq!(callers.body[0]["name"], "演****");

        let registered = operator.post("/api/v1/tickets", &noise()).await;
        registered.expect(201);
        let ticket = &registered.body["ticket"];
        assert_eq!(ticket["state"], "dispatched");
        assert_eq!(ticket["unit_name"], "羊桥社区");
        assert_eq!(registered.body["route"]["ground"]["kind"], "catalogue");
        assert_eq!(registered.body["route"]["person"]["because"], "covers_post");
        assert_eq!(registered.body["route"]["place_matched_by"], "name");
        assert!(!registered.text.contains("13812345678") && !registered.text.contains("13900000001"));
        let id = ticket["id"].as_str().unwrap();

        let again = json!({
            "requester": { "phone": "13900000001" }, "category": "120302",
            "place": { "address": "羊桥社区" }, "text": "广场舞噪声太吵"
        });
        let similar = operator.post("/api/v1/tickets/similar", &again).await;
        assert_eq!(similar.body[0]["because"], "same_person");
        assert_eq!(similar.body[0]["id"], id);

        let handler = app.handler_of(ticket).await;
        let mine = handler.get("/api/v1/tickets?queue=mine").await;
        assert_eq!(mine.body["items"][0]["id"], id);
        let seen = handler.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(seen.body["actions"], json!(["sign", "request_return", "note"]));
        assert_eq!(seen.body["requesters"][0]["phone"], "139****0001");

        handler.act(id, &json!({ "action": "sign" })).await.expect(200);
        let reply = json!({ "action": "reply", "result": "solved", "public_text": "已协调调低音量", "internal_text": "内部" });
        handler.act(id, &reply).await.problem(409, "contact_required");
        handler.act(id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        handler.act(id, &json!({ "action": "note", "internal_text": "只给同事", "public_text": "已到现场" })).await.expect(200);
        handler.act(id, &reply).await.expect(200);
        handler.act(id, &json!({ "action": "approve" })).await.problem(403, "forbidden");

        let resident = app.resident("13900000001").await;
        let before = resident.get(&format!("/api/v1/tickets/{id}")).await;
        assert!(!before.text.contains("已协调调低音量"), "not before it is approved");
        assert!(before.text.contains("已到现场") && !before.text.contains("只给同事"));

        let lead = app.staff("lead-440703002101").await;
        lead.act(id, &json!({ "action": "approve" })).await.expect(200);
        let after = resident.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(after.body["state"], "callback");
        assert!(after.text.contains("已协调调低音量") && !after.text.contains("内部"));
        assert_eq!(after.body["actions"], json!(["supplement", "rate"]));

        let bad = json!({ "action": "rate", "rating": { "contacted": true, "solved": false, "satisfied": 2, "opinion": "还是吵" } });
        let reworked = resident.act(id, &bad).await;
        reworked.expect(200);
        assert_eq!(reworked.body["state"], "in_progress");
        assert_eq!(reworked.body["round"], 2);

        handler.act(id, &reply).await.problem(409, "contact_required");
        handler.act(id, &json!({ "action": "first_contact", "reached": true, "by": "上门" })).await.expect(200);
        handler.act(id, &reply).await.expect(200);
        lead.act(id, &json!({ "action": "send_back", "reason": "请附现场情况" })).await.expect(200);
        handler.act(id, &reply).await.expect(200);
        lead.act(id, &json!({ "action": "approve" })).await.expect(200);

        let agent = app.staff("callback").await;
        agent.act(id, &json!({ "action": "call_back", "reached": false })).await.expect(200);
        let good = json!({ "action": "call_back", "reached": true, "rating": { "contacted": true, "solved": true, "satisfied": 5 } });
        let closed = agent.act(id, &good).await;
        closed.expect(200);
        assert_eq!(closed.body["state"], "closed");
        agent.act(id, &good).await.problem(409, "action_not_allowed");

        let check = resident.get(&format!("/api/v1/tickets/{id}/verify")).await;
        assert_eq!(check.body["intact"], true);

        app.settle().await;
        let inbox = resident.get("/api/v1/notices").await;
        let told: Vec<&str> = inbox.body["items"].as_array().unwrap().iter().rev().map(|n| n["template"].as_str().unwrap()).collect();
        assert_eq!(told, ["ticket_received", "ticket_approved", "ticket_reworked", "ticket_approved", "ticket_closed"]);
        let counts = app.staff("supervisor").await.get("/api/v1/queues").await;
        assert_eq!(counts.body["queues"], json!([{ "unit_id": ticket["unit_id"], "unit_name": "羊桥社区", "state": "closed", "n": 1 }]));
    }

    /// A resident does it alone, by a mobile client, and answers by the link of the message.
    async fn a_resident_does_it_by_mobile_client_and_link(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let mut request = noise();
        request.as_object_mut().unwrap().remove("requester");
        let held = resident.post("/api/v1/tickets", &request).await;
        held.expect(201);
        assert_eq!(held.body["ticket"]["state"], "registered", "a complaint waits for an operator's look");
        assert!(held.body.get("route").is_none());
        let id = held.text_at("/ticket/id");

        let operator = app.staff("operator").await;
        let intake = operator.get("/api/v1/tickets?queue=intake").await;
        assert_eq!(intake.body["items"][0]["id"], id.as_str());
        let accepted = operator.act(&id, &json!({ "action": "accept", "urgency": "p1" })).await;
        accepted.expect(200);
        assert_eq!(accepted.body["urgency"], "p1");
        let handler = app.handler_of(&accepted.body).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        handler.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        handler.act(&id, &json!({ "action": "reply", "result": "explained", "public_text": "已说明" })).await.expect(200);
        app.staff("lead-440703002101").await.act(&id, &json!({ "action": "approve" })).await.expect(200);
        app.settle().await;

        let inbox = resident.get("/api/v1/notices?limit=1").await;
        let text = inbox.text_at("/items/0/text");
        let path = text.split(app.app.kit().config.server.public_url.as_str()).nth(1).unwrap().to_owned();
        let shown = app.nobody().get(&path).await;
        shown.expect(200);
        assert_eq!(shown.body["public_reply"], "已说明");
        let rating = json!({ "contacted": true, "solved": true, "satisfied": 4 });
        app.nobody().post(&path, &rating).await.expect(204);
        app.nobody().post(&path, &rating).await.problem(404, "callback_token_invalid");
        assert_eq!(resident.get(&format!("/api/v1/tickets/{id}")).await.body["state"], "closed");
    }
}
