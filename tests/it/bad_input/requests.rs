//! Requests for what does not exist, is not offered there, or is not this person's to ask for.

use super::{but, good, refused, registered};
use crate::on_both;
use serde_json::{Value, json};

/// Changes of a good request, and what is wrong with them.
fn wrong_requests() -> Vec<(&'static str, Value, &'static str)> {
    let wheelchair = but(good(), "/category", json!("040201"));
    vec![
        (
            "an unknown category",
            but(good(), "/category", json!("999999")),
            "category_unknown",
        ),
        (
            "a heading",
            but(good(), "/category", json!("1203")),
            "category_unknown",
        ),
        (
            "no digits",
            but(good(), "/category", json!("12' OR")),
            "category_unknown",
        ),
        (
            "a type that it does not take",
            but(good(), "/request_type", json!("praise")),
            "type_not_for_category",
        ),
        (
            "a number too short",
            but(good(), "/requester/phone", json!("1390000")),
            "phone_invalid",
        ),
        (
            "no number",
            but(good(), "/requester/phone", json!("不知道")),
            "phone_invalid",
        ),
        (
            "an extension without end",
            but(good(), "/requester/phone", json!("0750-3333333转123456789")),
            "phone_invalid",
        ),
        (
            "too long for a number",
            but(good(), "/requester/phone", json!("1".repeat(41))),
            "phone_invalid",
        ),
        (
            "a point in the sea",
            but(good(), "/place", json!({ "lat": 20.0, "lng": 113.0 })),
            "outside_district",
        ),
        (
            "a point just outside",
            but(good(), "/place", json!({ "lat": 22.499, "lng": 113.0 })),
            "outside_district",
        ),
        (
            "latitude and longitude changed over",
            but(good(), "/place", json!({ "lat": 113.0, "lng": 22.6 })),
            "invalid_input",
        ),
        (
            "a point and an address elsewhere",
            but(
                good(),
                "/place",
                json!({ "address": "羊桥社区", "lat": 10.0, "lng": 10.0 }),
            ),
            "outside_district",
        ),
        (
            "half a point",
            but(good(), "/place", json!({ "lat": 22.6 })),
            "invalid_input",
        ),
        (
            "an address that names nothing",
            but(good(), "/place", json!({ "address": "火星基地一号" })),
            "place_unknown",
        ),
        ("no place", but(good(), "/place", json!({})), "invalid_input"),
        (
            "a unit that does not exist",
            but(good(), "/place", json!({ "unit_id": uuid::Uuid::nil() })),
            "invalid_input",
        ),
        ("no form where one is needed", wheelchair.clone(), "form_invalid"),
        (
            "a form without the field",
            but(wheelchair.clone(), "/form", json!({ "delivery_needed": true })),
            "form_invalid",
        ),
        (
            "a field of another type",
            but(wheelchair.clone(), "/form", json!({ "wheelchair_days": "3" })),
            "form_invalid",
        ),
        (
            "a field out of bounds",
            but(wheelchair.clone(), "/form", json!({ "wheelchair_days": 181 })),
            "form_invalid",
        ),
        (
            "a field that is no day",
            but(
                wheelchair.clone(),
                "/form",
                json!({ "wheelchair_days": 3, "start_date": "24.11." }),
            ),
            "form_invalid",
        ),
        (
            "a field that the form lacks",
            but(
                wheelchair,
                "/form",
                json!({ "wheelchair_days": 3, "colour": "red" }),
            ),
            "form_invalid",
        ),
        (
            "a form where none is",
            but(good(), "/form", json!({ "x": 1 })),
            "form_invalid",
        ),
        (
            "nobody who asks",
            but(good(), "/requester", Value::Null),
            "invalid_input",
        ),
        (
            "somebody who does not exist",
            but(good(), "/requester", json!({ "resident_id": uuid::Uuid::nil() })),
            "invalid_input",
        ),
        (
            "for somebody who does not exist",
            but(good(), "/on_behalf_of", json!(uuid::Uuid::nil())),
            "invalid_input",
        ),
        (
            "a file that does not exist",
            but(good(), "/attachments", json!([uuid::Uuid::nil()])),
            "invalid_input",
        ),
        (
            "a title of blanks",
            but(good(), "/title", json!(" \t\n")),
            "invalid_input",
        ),
        (
            "a text that can't be kept",
            but(good(), "/content", json!("a\u{0}b")),
            "invalid_input",
        ),
        (
            "a type of request that is none",
            but(good(), "/request_type", json!("shout")),
            "invalid_input",
        ),
        (
            "a field that the request lacks",
            but(good(), "/colour", json!("red")),
            "invalid_input",
        ),
    ]
}

