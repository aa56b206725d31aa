//! Units: made, changed, ended, and taken over by others.

use super::{BAISHA, JIANAN, MINGWEN, YANGQIAO, at, audited, changed, entries, registered};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::json;

on_both! {
    /// A new community is a place at once.
    async fn a_unit_is_made(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let new = json!({
            "code": "440703002199", "kind": "community", "name": "示范社区", "parent_id": app.unit(BAISHA).await["id"],
            "aliases": ["新民大道"], "contact": "0750-3333333"
        });
        let made = sysadmin.post("/api/v1/units", &new).await;
        made.expect(201);
        assert_eq!(made.headers["location"], format!("/api/v1/units/{}", made.text_at("/id")));
        assert_eq!((made.etag().as_str(), &made.body["path"]), ("\"1\"", &json!("/440703/440703002/440703002199/")));
        assert_eq!(audited(&app, "create_unit", "system_admin", &made.body["id"]).await["detail"]["code"], "440703002199");
        app.pass("reference").await;
        for (address, by) in [("示范社区1号", "name"), ("新民大道8号", "alias")] {
            let found = app.nobody().post("/api/v1/places/locate", &json!({ "place": { "address": address } })).await;
            assert_eq!((&found.body["unit"]["id"], &found.body["matched_by"]), (&made.body["id"], &json!(by)));
        }
        // Nobody works there yet: it waits in the unit's inbox, and says so.
        let ticket = registered(&app, "示范社区", "120302").await;
        assert_eq!(ticket.body["ticket"]["unit_name"], "示范社区");
        assert_eq!(ticket.body["route"]["rejected"], json!([{ "what": "示范社区", "why": "nobody_there" }]));

        for (name, body, pointer, rule) in [
            ("taken", new.clone(), "/code", "taken"),
            ("nowhere", json!({ "code": "a", "kind": "community", "name": "x", "parent_id": uuid::Uuid::nil() }), "/parent_id", "unknown"),
            ("below nothing", json!({ "code": "a", "kind": "community", "name": "x" }), "/parent_id", "required"),
            ("no code", json!({ "code": "a/b", "kind": "community", "name": "x", "parent_id": made.body["id"] }), "/code", "form"),
            ("no boundary", json!({ "code": "a", "kind": "grid", "name": "x", "parent_id": made.body["id"], "area": { "type": "Point", "coordinates": [1, 2] } }), "/area", "parse"),
        ] {
            let answer = sysadmin.post("/api/v1/units", &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{name}: {}", answer.text);
        }
        for other in ["operator", "secadmin", "manager-440703002", "dispatcher"] {
            app.staff(other).await.post("/api/v1/units", &new).await.problem(403, "forbidden");
        }
        assert_eq!(entries(&app, "create_unit").await, 1);
    }

    /// Another name is the name from now on; a ticket keeps the name of its day.
    async fn a_unit_is_changed(app: TestApp) {
        let old = registered(&app, "羊桥社区", "120302").await;
        let sysadmin = app.staff("sysadmin").await;
        let (path, etag) = at("units", &app.unit(YANGQIAO).await);
        let change = json!({ "name": "羊桥新村社区", "aliases": ["羊桥社区"] });
        let answer = changed(&sysadmin, "PATCH", &path, &etag, &change).await;
        assert_eq!(answer.body["name"], "羊桥新村社区");
        assert_eq!(entries(&app, "update_unit").await, 1, "what was refused is no change");
        audited(&app, "update_unit", "system_admin", &answer.body["id"]).await;
        app.pass("reference").await;

        let new = registered(&app, "羊桥社区", "120302").await;
        assert_eq!(new.body["ticket"]["unit_name"], "羊桥新村社区");
        let operator = app.staff("operator").await;
        let old = operator.get(&format!("/api/v1/tickets/{}", old.text_at("/ticket/id"))).await;
        assert_eq!((&old.body["unit_name"], &old.body["place"]), (&json!("羊桥社区"), &json!("蓬江区 白沙街道 羊桥社区")));

        let early = sysadmin.change("PATCH", &path, &answer.etag(), &json!({ "valid_to": "2020-01-01" })).await;
        assert_eq!(early.problem(422, "invalid_input").rule("/valid_to"), Some("range"));
        sysadmin.change("PATCH", &path, &answer.etag(), &json!({ "valid_to": "2026-11-24" })).await.expect(200);
        app.turn(TimeDelta::days(1));
        app.pass("reference").await;
        let units = app.nobody().get("/api/v1/units?kind=community").await;
        assert!(!units.text.contains("羊桥新村社区"), "retired");
        let before = app.nobody().get("/api/v1/units?kind=community&on=2026-11-24").await;
        assert!(before.text.contains("羊桥新村社区"));
    }

    /// The successor's people see what the old unit had, and work on it; a ticket keeps the name of its day.
    async fn a_unit_takes_over(app: TestApp) {
        let ticket = registered(&app, "羊桥社区", "120302").await;
        let id = ticket.text_at("/ticket/id");
        let ticket_path = format!("/api/v1/tickets/{id}");
        let heir = app.staff("lead-440703002102").await;
        heir.get(&ticket_path).await.problem(404, "not_found");

        let sysadmin = app.staff("sysadmin").await;
        let (old, next, third) = (app.unit(YANGQIAO).await, app.unit(JIANAN).await, app.unit(MINGWEN).await);
        let (path, etag) = at("units", &old);
        let succession = |successor: &serde_json::Value, day: &str| json!({ "successor_id": successor["id"], "last_day": day });
        for (body, pointer) in [
            (succession(&old, "2026-11-24"), "/successor_id"),
            (json!({ "successor_id": uuid::Uuid::nil(), "last_day": "2026-11-24" }), "/successor_id"),
            (succession(&next, "2020-01-01"), "/last_day"),
        ] {
            let answer = sysadmin.change("POST", &format!("{path}/succession"), &etag, &body).await;
            assert!(answer.problem(422, "invalid_input").rule(pointer).is_some(), "{}", answer.text);
        }
        let ended = changed(&sysadmin, "POST", &format!("{path}/succession"), &etag, &succession(&next, "2026-11-24")).await;
        assert_eq!((&ended.body["successor_id"], &ended.body["valid_to"]), (&next["id"], &json!("2026-11-24")));
        audited(&app, "succeed_unit", "system_admin", &old["id"]).await;

        app.turn(TimeDelta::days(1));
        app.pass("reference").await;
        let heir = app.staff("lead-440703002102").await;
        let seen = heir.get(&ticket_path).await;
        assert_eq!(seen.expect(200).body["unit_name"], "羊桥社区", "the name of its day");
        let listed = heir.get("/api/v1/tickets?queue=unsigned").await;
        assert_eq!(listed.body["items"][0]["id"], id.as_str());
        app.staff("lead-440703002104").await.get(&ticket_path).await.problem(404, "not_found");

        // The new unit's people take it, reply and approve.
        let handler = app.staff("handler-a-440703002102").await;
        let me = handler.get("/api/v1/me").await.body["id"].clone();
        heir.act(&id, &json!({ "action": "assign", "staff_id": me })).await.expect(200);
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        handler.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        handler.act(&id, &json!({ "action": "reply", "result": "solved", "public_text": "已办" })).await.expect(200);
        // Nobody holds a role in the old unit any more: whose level approves follows its successor.
        let secadmin = app.staff("secadmin").await;
        let former = secadmin.get("/api/v1/staff?q=lead-440703002101").await.body["items"][0].clone();
        let grant = format!("/api/v1/staff/{}/grants/{}", former["id"].as_str().unwrap(), former["grants"][0]["id"].as_str().unwrap());
        secadmin.send(secadmin.request("DELETE", &grant)).await.expect(204);
        app.pass("reference").await;
        let approved = heir.act(&id, &json!({ "action": "approve" })).await;
        assert_eq!(approved.expect(200).body["unit_name"], "羊桥社区");
        let signed = heir.get(&ticket_path).await;
        let by: Vec<_> = signed.body["timeline"].as_array().unwrap().iter().map(|entry| entry["unit_name"].clone()).collect();
        assert!(by.contains(&json!("迦南社区")), "whoever acts does so for their unit of that day: {by:?}");

        // People go on saying the old name, and give the old unit.
        let new = registered(&app, "羊桥社区演示路1号", "120302").await;
        assert_eq!((&new.body["ticket"]["unit_name"], &new.body["route"]["place_found"]), (&json!("迦南社区"), &json!("羊桥社区")));
        let operator = app.staff("operator").await;
        for place in [json!({ "unit_id": old["id"] }), json!({ "lat": 22.51, "lng": 112.91 })] {
            let simulated = operator.post("/api/v1/routing/simulate", &json!({ "category": "120302", "place": place })).await;
            assert_eq!(simulated.body["unit"]["name"], "迦南社区", "{}", simulated.text);
        }

        // When that one is taken over too, all of it goes along.
        let (path, etag) = at("units", &app.unit(JIANAN).await);
        let sysadmin = app.staff("sysadmin").await;
        changed(&sysadmin, "POST", &format!("{path}/succession"), &etag, &succession(&third, "2026-11-25")).await;
        app.turn(TimeDelta::days(1));
        app.pass("reference").await;
        let last = app.staff("lead-440703002104").await;
        for id in [id, new.text_at("/ticket/id")] {
            last.get(&format!("/api/v1/tickets/{id}")).await.expect(200);
        }
    }
}
