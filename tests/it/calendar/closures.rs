//! Closures (临时停工): time that is no working time, though the calendar says so.

use super::*;
use crate::administration::{at, audited, changed, entries};
use crate::on_both;

/// Day, whether it counted, and why it was closed.
fn told(deadline: &Value) -> Vec<String> {
    let days = deadline["days"].as_array().unwrap().iter();
    days.map(|day| {
        format!(
            "{} {} {}",
            &day["day"].as_str().unwrap()[5..],
            day["counting"].as_str().unwrap(),
            day["closure"].as_str().unwrap_or("-")
        )
    })
    .collect()
}

on_both! {
    /// A unit and those below it, for a day: what they have in hands has a day more, and says why.
    async fn a_closed_day_does_not_count(app: TestApp) {
        let (here, far) = (dancing(&app, "羊桥社区").await, dancing(&app, "塘边社区").await);
        let before = clock(&app, &here, "resolve").await;
        assert_eq!(before["due_at"], "2026-12-03T09:30:00Z");
        let sysadmin = app.staff("sysadmin").await;
        let typhoon = json!({ "unit_id": unit_id(&app, STREET).await, "first_day": "2026-11-26", "reason": "台风“示例”停工" });
        let made = sysadmin.post(CLOSURES, &typhoon).await;
        made.expect(201);
        assert_eq!((&made.body["from"], &made.body["to"]), (&json!("2026-11-25T16:00:00Z"), &json!("2026-11-26T16:00:00Z")));
        let entry = audited(&app, "create_closure", "system_admin", &made.body["id"]).await;
        assert_eq!(entry["detail"]["reason"], typhoon["reason"]);
        counted_again(&app).await;
        let seen = clock(&app, &here, "resolve").await;
        assert_eq!((&seen["due_at"], &seen["recount_due_at"]), (&json!("2026-12-04T09:30:00Z"), &Value::Null));
        assert_eq!(
            told(&seen),
            [
                "11-24 day_of_receipt -", "11-25 counted -", "11-26 closure 台风“示例”停工", "11-27 counted -", "11-28 weekend -", "11-29 weekend -",
                "11-30 counted -", "12-01 counted -", "12-02 counted -", "12-03 counted -", "12-04 counted -",
            ]
        );
        assert_eq!((&seen["days"][2]["kind"], &seen["days"][2]["label"]), (&json!("working"), &json!("临时停工不计：台风“示例”停工")));
        assert_eq!((clock(&app, &far, "resolve").await["due_at"].clone(), recounted(&app, &far).await), (json!("2026-12-03T09:30:00Z"), 0));
        assert!(recounted(&app, &here).await >= 1);
        let resident = app.resident("13900000001").await;
        assert_eq!(resident.get(&here).await.expect(200).body["promised_at"], "2026-12-04T09:30:00Z");
        assert_eq!(resident.get(&format!("{here}/verify")).await.body["intact"], true);
        let mine = app.nobody().get(&format!("{CLOSURES}?unit_id={}&on=2026-11-26", unit_id(&app, HERE).await.as_str().unwrap())).await;
        assert_eq!(mine.expect(200).body["items"], json!([made.body]));
        for query in [format!("unit_id={}", unit_id(&app, FAR).await.as_str().unwrap()), "on=2026-11-27".into(), "on=2026-11-25".into()] {
            assert_eq!(app.nobody().get(&format!("{CLOSURES}?{query}")).await.expect(200).body["items"], json!([]), "{query}");
        }

        // It lasts longer than was thought, then it was none.
        let (path, etag) = at("calendar/closures", &made.body);
        changed(&sysadmin, "PATCH", &path, &etag, &json!({ "last_day": "2026-11-27" })).await;
        audited(&app, "update_closure", "system_admin", &made.body["id"]).await;
        counted_again(&app).await;
        assert_eq!(clock(&app, &here, "resolve").await["due_at"], "2026-12-07T09:30:00Z");
        let delete = |etag: &'static str| sysadmin.send(sysadmin.request("DELETE", &path).header("If-Match", etag));
        sysadmin.send(sysadmin.request("DELETE", &path)).await.problem(428, "precondition_required");
        delete("\"1\"").await.problem(412, "stale_version");
        delete("\"2\"").await.expect(204);
        delete("\"2\"").await.problem(404, "not_found");
        let entry = audited(&app, "delete_closure", "system_admin", &made.body["id"]).await;
        assert_eq!(entry["detail"]["reason"], typhoon["reason"], "what it was stays");
        counted_again(&app).await;
        let after = clock(&app, &here, "resolve").await;
        assert_eq!((&after["due_at"], &after["days"]), (&before["due_at"], &before["days"]));
        assert_eq!(all(&app, CLOSURES).await, Vec::<Value>::new());
    }

    /// Working hours lose what is closed; a day of which some is left counts; minutes run on.
    async fn a_part_of_a_day_is_taken_from_hours_only(app: TestApp) {
        let accept = ("accept", "2026-11-24T11:00:00+08:00");
        assert_eq!(simulated(&app, None, accept.1, accept.0).await["due_at"], "2026-11-24T09:30:00Z", "four hours");
        let before = [
            simulated(&app, Some(HERE), "2026-11-24T10:00:00+08:00", "resolve").await["due_at"].clone(),
            simulated(&app, Some(HERE), "2026-11-24T10:00:00+08:00", "sign").await["due_at"].clone(),
        ];
        let urgent = async || {
            let question = json!({ "category": "120302", "urgency": "p0", "at": "2026-11-24T14:31:00+08:00", "unit_id": unit_id(&app, HERE).await });
            let answer = app.staff("operator").await.post(SIMULATE, &question).await;
            ["accept", "sign", "resolve"].map(|kind| of_kind(&answer, kind))
        };
        let untouched = urgent().await;
        let sysadmin = app.staff("sysadmin").await;
        let everybody = json!({ "from": "2026-11-24T14:00:00+08:00", "to": "2026-11-24T16:00:00+08:00", "reason": "防汛应急" });
        sysadmin.post(CLOSURES, &everybody).await.expect(201);
        app.pass("reference").await;
        let hours = simulated(&app, None, accept.1, accept.0).await;
        // An hour before noon, an hour and a half from four on, an hour and a half of the next morning.
        assert_eq!(hours["due_at"], "2026-11-25T02:00:00Z");
        assert_eq!(told(&hours), ["11-24 counted 防汛应急", "11-25 counted -"]);
        assert_eq!(hours["days"][0]["label"], "工作日，计入（部分时间临时停工：防汛应急）");
        assert_eq!((&hours["days"][0]["counted"], &hours["days"][1]["counted"]), (&json!(150), &json!(90)));
        let after = [
            simulated(&app, Some(HERE), "2026-11-24T10:00:00+08:00", "resolve").await["due_at"].clone(),
            simulated(&app, Some(HERE), "2026-11-24T10:00:00+08:00", "sign").await["due_at"].clone(),
        ];
        assert_eq!(after, before);
        assert_eq!(urgent().await, untouched, "day and night");
        // Both halves of a day by two closures: nothing of it is left.
        for (from, to) in [("2026-11-25T08:00:00+08:00", "2026-11-25T13:00:00+08:00"), ("2026-11-25T13:30:00+08:00", "2026-11-25T20:00:00+08:00")] {
            sysadmin.post(CLOSURES, &json!({ "from": from, "to": to, "reason": "台风“示例”停工" })).await.expect(201);
        }
        app.pass("reference").await;
        let days = simulated(&app, Some(FAR), "2026-11-24T10:00:00+08:00", "resolve").await;
        assert_eq!(told(&days)[1], "11-25 closure 台风“示例”停工");
        assert_eq!(days["due_at"], "2026-12-04T09:30:00Z");
    }

    /// A closure that is declared afterwards heals what ran out in it; who joins a unit's night or weekend changes nothing.
    async fn declared_afterwards_it_heals(app: TestApp) {
        let made = registered(&app, "羊桥社区", "020101").await;
        let ticket = format!("/api/v1/tickets/{}", made.text_at("/ticket/id"));
        app.turn(TimeDelta::hours(33));
        app.settle().await;
        assert_eq!(clock(&app, &ticket, "sign").await["breached"], true);
        let sysadmin = app.staff("sysadmin").await;
        let night = json!({ "from": "2026-11-24T17:30:00+08:00", "to": "2026-11-25T08:30:00+08:00", "reason": "停电" });
        sysadmin.post(CLOSURES, &night).await.expect(201);
        sysadmin.post(CLOSURES, &json!({ "first_day": "2026-11-28", "last_day": "2026-11-29", "reason": "停电" })).await.expect(201);
        counted_again(&app).await;
        assert_eq!((clock(&app, &ticket, "sign").await["breached"].clone(), recounted(&app, &ticket).await), (json!(true), 0));
        sysadmin.post(CLOSURES, &json!({ "first_day": "2026-11-25", "reason": "台风“示例”停工" })).await.expect(201);
        counted_again(&app).await;
        let sign = clock(&app, &ticket, "sign").await;
        assert_eq!((&sign["breached"], &sign["due_at"], &sign["lamp"]), (&json!(false), &json!("2026-11-26T09:30:00Z"), &json!("green")));
        app.turn(TimeDelta::days(1));
        app.settle().await;
        assert_eq!(clock(&app, &ticket, "sign").await["breached"], true, "its timer fires at the new end");
    }

    /// What can't be names the field and the rule, and changes nothing.
    async fn wrong_closures_are_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let (from, to) = ("2026-11-24T14:00:00+08:00", "2026-11-24T16:00:00+08:00");
        for (body, pointer, rule) in [
            (json!({ "reason": "x" }), "/from", "required"),
            (json!({ "from": from, "reason": "x" }), "/to", "required"),
            (json!({ "last_day": "2026-11-24", "reason": "x" }), "/first_day", "required"),
            (json!({ "from": from, "to": from, "reason": "x" }), "/to", "form"),
            (json!({ "from": to, "to": from, "reason": "x" }), "/to", "form"),
            (json!({ "first_day": "2026-11-24", "last_day": "2026-11-23", "reason": "x" }), "/last_day", "form"),
            (json!({ "first_day": "2026-11-24", "last_day": "2027-01-23", "reason": "x" }), "/last_day", "range"),
            (json!({ "first_day": "1999-11-24", "reason": "x" }), "/first_day", "range"),
            (json!({ "first_day": "+262142-12-31", "reason": "x" }), "/first_day", "range"),
            (json!({ "first_day": "-262143-01-01", "reason": "x" }), "/first_day", "range"),
            (json!({ "first_day": "2026-11-24", "last_day": "+262142-12-31", "reason": "x" }), "/last_day", "range"),
            (json!({ "from": from, "to": to, "first_day": "2026-11-24", "reason": "x" }), "/from", "unexpected"),
            (json!({ "from": from, "to": to, "reason": " " }), "/reason", "required"),
            (json!({ "from": from, "to": to, "reason": "长".repeat(201) }), "/reason", "too_long"),
            (json!({ "from": from, "to": to, "reason": "x\u{0}" }), "/reason", "form"),
            (json!({ "from": from, "to": to }), "/reason", "required"),
            (json!({ "from": "soon", "to": to, "reason": "x" }), "/from", "parse"),
            (json!({ "from": from, "to": to, "reason": "x", "unit_id": uuid::Uuid::nil() }), "/unit_id", "unknown"),
            (json!({ "from": from, "to": to, "reason": "x", "kind": "typhoon" }), "/kind", "unexpected"),
        ] {
            let answer = sysadmin.post(CLOSURES, &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{body}: {}", answer.text);
        }
        let good = json!({ "first_day": "2026-11-24", "last_day": "2027-01-22", "reason": "长".repeat(200) });
        for other in ["operator", "dispatcher", "manager-440703002", "secadmin"] {
            app.staff(other).await.post(CLOSURES, &good).await.problem(403, "forbidden");
        }
        app.nobody().post(CLOSURES, &good).await.problem(401, "unauthenticated");
        assert_eq!((all(&app, CLOSURES).await.len(), entries(&app, "create_closure").await), (0, 0));
        let made = sysadmin.post(CLOSURES, &good).await;
        made.expect(201);
        let (path, etag) = at("calendar/closures", &made.body);
        for (body, pointer, rule) in [
            (json!({}), "/to", "required"), (json!({ "to": to, "last_day": "2026-11-25" }), "/last_day", "unexpected"),
            (json!({ "to": "2026-11-23T16:00:00Z" }), "/to", "form"), (json!({ "last_day": "2027-01-23" }), "/last_day", "range"),
            (json!({ "last_day": "+262142-12-31" }), "/last_day", "range"), (json!({ "last_day": "2026-11-23" }), "/last_day", "form"),
        ] {
            let answer = sysadmin.change("PATCH", &path, &etag, &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{body}: {}", answer.text);
        }
        assert_eq!(all(&app, CLOSURES).await, vec![made.body.clone()]);
    }
}
