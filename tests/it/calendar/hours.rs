//! Working hours of a unit and of those below it.

use super::*;
use crate::administration::{at, audited, changed, entries};
use crate::on_both;

on_both! {
    /// Of the sub-district and its communities, and of nobody else; those of a community before those of its sub-district.
    async fn a_unit_has_hours_of_its_own(app: TestApp) {
        let (here, far) = (dancing(&app, "羊桥社区").await, dancing(&app, "塘边社区").await);
        let (street, community) = (unit_id(&app, STREET).await, unit_id(&app, HERE).await);
        let sysadmin = app.staff("sysadmin").await;
        let hours = json!({ "unit_id": street, "windows": [["09:00", "12:00"], ["13:00", "18:00"]], "valid_from": "2026-11-01" });
        let made = sysadmin.post(HOURS, &hours).await;
        made.expect(201);
        assert_eq!((&made.body["windows"], &made.body["weekends"], &made.body["unit_path"]), (&hours["windows"], &json!([]), &json!("/440703/440703002/")));
        assert_eq!(made.headers["location"], format!("{HOURS}/{}", made.text_at("/id")));
        let told = audited(&app, "create_hours", "system_admin", &made.body["id"]).await;
        assert_eq!(told["detail"]["windows"], hours["windows"]);

        // Said before it is done, then done, with an entry, an event and a message for who was promised.
        app.pass("reference").await;
        assert_eq!(clock(&app, &here, "resolve").await["recount_due_at"], "2026-12-03T10:00:00Z");
        counted_again(&app).await;
        let seen = clock(&app, &here, "resolve").await;
        assert_eq!((&seen["due_at"], &seen["recount_due_at"]), (&json!("2026-12-03T10:00:00Z"), &Value::Null));
        assert_eq!((clock(&app, &far, "resolve").await["due_at"].clone(), recounted(&app, &far).await), (json!("2026-12-03T09:30:00Z"), 0));
        assert!(recounted(&app, &here).await >= 1);
        let resident = app.resident("13900000001").await;
        assert_eq!(resident.get(&here).await.expect(200).body["promised_at"], "2026-12-03T10:00:00Z");
        let inbox = resident.get("/api/v1/notices").await;
        assert!(inbox.text.contains("ticket_recounted"), "{}", inbox.text);
        let next = dancing(&app, "迦南社区").await;
        assert_eq!(clock(&app, &next, "resolve").await["due_at"], "2026-12-03T10:00:00Z");

        // The community's own, for three days.
        let own = json!({ "unit_id": community, "windows": [["08:00", "16:00"]], "valid_from": "2026-12-01", "valid_to": "2026-12-03" });
        sysadmin.post(HOURS, &own).await.expect(201);
        counted_again(&app).await;
        assert_eq!(clock(&app, &here, "resolve").await["due_at"], "2026-12-03T08:00:00Z");
        assert_eq!(clock(&app, &next, "resolve").await["due_at"], "2026-12-03T10:00:00Z");
        for (unit, at, due) in [
            (Some(HERE), "2026-11-23T10:00:00+08:00", "2026-12-02T08:00:00Z"), (Some(HERE), "2026-11-26T10:00:00+08:00", "2026-12-07T10:00:00Z"),
            (Some(NEXT_DOOR), "2026-11-23T10:00:00+08:00", "2026-12-02T10:00:00Z"), (Some(FAR), "2026-11-23T10:00:00+08:00", "2026-12-02T09:30:00Z"),
            (None, "2026-11-23T10:00:00+08:00", "2026-12-02T09:30:00Z"),
        ] {
            assert_eq!(simulated(&app, unit, at, "resolve").await["due_at"], due, "{unit:?} {at}");
        }
        // Nobody has a request in hands before it is accepted: four working hours of everybody.
        assert_eq!(simulated(&app, Some(HERE), "2026-12-01T08:00:00+08:00", "accept").await["due_at"], "2026-12-01T07:00:00Z");

        let listed = |query: String| { let app = &app; async move { app.nobody().get(&format!("{HOURS}?{query}")).await.expect(200).body["items"].as_array().unwrap().len() } };
        let community = community.as_str().unwrap();
        assert_eq!(listed(format!("unit_id={community}")).await, 2);
        assert_eq!(listed(format!("unit_id={community}&on=2026-12-04")).await, 1);
        assert_eq!(listed(format!("unit_id={}", street.as_str().unwrap())).await, 1);
        assert_eq!(listed(format!("unit_id={}", unit_id(&app, FAR).await.as_str().unwrap())).await, 0);
        assert_eq!(app.nobody().get(&format!("{HOURS}?unit_id={}", uuid::Uuid::nil())).await.problem(422, "invalid_input").rule("?unit_id"), Some("unknown"));
    }

    /// Ended by their last day, or taken away as if they had never been.
    async fn hours_end(app: TestApp) {
        let here = dancing(&app, "羊桥社区").await;
        let sysadmin = app.staff("sysadmin").await;
        let hours = json!({ "unit_id": unit_id(&app, STREET).await, "windows": [["09:00", "18:00"]], "valid_from": "2026-11-01" });
        let made = sysadmin.post(HOURS, &hours).await;
        made.expect(201);
        counted_again(&app).await;
        assert_eq!(clock(&app, &here, "resolve").await["due_at"], "2026-12-03T10:00:00Z");
        let place = format!("{HOURS}/{}", made.text_at("/id"));
        let early = sysadmin.change("PATCH", &place, "\"1\"", &json!({ "valid_to": "2026-10-31" })).await;
        assert_eq!(early.problem(422, "invalid_input").rule("/valid_to"), Some("range"));
        let (path, etag) = at("calendar/hours", &made.body);
        let ended = changed(&sysadmin, "PATCH", &path, &etag, &json!({ "valid_to": "2026-12-02" })).await;
        assert_eq!(ended.body["valid_to"], "2026-12-02");
        audited(&app, "update_hours", "system_admin", &made.body["id"]).await;
        counted_again(&app).await;
        assert_eq!(clock(&app, &here, "resolve").await["due_at"], "2026-12-03T09:30:00Z");
        let follow = json!({ "unit_id": hours["unit_id"], "windows": [["09:00", "19:00"]], "valid_from": "2026-12-03" });
        let following = sysadmin.post(HOURS, &follow).await;
        following.expect(201);
        let into = sysadmin.change("PATCH", &path, "\"2\"", &json!({ "valid_to": "2026-12-03" })).await;
        assert_eq!(into.problem(422, "invalid_input").rule("/valid_to"), Some("taken"));
        assert_eq!(into.body["hours_id"], following.body["id"]);
        counted_again(&app).await;
        assert_eq!(clock(&app, &here, "resolve").await["due_at"], "2026-12-03T11:00:00Z");

        let delete = |etag: &'static str| sysadmin.send(sysadmin.request("DELETE", &path).header("If-Match", etag));
        sysadmin.send(sysadmin.request("DELETE", &path)).await.problem(428, "precondition_required");
        delete("\"1\"").await.problem(412, "stale_version");
        delete("\"2\"").await.expect(204);
        delete("\"2\"").await.problem(404, "not_found");
        audited(&app, "delete_hours", "system_admin", &made.body["id"]).await;
        let (path, etag) = at("calendar/hours", &following.body);
        sysadmin.send(sysadmin.request("DELETE", &path).header("If-Match", etag)).await.expect(204);
        counted_again(&app).await;
        assert_eq!(clock(&app, &here, "resolve").await["due_at"], "2026-12-03T09:30:00Z");
        assert_eq!(all(&app, HOURS).await, Vec::<Value>::new());
    }

    /// A service hall works on Saturdays.
    async fn a_hall_is_open_on_saturdays(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let hall = json!({ "unit_id": unit_id(&app, HERE).await, "windows": [["08:30", "12:00"], ["14:30", "17:30"]], "weekends": ["saturday"], "valid_from": "2026-01-01" });
        sysadmin.post(HOURS, &hall).await.expect(201);
        app.pass("reference").await;
        let own = simulated(&app, Some(HERE), "2026-11-24T10:00:00+08:00", "resolve").await;
        assert_eq!(own["due_at"], "2026-12-02T09:30:00Z", "a day sooner");
        let saturday = own["days"].as_array().unwrap().iter().find(|day| day["day"] == "2026-11-28").unwrap();
        assert_eq!((&saturday["kind"], &saturday["label"]), (&json!("working"), &json!("工作日，计入")));
        // A Saturday of the National Day is a holiday there, too.
        let over = simulated(&app, Some(HERE), "2026-09-30T10:00:00+08:00", "resolve").await;
        let saturday = over["days"].as_array().unwrap().iter().find(|day| day["day"] == "2026-10-03").unwrap();
        assert_eq!(saturday["counting"], "holiday");
    }

    /// What contradicts itself names the field and the rule, and changes nothing.
    async fn wrong_hours_are_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let good = json!({ "unit_id": unit_id(&app, STREET).await, "windows": [["09:00", "12:00"], ["13:00", "18:00"]], "valid_from": "2026-11-01", "valid_to": "2026-12-31" });
        let made = sysadmin.post(HOURS, &good).await;
        made.expect(201);
        let before = all(&app, HOURS).await;
        let but = |name: &str, value: Value| { let mut body = good.clone(); body["valid_from"] = json!("2028-01-01"); body["valid_to"] = Value::Null; body[name] = value; body };
        let nine: Vec<Value> = (0..9).map(|hour| json!([format!("{hour:02}:00"), format!("{hour:02}:30")])).collect();
        for (body, pointer, rule) in [
            (but("windows", json!([])), "/windows", "required"),
            (but("windows", json!(nine)), "/windows", "too_many"),
            (but("windows", json!([["09:00", "12:00"], ["11:30", "18:00"]])), "/windows/1", "form"),
            (but("windows", json!([["13:00", "18:00"], ["09:00", "12:00"]])), "/windows/1", "form"),
            (but("windows", json!([["12:00", "09:00"]])), "/windows/0", "form"),
            (but("windows", json!([["09:00", "09:00"]])), "/windows/0", "form"),
            (but("windows", json!([["09:00", "25:00"]])), "/windows/0", "form"),
            (but("windows", json!([["09:00"]])), "/windows/0", "parse"),
            (but("windows", json!("always")), "/windows", "parse"),
            (but("weekends", json!(["monday"])), "/weekends/0", "parse"),
            (but("weekends", json!(["sunday", "saturday", "sunday"])), "/weekends", "taken"),
            (but("valid_to", json!("2027-12-31")), "/valid_to", "range"),
            (but("valid_from", json!("2028-02-30")), "/valid_from", "parse"),
            (but("unit_id", json!(uuid::Uuid::nil())), "/unit_id", "unknown"),
            (but("unit_id", json!("羊桥")), "/unit_id", "parse"),
            (but("unit_id", Value::Null), "/unit_id", "parse"),
            (but("valid_from", json!("2026-12-31")), "/valid_from", "taken"),
            (but("valid_from", json!("2026-10-01")), "/valid_from", "taken"),
            (but("until", json!("2026-10-01")), "/until", "unexpected"),
        ] {
            let answer = sysadmin.post(HOURS, &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{body}: {}", answer.text);
        }
        let taken = sysadmin.post(HOURS, &but("valid_from", json!("2026-12-31"))).await;
        assert_eq!(taken.body["hours_id"], made.body["id"]);
        for other in ["operator", "dispatcher", "lead-440703002101", "secadmin"] {
            app.staff(other).await.post(HOURS, &but("windows", json!([["09:00", "12:00"]]))).await.problem(403, "forbidden");
        }
        app.nobody().post(HOURS, &good).await.problem(401, "unauthenticated");
        assert_eq!(all(&app, HOURS).await, before);
        assert_eq!(entries(&app, "create_hours").await, 1);
        sysadmin.post(HOURS, &but("valid_from", json!("2027-01-01"))).await.expect(201);
    }
}
