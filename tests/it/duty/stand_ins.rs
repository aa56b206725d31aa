//! Who stands in for whom.

use super::*;
use crate::administration::audited;
use crate::on_both;
use chrono::TimeDelta;

async fn stand_in(client: &Client, shift: &Value, body: &Value) -> Answer {
    client.post(&format!("{}/stand-ins", path(shift)), body).await
}

on_both! {
    /// The lead stands in for a handler who is sick, and goes again.
    async fn somebody_takes_the_place_of_who_is_sick(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let (a, b, l) = (id_of(&app, A).await, id_of(&app, B).await, id_of(&app, LEAD).await);
        let shift = current(&app, HERE).await;
        let unit = &shift["unit_id"];
        let body = json!({ "staff_id": l, "stands_in_for": a, "until": "2026-11-24T04:00:00Z", "reason": "sick" });
        let answer = stand_in(&lead, &shift, &body).await;
        let place = &answer.expect(201).body["stand_ins"][0];
        assert_eq!((&place["staff_id"], &place["stands_in_for"], &place["reason"]), (&l, &a, &json!("sick")));
        assert_eq!((&place["from"], &place["until"]), (&json!("2026-11-24T01:00:00Z"), &json!("2026-11-24T04:00:00Z")));
        assert_eq!((answer.etag(), &answer.body["version"]), ("\"2\"".to_owned(), &json!(2)));
        assert_eq!(answer.body["members"], shift["members"]);
        assert_eq!(lead.get(&path(&shift)).await.body, answer.body);
        let entry = audited(&app, "add_stand_in", "unit_lead", &shift["id"]).await;
        assert_eq!((&entry["detail"]["staff"], &entry["detail"]["reason"]), (&l, &json!("sick")));
        let at = async |at: &str| called(&lead, unit, 0, Some(at)).await;
        assert_eq!(at("2026-11-24T00:59:59Z").await, [a.clone(), b.clone()]);
        assert_eq!(at("2026-11-24T01:00:00Z").await, [l.clone(), b.clone()]);
        assert_eq!(at("2026-11-24T04:00:00Z").await, [a.clone(), b.clone()]);
        let now = lead.get(&format!("/api/v1/duty/now?unit_id={}", unit.as_str().unwrap())).await;
        assert_eq!(now.body["levels"][0]["people"][0]["stands_in_for"], a);

        app.turn(TimeDelta::hours(1));
        let lead = app.staff(LEAD).await;
        let end = format!("{}/stand-ins/{}", path(&shift), place["id"].as_str().unwrap());
        delete(&lead, &end, None).await.expect(204);
        audited(&app, "end_stand_in", "unit_lead", &shift["id"]).await;
        let seen = lead.get(&path(&shift)).await;
        assert_eq!((&seen.body["stand_ins"][0]["until"], &seen.body["version"]), (&json!("2026-11-24T02:00:00Z"), &json!(3)));
        assert_eq!(called(&lead, unit, 0, None).await, [a, b]);
        // Over already: nothing changes.
        delete(&lead, &end, None).await.expect(204);
        assert_eq!(lead.get(&path(&shift)).await.body, seen.body);
    }

    /// Two swap a part of their shifts, and take it back before it begins.
    async fn two_swap(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let day = made(&lead, &shift(&app, HERE, &[A], "2027-01-10T00:00:00Z", "2027-01-10T12:00:00Z").await).await;
        let night = made(&lead, &shift(&app, HERE, &[B], "2027-01-10T12:00:00Z", "2027-01-11T00:00:00Z").await).await;
        let swap = json!({ "staff_id": b, "stands_in_for": a, "reason": "swap" });
        let first = stand_in(&lead, &day, &swap).await;
        let place = &first.expect(201).body["stand_ins"][0];
        assert_eq!((&place["from"], &place["until"]), (&day["starts_at"], &day["ends_at"]));
        let back = json!({ "staff_id": a, "stands_in_for": b, "reason": "swap", "from": "2027-01-10T18:00:00Z" });
        stand_in(&lead, &night, &back).await.expect(201);
        let at = async |at: &str| called(&lead, &day["unit_id"], 0, Some(at)).await;
        assert_eq!(at("2027-01-10T06:00:00Z").await, [b.clone()]);
        assert_eq!(at("2027-01-10T15:00:00Z").await, [b.clone()]);
        assert_eq!(at("2027-01-10T21:00:00Z").await, [a.clone()]);
        let end = format!("{}/stand-ins/{}", path(&day), place["id"].as_str().unwrap());
        delete(&lead, &end, None).await.expect(204);
        assert_eq!(lead.get(&path(&day)).await.body["stand_ins"], json!([]));
        assert_eq!(at("2027-01-10T06:00:00Z").await, [a]);
        delete(&lead, &end, None).await.problem(404, "not_found");
        // Members of a shift are no stand-ins.
        let member = entity::id::ShiftMemberId(uuid::Uuid::nil());
        delete(&lead, &format!("{}/stand-ins/{member}", path(&day)), None).await.problem(404, "not_found");
    }

    /// What won't do is told by field and rule, and nothing is written.
    async fn wrong_stand_ins_are_refused(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let (a, b, l) = (id_of(&app, A).await, id_of(&app, B).await, id_of(&app, LEAD).await);
        let shift = current(&app, HERE).await;
        let taken = json!({ "staff_id": l, "stands_in_for": a, "from": "2026-11-24T06:00:00Z", "until": "2026-11-24T08:00:00Z", "reason": "swap" });
        let before = stand_in(&lead, &shift, &taken).await;
        before.expect(201);
        let good = json!({ "staff_id": l, "stands_in_for": b, "from": "2026-11-24T10:00:00Z", "reason": "sick" });
        let next_door = id_of(&app, "handler-a-440703002102").await;
        for (change, pointer, rule) in [
            (json!({ "from": "2026-11-24T00:59:59Z" }), "/from", "form"),
            (json!({ "from": "2026-11-20T00:00:00Z" }), "/from", "form"),
            (json!({ "from": "2026-11-25T16:00:00Z" }), "/from", "form"),
            (json!({ "until": "2026-11-24T10:00:00Z" }), "/until", "form"),
            (json!({ "until": "2026-11-25T16:00:01Z" }), "/until", "form"),
            (json!({ "until": "9999-11-25T16:00:01Z" }), "/until", "form"),
            (json!({ "stands_in_for": next_door }), "/stands_in_for", "unknown"),
            (json!({ "stands_in_for": l }), "/stands_in_for", "form"),
            (json!({ "stands_in_for": a, "from": "2026-11-24T07:00:00Z" }), "/stands_in_for", "taken"),
            (json!({ "staff_id": b }), "/staff_id", "form"),
            (json!({ "staff_id": a }), "/staff_id", "taken"),
            (json!({ "from": "2026-11-24T07:00:00Z" }), "/staff_id", "taken"),
            (json!({ "staff_id": next_door }), "/staff_id", "form"),
            (json!({ "staff_id": uuid::Uuid::nil() }), "/staff_id", "unknown"),
            (json!({ "reason": "tired" }), "/reason", "parse"),
            (json!({ "note": "x" }), "/note", "unexpected"),
        ] {
            let answer = stand_in(&lead, &shift, &but(&good, change)).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
        }
        assert_eq!(lead.get(&path(&shift)).await.body, before.body);
        // Who stands in keeps a place when the shift changes.
        let same = as_it_is(&shift);
        let sooner = but(&same, json!({ "ends_at": "2026-11-24T07:00:00Z" }));
        let answer = lead.change("PUT", &path(&shift), &before.etag(), &sooner).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/ends_at"), Some("form"), "{}", answer.text);
        // Who is stood in for in turn can't just go.
        let office = id_of(&app, "office-440703002").await;
        let manager = app.staff(MANAGER).await;
        let sysadmin_id = id_of(&app, MANAGER).await;
        let second = json!({ "staff_id": sysadmin_id, "stands_in_for": l, "from": "2026-11-24T06:00:00Z", "until": "2026-11-24T07:00:00Z", "reason": "sick" });
        stand_in(&manager, &shift, &second).await.expect(201);
        let end = format!("{}/stand-ins/{}", path(&shift), before.text_at("/stand_ins/0/id"));
        delete(&lead, &end, None).await.problem(409, "conflict");
        for (name, status) in [(A, 403), ("operator", 403), ("lead-440703002102", 404), ("manager-440703005", 404)] {
            let client = app.staff(name).await;
            assert_eq!(stand_in(&client, &shift, &but(&good, json!({ "staff_id": office }))).await.status, status, "{name}");
            assert_eq!(delete(&client, &end, None).await.status, status, "{name}");
        }
        app.turn(TimeDelta::days(2));
        let lead = app.staff(LEAD).await;
        stand_in(&lead, &shift, &good).await.problem(409, "conflict");
        delete(&lead, &end, None).await.expect(204);
    }
}
