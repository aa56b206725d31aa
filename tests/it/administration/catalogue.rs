//! Services: the district's, and what a community adds.

use super::{YANGQIAO, audited, changed, entries, registered, request};
use crate::on_both;
use serde_json::{Value, json};

/// A service of the district.
fn service(code: &str) -> Value {
    json!({
        "code": code, "parent": "1203", "name": "犬吠扰民", "name_en": "Barking", "request_types": ["complaint", "help"],
        "default_type": "complaint", "urgency": "p3", "responsible": { "unit_kind": "community", "post": "grid_worker" },
        "form": { "type": "object", "properties": { "dogs": { "type": "integer", "minimum": 1, "maximum": 9 } }, "required": ["dogs"] }
    })
}

fn proposal(name: &str) -> Value {
    json!({ "name": name, "name_en": "Meals", "request_types": ["help", "consult"], "default_type": "help" })
}

on_both! {
    /// What is made can be asked for, as it says; what is retired can't.
    async fn a_service_is_made_and_retired(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let made = sysadmin.post("/api/v1/services", &service("120399")).await;
        made.expect(201);
        assert_eq!(made.headers["location"], "/api/v1/services/120399");
        audited(&app, "create_service", "system_admin", &made.body["id"]).await;
        assert_eq!(sysadmin.post("/api/v1/services", &service("120399")).await.problem(422, "invalid_input").rule("/code"), Some("taken"));
        app.pass("reference").await;
        let operator = app.staff("operator").await;
        operator.post("/api/v1/tickets", &request("羊桥社区", "120399")).await.problem(422, "form_invalid");
        let mut with_form = request("羊桥社区", "120399");
        with_form["form"] = json!({ "dogs": 2 });
        let ticket = operator.post("/api/v1/tickets", &with_form).await;
        assert_eq!((&ticket.expect(201).body["ticket"]["urgency"], &ticket.body["ticket"]["category_name"]), (&json!("p3"), &json!("犬吠扰民")));

        let change = json!({ "urgency": "p1", "form": { "type": "object", "properties": {} } });
        let answer = changed(&sysadmin, "PATCH", "/api/v1/services/120399", &made.etag(), &change).await;
        audited(&app, "update_service", "system_admin", &made.body["id"]).await;
        app.pass("reference").await;
        assert_eq!(registered(&app, "羊桥社区", "120399").await.body["ticket"]["urgency"], "p1");
        let old = operator.get(&format!("/api/v1/tickets/{}", ticket.text_at("/ticket/id"))).await;
        assert_eq!((&old.body["urgency"], &old.body["form"]), (&json!("p3"), &json!({ "dogs": 2 })), "what was asked stays as it was");

        sysadmin.change("PATCH", "/api/v1/services/120399", &answer.etag(), &json!({ "valid_to": "2026-11-24" })).await.expect(200);
        app.turn(chrono::TimeDelta::days(1));
        app.pass("reference").await;
        let operator = app.staff("operator").await;
        operator.post("/api/v1/tickets", &request("羊桥社区", "120399")).await.problem(422, "category_unknown");
        app.nobody().get("/api/v1/services/120399").await.problem(404, "not_found");
        operator.get(&format!("/api/v1/tickets/{}", ticket.text_at("/ticket/id"))).await.expect(200);
    }

    /// What contradicts itself, or names what there is not, is refused with every mistake.
    async fn a_wrong_service_is_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        for (pointer, value, at, rule) in [
            ("code", json!("12039"), "/code", "form"), ("code", json!("130399"), "/parent", "form"),
            ("code", json!("99999999"), "/code", "form"), ("parent", json!(null), "/parent", "required"),
            ("parent", json!("1299"), "/parent", "form"), ("request_types", json!([]), "/request_types", "required"),
            ("request_types", json!(["complaint", "complaint"]), "/request_types/1", "taken"),
            ("default_type", json!("praise"), "/default_type", "one_of"),
            ("resolve_limit", json!({ "amount": 0, "unit": "minutes" }), "/resolve_limit/amount", "range"),
            ("resolve_limit", json!({ "amount": 251, "unit": "working_days" }), "/resolve_limit/amount", "range"),
            ("responsible", json!({ "unit_kind": "community", "post": "astronaut" }), "/responsible/post", "unknown"),
            ("responsible", json!({ "unit_kind": "department", "post": "grid_worker" }), "/responsible/department", "required"),
            ("responsible", json!({ "unit_kind": "community", "post": "grid_worker", "department": "justice_bureau" }), "/responsible/department", "unexpected"),
            ("powers", json!(["magic"]), "/powers/0", "unknown"),
            ("form", json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": "x" } } }), "/form", "parse"),
            ("valid_to", json!("2020-01-01"), "/valid_to", "range"),
        ] {
            let mut wrong = service("120399");
            wrong[pointer] = value;
            let answer = sysadmin.post("/api/v1/services", &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(at), Some(rule), "{pointer}: {}", answer.text);
        }
        assert_eq!(entries(&app, "create_service").await, 0);
        sysadmin.get("/api/v1/services/120399").await.problem(404, "not_found");
    }

    /// A community proposes, its sub-district decides, and then it is offered there and nowhere else.
    async fn a_community_adds_a_service(app: TestApp) {
        let lead = app.staff("lead-440703002101").await;
        let manager = app.staff("manager-440703002").await;
        let operator = app.staff("operator").await;
        let refused = lead.post("/api/v1/services/proposals", &proposal("长者饭堂")).await;
        refused.expect(201);
        assert_eq!((&refused.body["state"], &refused.body["code"]), (&json!("proposed"), &json!("17010001")));
        audited(&app, "propose_service", "unit_lead", &refused.body["id"]).await;
        let path = "/api/v1/services/17010001";
        for stranger in [app.nobody(), operator.clone(), app.staff("lead-440703002102").await] {
            stranger.get(path).await.problem(404, "not_found");
        }
        lead.get(path).await.expect(200);
        let waiting = manager.get("/api/v1/services?state=proposed").await;
        assert_eq!(waiting.body["items"][0]["code"], "17010001");
        app.pass("reference").await;
        operator.post("/api/v1/tickets", &request("羊桥社区", "17010001")).await.problem(422, "category_unknown");

        let decision = |approve: bool, reason: Option<&str>| json!({ "approve": approve, "reason": reason });
        let door = format!("{path}/decision");
        lead.change("POST", &door, "\"1\"", &decision(true, None)).await.problem(403, "forbidden");
        app.staff("manager-440703101").await.change("POST", &door, "\"1\"", &decision(true, None)).await.problem(404, "not_found");
        assert_eq!(manager.change("POST", &door, "\"1\"", &decision(false, None)).await.problem(422, "invalid_input").rule("/reason"), Some("required"));
        let answer = changed(&manager, "POST", &door, "\"1\"", &decision(false, Some("与现有服务重复"))).await;
        assert_eq!(answer.body["state"], "refused");
        assert_eq!(audited(&app, "decide_service", "street_manager", &refused.body["id"]).await["detail"]["reason"], "与现有服务重复");
        assert_eq!(manager.change("POST", &door, "\"2\"", &decision(true, None)).await.problem(409, "action_not_allowed").body["state"], "refused");

        lead.post("/api/v1/services/proposals", &proposal("长者饭堂送餐")).await.expect(201);
        let door = "/api/v1/services/17010002/decision";
        changed(&manager, "POST", door, "\"1\"", &decision(true, None)).await;
        app.pass("reference").await;
        let here = operator.post("/api/v1/tickets", &request("羊桥社区", "17010002")).await;
        assert_eq!(here.expect(201).body["route"]["ground"]["kind"], "own_service");
        assert_eq!(here.body["ticket"]["unit_name"], "羊桥社区");
        for elsewhere in ["迦南社区", "白沙街道", "潮连街道"] {
            operator.post("/api/v1/tickets", &request(elsewhere, "17010002")).await.problem(422, "category_not_here");
        }
        let simulated = json!({ "category": "17010002", "place": { "address": "迦南社区" } });
        operator.post("/api/v1/routing/simulate", &simulated).await.problem(422, "category_not_here");
        for (code, offered) in [(YANGQIAO, true), ("440703002102", false)] {
            let id = app.unit(code).await["id"].as_str().unwrap().to_owned();
            let list = app.nobody().get(&format!("/api/v1/services?unit_id={id}&q=长者饭堂送餐")).await;
            assert_eq!(!list.expect(200).body["items"].as_array().unwrap().is_empty(), offered, "{code}");
        }

        let other = app.unit("440703002102").await["id"].clone();
        let mut foreign = proposal("越界");
        foreign["unit_id"] = other;
        lead.post("/api/v1/services/proposals", &foreign).await.problem(403, "forbidden");
        operator.post("/api/v1/services/proposals", &proposal("x")).await.problem(403, "forbidden");
        assert_eq!((entries(&app, "propose_service").await, entries(&app, "decide_service").await), (2, 2));
    }
}
