//! Making, changing, listing and taking back shifts.

use super::*;
use crate::administration::{audited, changed};
use crate::on_both;
use chrono::TimeDelta;

const FROM: &str = "2027-01-10T00:00:00Z";
const UNTIL: &str = "2027-01-10T12:00:00Z";

on_both! {
    /// From the plan to its end, by the lead of the unit.
    async fn a_shift_is_made_changed_and_taken_back(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let body = but(&shift(&app, HERE, &[A, B], FROM, UNTIL).await, json!({ "note": "夜班另排" }));
        let shift = made(&lead, &body).await;
        assert_eq!((&shift["unit_id"], &shift["unit_name"], &shift["post"]), (&body["unit_id"], &json!("羊桥社区"), &json!("duty")));
        assert_eq!((&shift["starts_at"], &shift["ends_at"], &shift["note"]), (&json!(FROM), &json!(UNTIL), &json!("夜班另排")));
        assert_eq!((&shift["stand_ins"], &shift["version"]), (&json!([]), &json!(1)));
        let order: Vec<&Value> = shift["members"].as_array().unwrap().iter().map(|member| &member["staff_id"]).collect();
        assert_eq!(json!(order), body["members"]);
        assert!(shift["members"][0]["name"].as_str().unwrap().contains("甲"), "{shift}");
        let entry = audited(&app, "create_shift", "unit_lead", &shift["id"]).await;
        assert_eq!((&entry["detail"]["members"], &entry["detail"]["unit"]), (&body["members"], &body["unit_id"]));

        let turned = json!([body["members"][1], body["members"][0]]);
        let next = json!({ "starts_at": FROM, "ends_at": "2027-01-11T00:00:00.7Z", "members": turned });
        let changed = changed(&lead, "PUT", &path(&shift), &etag(&shift), &next).await;
        assert_eq!((&changed.body["ends_at"], &changed.body["note"]), (&json!("2027-01-11T00:00:00Z"), &Value::Null));
        assert_eq!(changed.body["members"][0]["staff_id"], body["members"][1]);
        assert_eq!(lead.get(&path(&shift)).await.body, changed.body);
        audited(&app, "update_shift", "unit_lead", &shift["id"]).await;

        delete(&lead, &path(&shift), None).await.problem(428, "precondition_required");
        delete(&lead, &path(&shift), Some("\"1\"")).await.problem(412, "stale_version");
        delete(&lead, &path(&shift), Some("\"2\"")).await.expect(204);
        audited(&app, "delete_shift", "unit_lead", &shift["id"]).await;
        lead.get(&path(&shift)).await.problem(404, "not_found");
        delete(&lead, &path(&shift), Some("\"2\"")).await.problem(404, "not_found");
        assert_eq!(listed(&lead, &format!("from={FROM}")).await, Vec::<Value>::new());
    }

    /// What won't do is told by field and rule, and nothing is written.
    async fn wrong_shifts_are_refused(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let good = shift(&app, HERE, &[A, B], FROM, UNTIL).await;
        let nil = json!(uuid::Uuid::nil());
        let next_door = id_of(&app, "handler-a-440703002102").await;
        let cases = [
            (json!({ "ends_at": FROM }), "/ends_at", "form"),
            (json!({ "ends_at": "2027-01-09T00:00:00Z" }), "/ends_at", "form"),
            (json!({ "ends_at": "2027-01-10T00:00:59Z" }), "/ends_at", "form"),
            (json!({ "ends_at": "2027-01-12T00:00:01Z" }), "/ends_at", "form"),
            (json!({ "starts_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-24T01:00:00Z" }), "/ends_at", "form"),
            (json!({ "starts_at": "2029-01-10T00:00:00Z", "ends_at": "2029-01-10T01:00:00Z" }), "/starts_at", "form"),
            (json!({ "starts_at": "gestern" }), "/starts_at", "parse"),
            (json!({ "members": [] }), "/members", "required"),
            (json!({ "members": vec![&nil; 21] }), "/members", "too_many"),
            (json!({ "members": [good["members"][0], good["members"][1], good["members"][0]] }), "/members/2", "taken"),
            (json!({ "members": [good["members"][0], nil] }), "/members/1", "unknown"),
            (json!({ "members": [next_door] }), "/members/0", "form"),
            (json!({ "members": [id_of(&app, "analyst").await] }), "/members/0", "form"),
            (json!({ "post": "shift_lead" }), "/post", "form"),
            (json!({ "post": "guard" }), "/post", "parse"),
            (json!({ "unit_id": nil }), "/unit_id", "unknown"),
            (json!({ "note": "长".repeat(201) }), "/note", "too_long"),
            (json!({ "note": "\u{0}x" }), "/note", "form"),
            (json!({ "colour": "red" }), "/colour", "unexpected"),
        ];
        for (change, pointer, rule) in cases {
            let answer = lead.post(SHIFTS, &but(&good, change)).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
        }
        let provider = app.unit("provider-demo-1").await;
        let sysadmin = app.staff("sysadmin").await;
        let answer = sysadmin.post(SHIFTS, &but(&good, json!({ "unit_id": provider["id"] }))).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/unit_id"), Some("form"), "{}", answer.text);
        let twice = but(&good, json!({ "ends_at": FROM, "members": [] }));
        let answer = lead.post(SHIFTS, &twice).await;
        assert!(answer.rule("/ends_at").is_some() && answer.rule("/members").is_some(), "{}", answer.text);
        let keyless = lead.request("POST", SHIFTS).json(&good);
        lead.send(keyless).await.problem(400, "idempotency_key_missing");
        assert_eq!(listed(&sysadmin, &format!("from={FROM}")).await, Vec::<Value>::new());

        // Whose role ends before the shift does, and who is disabled, can't be in it.
        let secadmin = app.staff("secadmin").await;
        let gone = new_staff(&app, "soon-gone").await;
        let grant = json!({ "role": "duty_officer", "unit_id": good["unit_id"], "valid_to": "2027-01-10" });
        secadmin.post(&format!("/api/v1/staff/{gone}/grants"), &grant).await.expect(201);
        let with = |until: &str| but(&good, json!({ "members": [gone], "ends_at": until }));
        let answer = lead.post(SHIFTS, &with("2027-01-10T16:00:01Z")).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/members/0"), Some("form"), "{}", answer.text);
        lead.post(SHIFTS, &with("2027-01-10T16:00:00Z")).await.expect(201);
        let seen = secadmin.get("/api/v1/staff?q=soon-gone").await;
        let version = format!("\"{}\"", seen.body["items"][0]["version"]);
        secadmin.change("POST", &format!("/api/v1/staff/{gone}/disable"), &version, &json!({})).await.expect(200);
        let answer = lead.post(SHIFTS, &with(UNTIL)).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/members/0"), Some("unknown"), "{}", answer.text);
    }

    /// A shift with the same key is made once; two of one unit may overlap.
    async fn a_key_makes_one_shift(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let body = shift(&app, HERE, &[A, B], FROM, UNTIL).await;
        let key = fresh_key();
        let first = lead.post_keyed(SHIFTS, &key, &body).await;
        let again = lead.post_keyed(SHIFTS, &key, &body).await;
        assert_eq!((first.status, &first.body), (201, &again.expect(201).body));
        let other = but(&body, json!({ "note": "x" }));
        lead.post_keyed(SHIFTS, &key, &other).await.problem(422, "idempotency_key_reused");
        made(&lead, &other).await;
        assert_eq!(listed(&lead, &format!("from={FROM}")).await.len(), 2);
    }

    /// What has begun stays as it was: only its end and the note change, and it is not taken back.
    async fn what_has_begun_stays(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let shift = current(&app, HERE).await;
        let same = as_it_is(&shift);
        let only = json!([same["members"][0]]);
        for (change, pointer) in [
            (json!({ "starts_at": "2026-11-23T17:00:00Z" }), "/starts_at"),
            (json!({ "members": only }), "/members"),
            (json!({ "ends_at": "2026-11-24T01:00:00Z" }), "/ends_at"),
            (json!({ "ends_at": "2026-11-25T16:00:01Z" }), "/ends_at"),
        ] {
            let answer = lead.change("PUT", &path(&shift), &etag(&shift), &but(&same, change)).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some("form"), "{}", answer.text);
        }
        delete(&lead, &path(&shift), Some(&etag(&shift))).await.problem(409, "conflict");
        assert_eq!(lead.get(&path(&shift)).await.body, shift);
        let sooner = but(&same, json!({ "ends_at": "2026-11-24T02:00:00Z", "note": "提前交班" }));
        let changed = lead.change("PUT", &path(&shift), &etag(&shift), &sooner).await;
        assert_eq!(changed.expect(200).body["ends_at"], "2026-11-24T02:00:00Z");
        app.turn(TimeDelta::hours(1));
        let lead = app.staff(LEAD).await;
        assert_eq!(called(&lead, &shift["unit_id"], 0, None).await, Vec::<Value>::new());
        let late = but(&same, json!({ "ends_at": "2026-11-24T03:00:00Z" }));
        lead.change("PUT", &path(&shift), &changed.etag(), &late).await.problem(409, "conflict");
        // Of one to come the beginning may move, though not into the past.
        let next = made(&lead, &super::shift(&app, HERE, &[A], FROM, UNTIL).await).await;
        let early = but(&as_it_is(&next), json!({ "starts_at": "2026-11-24T01:59:59Z", "ends_at": "2026-11-24T04:00:00Z" }));
        let answer = lead.change("PUT", &path(&next), &etag(&next), &early).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/starts_at"), Some("form"), "{}", answer.text);
    }

    /// Each sees and writes as far as their role reaches.
    async fn everybody_stays_within_reach(app: TestApp) {
        let here = shift(&app, HERE, &[A], FROM, UNTIL).await;
        let there = shift(&app, FAR, &["handler-a-440703005101"], FROM, UNTIL).await;
        let far = made(&app.staff("supervisor").await, &there).await;
        let own = made(&app.staff(MANAGER).await, &here).await;
        let district = but(
            &shift(&app, DISTRICT, &["supervisor"], FROM, UNTIL).await,
            json!({ "post": "shift_lead" }),
        );
        let centre = made(&app.staff("sysadmin").await, &district).await;
        let query = format!("from={FROM}");
        for (name, seen) in [
            (A, vec![&own]), (LEAD, vec![&own]), (MANAGER, vec![&own]), ("lead-440703002", vec![]),
            ("manager-440703005", vec![&far]), ("duty", vec![&centre]), ("operator", vec![&far, &own, &centre]),
            ("supervisor", vec![&far, &own, &centre]),
        ] {
            let client = app.staff(name).await;
            let listed = listed(&client, &query).await;
            for shift in [&own, &far, &centre] {
                let visible = seen.contains(&shift);
                assert_eq!(listed.contains(shift), visible, "{name}");
                client.get(&path(shift)).await.expect(if visible { 200 } else { 404 });
            }
        }
        for (name, body, status) in [
            (A, &here, 403), ("operator", &here, 403), ("duty", &here, 403), ("auditor", &here, 403),
            ("lead-440703002102", &here, 403), ("lead-440703002", &here, 403), ("manager-440703005", &here, 403),
            (LEAD, &there, 403), (LEAD, &district, 403),
        ] {
            app.staff(name).await.post(SHIFTS, body).await.problem(status, "forbidden");
        }
        let change = as_it_is(&own);
        let put = async |name: &str| app.staff(name).await.change("PUT", &path(&own), &etag(&own), &change).await.status;
        assert_eq!((put(A).await, put("manager-440703005").await, put("operator").await), (403, 404, 403));
        assert_eq!(delete(&app.staff("lead-440703002102").await, &path(&own), Some(&etag(&own))).await.status, 404);
        app.nobody().get(SHIFTS).await.problem(401, "unauthenticated");
    }

    /// In the order of their beginning, page by page; cut by unit and time.
    async fn shifts_are_listed(app: TestApp) {
        let manager = app.staff(MANAGER).await;
        let late = made(&manager, &shift(&app, HERE, &[A], "2027-01-10T06:00:00Z", UNTIL).await).await;
        let first = made(&manager, &shift(&app, HERE, &[B], FROM, "2027-01-10T06:00:00Z").await).await;
        let other = made(&manager, &shift(&app, NEXT_DOOR, &["handler-a-440703002102"], FROM, UNTIL).await).await;
        let street = made(&manager, &shift(&app, STREET, &["office-440703002"], "2027-01-10T03:00:00Z", UNTIL).await).await;
        let all = vec![first.clone(), other.clone(), street.clone(), late.clone()];
        assert_eq!(listed(&manager, &format!("from={FROM}")).await, all);
        let mut paged = Vec::new();
        let mut next = format!("{SHIFTS}?from={FROM}&limit=1");
        loop {
            let page = manager.get(&next).await;
            paged.extend(page.expect(200).body["items"].as_array().unwrap().clone());
            match page.body["next_cursor"].as_str() {
                Some(cursor) => next = format!("{SHIFTS}?from={FROM}&limit=1&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(paged, all);
        let unit = |shift: &Value| shift["unit_id"].as_str().unwrap().to_owned();
        assert_eq!(listed(&manager, &format!("from={FROM}&unit_id={}", unit(&first))).await, [first.clone(), late.clone()]);
        assert_eq!(listed(&manager, &format!("from={FROM}&unit_id={}", unit(&street))).await, all, "and those below");
        assert_eq!(listed(&manager, &format!("from={FROM}&to=2027-01-10T03:00:00Z")).await, [first, other.clone()]);
        assert_eq!(listed(&manager, "from=2027-01-10T06:00:00Z").await, [other, street, late]);
        let nil = uuid::Uuid::nil();
        for (query, pointer) in [
            (format!("unit_id={nil}"), "?unit_id"), (format!("from={UNTIL}&to={FROM}"), "?to"), ("limit=101".into(), "?limit"),
        ] {
            let answer = manager.get(&format!("{SHIFTS}?{query}")).await;
            assert!(answer.problem(422, "invalid_input").rule(pointer).is_some(), "{}", answer.text);
        }
        manager.get(&format!("{SHIFTS}?from=yesterday")).await.problem(400, "malformed_query");
        manager.get(&format!("{SHIFTS}?cursor=x")).await.problem(400, "invalid_cursor");
        manager.get(&format!("{SHIFTS}/x")).await.problem(404, "malformed_path");
        manager.get(&format!("{SHIFTS}/{nil}")).await.problem(404, "not_found");
    }
}