on_both! {
    /// Each is refused by its own code; what is right in everything is taken.
    async fn a_wrong_request_is_not_registered(app: TestApp) {
        let operator = app.staff("operator").await;
        for (name, request, code) in wrong_requests() {
            refused(&app, name, operator.post("/api/v1/tickets", &request), 422, code).await;
            // A simulation and a search for similar matters say the same of the same place.
            if ["outside_district", "place_unknown"].contains(&code) {
                let simulated = json!({ "category": request["category"], "place": request["place"] });
                refused(&app, name, operator.post("/api/v1/routing/simulate", &simulated), 422, code).await;
                refused(&app, name, app.nobody().post("/api/v1/places/locate", &json!({ "place": request["place"] })), 422, code).await;
            }
        }
        let untaken = operator.post("/api/v1/tickets", &but(good(), "/request_type", json!("praise"))).await;
        assert_eq!(untaken.body["allowed"], json!(["complaint", "report"]));
        let form = operator.post("/api/v1/tickets", &but(but(good(), "/category", json!("040201")), "/form", json!({ "wheelchair_days": 0, "x": 1 }))).await;
        assert_eq!((form.rule("/form/wheelchair_days"), form.rule("/form/x")), (Some("range"), Some("unexpected")));
        registered(&operator, &good()).await;
        registered(&operator, &but(but(good(), "/category", json!("040201")), "/form", json!({ "wheelchair_days": 180 }))).await;
    }

    /// All mistakes of a request are told at once, each with its place.
    async fn all_mistakes_are_told_at_once(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = json!({
            "category": " ", "title": "长".repeat(101), "content": "", "place": { "lat": 91.0, "lng": 181.0 },
            "attachments": vec![uuid::Uuid::nil(); 11]
        });
        let answer = refused(&app, "everything wrong", operator.post("/api/v1/tickets", &request), 422, "invalid_input").await;
        let found: Vec<_> = ["/category", "/title", "/content", "/place/lat", "/place/lng", "/attachments", "/requester"]
            .map(|pointer| answer.rule(pointer)).into_iter().collect();
        let rule = |word: &'static str| Some(word);
        assert_eq!(found, [rule("required"), rule("too_long"), rule("required"), rule("range"), rule("range"), rule("too_many"), rule("required")]);
    }

    /// A resident does not say how urgent it is, or by which way it came.
    async fn a_resident_says_only_what_is_theirs_to_say(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let mut own = good();
        own.as_object_mut().unwrap().remove("requester");
        for (pointer, value) in [("/urgency", json!("p0")), ("/channel", json!("phone")), ("/hold", json!(true))] {
            let answer = refused(&app, pointer, resident.post("/api/v1/tickets", &but(own.clone(), pointer, value)), 422, "invalid_input").await;
            assert_eq!(answer.rule(pointer), Some("unexpected"));
        }
        let stranger = app.resident("13900000002").await.get("/api/v1/me").await.body["id"].clone();
        let behalf = but(own.clone(), "/on_behalf_of", stranger);
        let answer = refused(&app, "for somebody who did not agree", resident.post("/api/v1/tickets", &behalf), 422, "invalid_input").await;
        assert_eq!(answer.rule("/on_behalf_of"), Some("unknown"));
        registered(&resident, &own).await;
    }

    /// A category that no unit owns goes to the dispatchers' pool and says why; by hand it goes to no unit that lacks
    /// the powers.
    async fn a_category_without_an_owner_goes_to_the_pool(app: TestApp) {
        let operator = app.staff("operator").await;
        let answer = operator.post("/api/v1/tickets", &but(good(), "/category", json!("9901"))).await;
        answer.expect(201);
        assert_eq!((&answer.body["ticket"]["state"], &answer.body["route"]["pool"]), (&json!("pending_dispatch"), &json!(true)));
        assert_eq!(answer.body["route"]["rejected"][0]["why"], "no_unit_of_kind");
        let pool = app.staff("dispatcher").await.get("/api/v1/tickets?queue=pool").await;
        assert_eq!(pool.body["items"][0]["id"], answer.body["ticket"]["id"]);

        let sysadmin = app.staff("sysadmin").await;
        let service = json!({
            "code": "120399", "parent": "1203", "name": "示例", "name_en": "Example", "request_types": ["complaint"],
            "default_type": "complaint", "urgency": "p2", "responsible": { "unit_kind": "department", "post": "mediator", "department": "no_such_bureau" }
        });
        let ownerless = refused(&app, "a service without an owner", sysadmin.post("/api/v1/services", &service), 422, "invalid_input").await;
        assert_eq!(ownerless.rule("/responsible/department"), Some("unknown"));

        let id = registered(&operator, &but(but(good(), "/category", json!("120304")), "/hold", json!(true))).await;
        let units = app.nobody().get("/api/v1/units?kind=subdistrict").await;
        let unit = units.body["items"].as_array().unwrap().iter().find(|unit| unit["name"] == "白沙街道").unwrap().clone();
        let patch = json!({ "powers": [] });
        let path = format!("/api/v1/units/{}", unit["id"].as_str().unwrap());
        sysadmin.change("PATCH", &path, &format!("\"{}\"", unit["version"]), &patch).await.expect(200);
        app.pass("reference").await;
        operator.act(&id, &json!({ "action": "accept" })).await.expect(200);
        let dispatcher = app.staff("dispatcher").await;
        let by_hand = json!({ "action": "dispatch", "unit_id": unit["id"], "reason": "就近" });
        let lacking = refused(&app, "a unit without powers", dispatcher.act(&id, &by_hand), 422, "competence_missing").await;
        assert_eq!(lacking.body["powers"], json!(["law_enforcement"]));
        let blank = but(by_hand.clone(), "/override_reason", json!("  "));
        refused(&app, "no reason", dispatcher.act(&id, &blank), 422, "competence_missing").await;
        dispatcher.act(&id, &but(by_hand, "/override_reason", json!("应急"))).await.expect(200);
    }

    /// An action that the state does not take, or that is not this person's, tells what is.
    async fn an_action_is_not_allowed(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = registered(&operator, &good()).await;
        let staff_id = operator.get(&format!("/api/v1/tickets/{id}")).await.text_at("/staff_id");
        let a = app.staff("handler-a-440703002101").await;
        let mine = a.get("/api/v1/me").await.body["id"] == staff_id.as_str();
        let handler = if mine { a } else { app.staff("handler-b-440703002101").await };
        let lead = app.staff("lead-440703002101").await;
        let reply = json!({ "action": "reply", "result": "solved", "public_text": "已办" });

        let early = refused(&app, "a reply before signing", handler.act(&id, &reply), 409, "action_not_allowed").await;
        assert_eq!((&early.body["state"], &early.body["allowed"]), (&json!("dispatched"), &json!([
                "sign", "assign", "reassign", "request_return", "note", "supplement", "urge", "finish_task", "waive_task", "supervise",
                "answer_supervision", "close_supervision", "merge", "withdraw"
            ])));
        let other = refused(&app, "not this role's", handler.act(&id, &json!({ "action": "withdraw", "reason": "不要了" })), 403, "forbidden").await;
        assert_eq!(other.body["allowed"], json!(["sign", "request_return", "note"]));
        refused(&app, "not this unit's", app.staff("handler-a-440703002102").await.act(&id, &json!({ "action": "sign" })), 404, "not_found").await;
        refused(&app, "not this resident's", app.resident("13900000002").await.act(&id, &json!({ "action": "withdraw", "reason": "x" })), 404, "not_found").await;
        refused(&app, "nobody's", app.nobody().act(&id, &json!({ "action": "sign" })), 401, "unauthenticated").await;
        refused(&app, "nothing there", handler.act(&uuid::Uuid::nil().to_string(), &json!({ "action": "sign" })), 404, "not_found").await;

        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        refused(&app, "signed twice", handler.act(&id, &json!({ "action": "sign" })), 409, "action_not_allowed").await;
        refused(&app, "no contact yet", handler.act(&id, &reply), 409, "contact_required").await;
        handler.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        // The lead replies, and may not approve it: another lead, or the sub-district, must.
        lead.act(&id, &reply).await.expect(200);
        refused(&app, "one's own reply", lead.act(&id, &json!({ "action": "approve" })), 403, "forbidden").await;
        app.staff("manager-440703002").await.act(&id, &json!({ "action": "approve" })).await.expect(200);
    }

    /// Actions with mistakes in them.
    async fn a_wrong_action_does_nothing(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = registered(&operator, &but(good(), "/hold", json!(true))).await;
        let nil = uuid::Uuid::nil();
        for (name, action, pointer) in [
            ("an action that is none", json!({ "action": "explode" }), None),
            ("no action", json!({}), None),
            ("a field too many", json!({ "action": "sign", "colour": "red" }), None),
            ("a list", json!([{ "action": "sign" }]), None),
            ("no reason", json!({ "action": "withdraw", "reason": " " }), Some("/reason")),
            ("an empty note", json!({ "action": "note" }), Some("/internal_text")),
            ("a note of blanks", json!({ "action": "note", "internal_text": " ", "public_text": "" }), Some("/internal_text")),
            ("a text that can't be kept", json!({ "action": "note", "internal_text": "\u{0}" }), Some("/internal_text")),
            ("unsolved without a reason", json!({ "action": "reply", "result": "unsolved", "public_text": "x" }), Some("/unsolved_reason")),
            ("unsolved for blanks", json!({ "action": "reply", "result": "unsolved", "public_text": "x", "unsolved_reason": " " }), Some("/unsolved_reason")),
            ("a result that is not a handler's", json!({ "action": "reply", "result": "answered", "public_text": "x" }), Some("/result")),
            ("a score out of bounds", json!({ "action": "rate", "rating": { "contacted": true, "solved": true, "satisfied": 6 } }), None),
            ("reached, but no answer", json!({ "action": "call_back", "reached": true }), Some("/rating")),
            ("not reached, but an answer", json!({ "action": "call_back", "reached": false, "rating": { "contacted": true, "solved": true, "satisfied": 5 } }), Some("/rating")),
            ("a file of nobody", json!({ "action": "note", "internal_text": "x", "attachments": [nil] }), Some("/attachments")),
        ] {
            let answer = refused(&app, name, operator.act(&id, &action), 422, "invalid_input").await;
            if let Some(pointer) = pointer {
                assert!(answer.rule(pointer).is_some(), "{name}: {}", answer.text);
            }
        }
        refused(&app, "another category that is none", operator.act(&id, &json!({ "action": "accept", "category": "999999" })), 422, "category_unknown").await;
        operator.act(&id, &json!({ "action": "accept" })).await.expect(200);
        let handlers = app.staff("lead-440703002101").await;
        let answer = refused(&app, "a colleague who is none", handlers.act(&id, &json!({ "action": "assign", "staff_id": nil })), 422, "invalid_input").await;
        assert_eq!(answer.rule("/staff_id"), Some("unknown"));
    }
}
