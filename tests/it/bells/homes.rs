//! Homes: registered with all that is known, masked, changed without telling it again, revealed for a reason.

use super::*;
use crate::administration::{audited, entries};
use crate::on_both;
use crate::privacy::disk;

/// What must not stand in an answer that masks.
#[track_caller]
fn tells_nothing(answer: &Answer) {
    for secret in [NAME, PHONE, ACCESS, MEDICAL, KIN_NAME, KIN_PHONE] {
        assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
    }
}

on_both! {
    /// Masked on the wire, sealed in the database, in no line of the audit log.
    async fn a_home_is_registered_masked_and_sealed(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let new = home(&app).await;
        let made = lead.post_keyed(HOMES, "one home", &new).await;
        made.expect(201);
        tells_nothing(&made);
        let again = lead.post_keyed(HOMES, "one home", &new).await;
        assert_eq!((again.status, &again.body), (201, &made.body), "a lost answer can be asked for again");
        assert_eq!(entries(&app, "register_home").await, 1);
        let entry = audited(&app, "register_home", "unit_lead", &made.body["id"]).await;
        assert_eq!(entry["detail"]["kin"], 2);

        let seen = lead.get(&at(&made)).await;
        seen.expect(200);
        tells_nothing(&seen);
        assert_eq!((seen.etag().as_str(), &seen.body), ("\"1\"", &made.body));
        let body = &seen.body;
        assert_eq!((&body["resident_name"], &body["phone"]), (&json!("欧****"), &json!("136****5678")));
        assert_eq!((&body["spoken"], &body["labels"]), (&json!(SPOKEN), &json!(["独居老人"])));
        assert_eq!((&body["has_access_notes"], &body["has_medical_notes"]), (&json!(true), &json!(true)));
        assert_eq!(body["synthetic"], false);
        let kin = body["kin"].as_array().unwrap();
        assert_eq!(kin.len(), 2);
        assert_eq!((&kin[0]["name"], &kin[0]["phone"], &kin[0]["policy"]), (&json!("司****"), &json!("137****8765"), &json!("immediate")));
        assert_eq!((&kin[1]["relation"], &kin[1]["policy"], kin[1].get("consent_at")), (&json!("侄子"), &json!("never"), None));

        // Who keeps the system going sees the door, and not who lives there.
        let admin = app.staff("sysadmin").await.get(&at(&made)).await;
        admin.expect(200);
        for hidden in ["resident_name", "phone", "spoken", "labels"] {
            assert!(admin.body.get(hidden).is_none(), "{hidden}: {}", admin.text);
        }
        assert!(admin.body["kin"][0].get("name").is_none() && admin.body["door"] == "501房", "{}", admin.text);

        let stored = disk::read(&app).await;
        for secret in [NAME, PHONE, "+8613612345678", SPOKEN, ACCESS, MEDICAL, KIN_NAME, KIN_PHONE] {
            assert_eq!(stored.around(secret), None, "sealed at rest");
        }
    }

    /// Each field that is wrong is named, all at once, and nothing is written.
    async fn a_wrong_home_is_refused(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let good = home(&app).await;
        let before = ids(&lead.get(HOMES).await).len();
        let kin = |change: Value| {
            let mut kin = json!({ "name": "甲", "phone": "13900000009", "relation": "子", "policy": "on_ack", "consent_at": "2026-11-01T00:00:00Z" });
            kin.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            json!([kin])
        };
        let long = |n: usize| json!("长".repeat(n));
        for (name, value, pointer, rule) in [
            ("resident_name", json!(" "), "/resident_name", "required"),
            ("resident_name", json!(null), "/resident_name", "required"),
            ("resident_name", long(61), "/resident_name", "too_long"),
            ("phone", json!("123"), "/phone", "form"),
            ("building", long(41), "/building", "too_long"),
            ("entrance", long(21), "/entrance", "too_long"),
            ("door", json!(""), "/door", "required"),
            ("door", json!("1\u{0}"), "/door", "form"),
            ("spoken", long(121), "/spoken", "too_long"),
            ("access_notes", long(501), "/access_notes", "too_long"),
            ("medical_notes", long(1001), "/medical_notes", "too_long"),
            ("language", long(31), "/language", "too_long"),
            ("labels", json!([""]), "/labels/0", "required"),
            ("labels", json!(vec!["x"; 21]), "/labels", "too_many"),
            ("lat", json!(91), "/lat", "range"),
            ("lng", json!(-181), "/lng", "range"),
            ("lat", json!(null), "/lat", "required"),
            ("kin", kin(json!({ "name": "" })), "/kin/0/name", "required"),
            ("kin", kin(json!({ "name": null })), "/kin/0/name", "required"),
            ("kin", kin(json!({ "phone": "9" })), "/kin/0/phone", "form"),
            ("kin", kin(json!({ "phone": null })), "/kin/0/phone", "required"),
            ("kin", kin(json!({ "relation": " " })), "/kin/0/relation", "required"),
            ("kin", kin(json!({ "policy": "sometimes" })), "/kin/0/policy", "parse"),
            ("kin", kin(json!({ "consent_at": null })), "/kin/0/consent_at", "required"),
            ("kin", kin(json!({ "consent_at": "2026-11-24T01:00:01Z" })), "/kin/0/consent_at", "form"),
            ("kin", kin(json!({ "id": uuid::Uuid::nil() })), "/kin/0/id", "unexpected"),
            ("kin", json!(vec![kin(json!({}))[0].clone(); 2]), "/kin/1/phone", "taken"),
            ("kin", json!(vec![kin(json!({}))[0].clone(); 11]), "/kin", "too_many"),
            ("unit_id", json!(uuid::Uuid::nil()), "/unit_id", "unknown"),
            ("resident_id", json!(uuid::Uuid::nil()), "/resident_id", "unknown"),
            ("colour", json!("red"), "/colour", "unexpected"),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            let answer = lead.post(HOMES, &wrong).await;
            answer.problem(422, "invalid_input");
            assert_eq!(answer.rule(pointer), Some(rule), "{name}: {}", answer.text);
            tells_nothing(&answer);
        }
        let all = json!({ "unit_id": good["unit_id"], "door": "", "lat": 1.0, "kin": [{ "relation": "", "policy": "immediate" }] });
        let answer = lead.post(HOMES, &all).await;
        for pointer in ["/resident_name", "/door", "/lng", "/kin/0/name", "/kin/0/phone", "/kin/0/relation", "/kin/0/consent_at"] {
            assert_eq!(answer.rule(pointer), Some("required"), "{pointer}: {}", answer.text);
        }
        // Only communities have homes; another one's is not there for a lead, and no lead's to fill.
        let manager = app.staff(MANAGER).await;
        let mut street = good.clone();
        street["unit_id"] = unit(&app, STREET).await;
        assert_eq!(manager.post(HOMES, &street).await.problem(422, "invalid_input").rule("/unit_id"), Some("form"));
        let mut elsewhere = good.clone();
        elsewhere["unit_id"] = unit(&app, JIANAN).await;
        lead.post(HOMES, &elsewhere).await.problem(404, "not_found");
        app.staff("operator").await.post(HOMES, &good).await.problem(403, "forbidden");
        app.staff("analyst").await.get(HOMES).await.problem(403, "forbidden");
        let keyless = lead.send(lead.request("POST", HOMES).json(&good)).await;
        keyless.problem(400, "idempotency_key_missing");
        assert_eq!(ids(&lead.get(HOMES).await).len(), before);
        assert_eq!(entries(&app, "register_home").await, 0);
    }

    /// Somebody of the register: name and number come from there, and only of that community.
    async fn who_lives_there_may_be_of_the_register(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let operator = app.staff("operator").await;
        let resident = async |phone: &str| {
            let found = operator.post("/api/v1/residents/search", &json!({ "phone": phone })).await;
            found.expect(200).body["items"][0]["resident"]["id"].clone()
        };
        let mut new = json!({ "unit_id": unit(&app, YANGQIAO).await, "resident_id": resident("13900000001").await, "building": "3", "entrance": "2", "door": "501" });
        let made = lead.post(HOMES, &new).await;
        made.expect(201);
        assert_eq!((&made.body["resident_name"], &made.body["phone"]), (&json!("演****"), &json!("139****0001")));
        assert_eq!(made.body["spoken"], "羊桥社区 3栋 2单元 501房", "made from the address");
        assert_eq!((&made.body["has_access_notes"], &made.body["kin"]), (&json!(false), &json!([])));
        new["resident_id"] = resident("13900000003").await;
        assert_eq!(lead.post(HOMES, &new).await.problem(422, "invalid_input").rule("/resident_id"), Some("form"));
    }

    /// What is masked stays where it is left out; an empty text removes it; the sentence follows the door.
    async fn a_home_is_changed(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let made = made(&app, &lead).await;
        let path = at(&made);
        let (first, second) = (made.body["kin"][0]["id"].clone(), made.body["kin"][1]["id"].clone());
        let mut body = json!({ "unit_id": made.body["unit_id"], "building": "3栋", "entrance": "2单元", "door": "501房" });
        lead.send(lead.request("PUT", &path).json(&body)).await.problem(428, "precondition_required");
        lead.change("PUT", &path, "\"7\"", &body).await.problem(412, "stale_version");
        let kept = lead.change("PUT", &path, "\"1\"", &body).await;
        kept.expect(200);
        assert_eq!(kept.etag(), "\"2\"");
        for same in ["resident_name", "phone", "spoken", "has_access_notes", "has_medical_notes", "kin"] {
            assert_eq!(kept.body[same], made.body[same], "{same}");
        }
        assert!(kept.body.get("language").is_none() && kept.body["labels"] == json!([]) && kept.body.get("lat").is_none());
        lead.change("PUT", &path, "\"1\"", &body).await.problem(412, "stale_version");

        // Their order turns round; the first is told earlier than said before, and nobody's number is told again.
        body["kin"] = json!([
            { "id": second, "relation": "侄子", "policy": "on_confirmed", "consent_at": "2026-11-20T00:00:00Z" },
            { "id": first, "phone": "13712340000", "relation": "女儿", "policy": "never" },
            { "name": "新人", "phone": "13900000009", "relation": "邻居", "policy": "never" },
        ]);
        body["door"] = json!("502房");
        body["medical_notes"] = json!("");
        body["phone"] = json!(" ");
        let changed = lead.change("PUT", &path, "\"2\"", &body).await;
        changed.expect(200);
        let kin = &changed.body["kin"];
        assert_eq!((&kin[0]["id"], &kin[0]["name"], &kin[0]["policy"]), (&second, &made.body["kin"][1]["name"], &json!("on_confirmed")));
        assert_eq!((&kin[1]["id"], &kin[1]["phone"], &kin[1]["name"]), (&first, &json!("137****0000"), &made.body["kin"][0]["name"]));
        assert_eq!(kin[2]["name"], "新*");
        assert_eq!(changed.body["spoken"], "羊桥社区 3栋 2单元 502房", "the sentence of another door is not spoken");
        assert_eq!((&changed.body["has_medical_notes"], &changed.body["has_access_notes"]), (&json!(false), &json!(true)));
        assert!(changed.body.get("phone").is_none());
        assert_eq!(lead.get(&path).await.body, changed.body);
        let entry = audited(&app, "update_home", "unit_lead", &made.body["id"]).await;
        assert_eq!(entry["detail"]["fields"], json!(["phone", "medical_notes", "kin"]));

        for (name, value, pointer, rule) in [
            ("resident_name", json!(""), "/resident_name", "required"),
            ("kin", json!([{ "id": uuid::Uuid::nil(), "relation": "子", "policy": "never" }]), "/kin/0/id", "unknown"),
            ("kin", json!([{ "id": first, "relation": "子", "policy": "never" }, { "id": first, "relation": "子", "policy": "never" }]), "/kin/1/id", "taken"),
            ("kin", json!([{ "id": first, "relation": "子", "policy": "on_ack" }]), "/kin/0/consent_at", "required"),
            ("kin", json!([{ "id": first, "phone": "", "relation": "子", "policy": "never" }]), "/kin/0/phone", "required"),
            ("resident_id", json!(uuid::Uuid::nil()), "/resident_id", "unknown"),
        ] {
            let mut wrong = body.clone();
            wrong[name] = value;
            let answer = lead.change("PUT", &path, "\"3\"", &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{name}: {}", answer.text);
        }
        assert_eq!(lead.get(&path).await.body, changed.body, "nothing changed");
        app.staff("operator").await.change("PUT", &path, "\"3\"", &body).await.problem(403, "forbidden");
        app.staff("lead-440703002102").await.change("PUT", &path, "\"3\"", &body).await.problem(404, "not_found");
    }

    /// Who moves takes the bells along.
    async fn a_home_that_moves_takes_its_devices_along(app: TestApp) {
        let (lead, manager) = (app.staff(LEAD).await, app.staff(MANAGER).await);
        let made = made(&app, &lead).await;
        let bell = device(&app, &lead, "MOVE-1", Some(&made.body["id"])).await;
        let old = device(&app, &lead, "MOVE-2", Some(&made.body["id"])).await;
        lead.post(&format!("{}/retire", at(&old)), &json!({ "reason": "坏了换新" })).await.expect(200);
        let body = json!({ "unit_id": unit(&app, JIANAN).await, "door": "9号" });
        // A lead reaches the one community and not the other.
        lead.change("PUT", &at(&made), "\"1\"", &body).await.problem(404, "not_found");
        let moved = manager.change("PUT", &at(&made), "\"1\"", &body).await;
        moved.expect(200);
        assert_eq!(moved.body["spoken"], "迦南社区 9号");
        let followed = manager.get(&at(&bell)).await;
        assert_eq!((&followed.body["unit_id"], followed.etag().as_str()), (&body["unit_id"], "\"2\""));
        assert_eq!(manager.get(&at(&old)).await.body["unit_id"], unit(&app, YANGQIAO).await, "what is over stays");
        lead.get(&at(&made)).await.problem(404, "not_found");
        lead.get(&at(&bell)).await.problem(404, "not_found");
    }

    /// In full for a reason, which is kept; the values are not.
    async fn a_home_is_revealed_for_a_reason(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let made = made(&app, &lead).await;
        let path = format!("{}/reveal", at(&made));
        let all = json!({ "fields": ["kin", "medical_notes", "access_notes", "phone", "resident_name"], "reason": "按铃无应答，回拨13612345678" });
        for (name, role) in [
            ("duty", "duty_officer"), ("operator", "operator"), ("supervisor", "supervisor"), (MANAGER, "street_manager"),
            (LEAD, "unit_lead"), ("handler-a-440703002101", "handler"),
        ] {
            let answer = app.staff(name).await.post(&path, &all).await;
            answer.expect(200);
            let body = &answer.body;
            assert_eq!((&body["resident_name"], &body["phone"]), (&json!(NAME), &json!("+8613612345678")));
            assert_eq!((&body["access_notes"], &body["medical_notes"]), (&json!(ACCESS), &json!(MEDICAL)));
            assert_eq!((&body["kin"][0]["name"], &body["kin"][0]["phone"]), (&json!(KIN_NAME), &json!("+8613712348765")));
            assert_eq!(body["kin"][1]["phone"], "+867503322110;ext=8");
            let entry = audited(&app, "reveal_home", role, &made.body["id"]).await;
            let fields = json!(["resident_name", "phone", "access_notes", "medical_notes", "kin"]);
            assert_eq!(entry["detail"]["fields"], fields);
            let told = entry.to_string();
            assert!(told.contains("按铃无应答") && ![NAME, PHONE, ACCESS, MEDICAL, KIN_PHONE].iter().any(|secret| told.contains(secret)), "{told}");
        }
        assert_eq!(entries(&app, "reveal_home").await, 6);
        let some = lead.post(&path, &json!({ "fields": ["medical_notes"], "reason": "上门前了解" })).await;
        assert_eq!(some.expect(200).body, json!({ "medical_notes": MEDICAL }));
        for (body, pointer, rule) in [
            (json!({ "fields": [], "reason": "上门前了解" }), "/fields", "required"),
            (json!({ "fields": ["phone"], "reason": "急" }), "/reason", "too_short"),
            (json!({ "fields": ["phone"], "reason": " " }), "/reason", "required"),
            (json!({ "fields": ["spoken"], "reason": "上门前了解" }), "/fields/0", "parse"),
        ] {
            let answer = lead.post(&path, &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
        }
        for (name, status, code) in [("sysadmin", 403, "forbidden"), ("analyst", 403, "forbidden"), ("lead-440703002102", 404, "not_found")] {
            app.staff(name).await.post(&path, &all).await.problem(status, code);
        }
        assert_eq!(entries(&app, "reveal_home").await, 7, "who may not has not looked");
    }

    /// By reach, by unit, in pages.
    async fn homes_are_listed(app: TestApp) {
        let (lead, manager) = (app.staff(LEAD).await, app.staff(MANAGER).await);
        let demo = ids(&lead.get(HOMES).await);
        assert_eq!(demo.len(), 3, "those of the demonstration");
        let mut body = home(&app).await;
        body["unit_id"] = unit(&app, JIANAN).await;
        let next_door = manager.post(HOMES, &body).await;
        next_door.expect(201);
        tells_nothing(&manager.get(HOMES).await);
        assert_eq!(ids(&lead.get(HOMES).await), demo);
        let whole = [demo.clone(), vec![next_door.body["id"].clone()]].concat();
        assert_eq!(ids(&manager.get(HOMES).await), whole);
        assert_eq!(ids(&app.staff("manager-440703005").await.get(HOMES).await), Vec::<Value>::new());
        let operator = app.staff("operator").await;
        let of = async |code: &str| ids(&operator.get(&format!("{HOMES}?unit_id={}", unit(&app, code).await.as_str().unwrap())).await);
        assert_eq!((of(YANGQIAO).await, of(STREET).await), (demo.clone(), whole.clone()));
        let first = operator.get(&format!("{HOMES}?limit=3")).await;
        assert_eq!(ids(&first), demo);
        let cursor = first.text_at("/next_cursor");
        let second = operator.get(&format!("{HOMES}?limit=3&cursor={cursor}")).await;
        assert_eq!(ids(&second), whole[3..]);
        assert!(second.body.get("next_cursor").is_none());
        assert_eq!(second.body["items"][0]["kin"].as_array().unwrap().len(), 2);
        operator.get(&format!("{DEVICES}?cursor={cursor}")).await.problem(400, "invalid_cursor");
        let nil = uuid::Uuid::nil();
        assert_eq!(operator.get(&format!("{HOMES}?unit_id={nil}")).await.problem(422, "invalid_input").rule("?unit_id"), Some("unknown"));
        operator.get(&format!("{HOMES}?limit=101")).await.problem(422, "invalid_input");
        operator.get(&format!("{HOMES}/{nil}")).await.problem(404, "not_found");
    }

    /// The bells that the demonstration publishes are there, and say that they are made up.
    async fn the_demonstration_has_bells(app: TestApp) {
        let operator = app.staff("operator").await;
        let offer = hotline::demo::seed(app.app.kit()).await.unwrap();
        assert_eq!(offer.bells.len(), 3);
        for bell in &offer.bells {
            let row = hotline::callbell::store::devices::by_serial(app.app.kit().db.read(), bell.serial).await.unwrap().unwrap();
            let secret = hotline::callbell::commands::devices::secret_of(&app.app.kit().vault, &row).unwrap();
            assert_eq!(crate::bells::devices::bytes(&bell.secret), secret);
            let home = operator.get(&format!("{HOMES}/{}", row.home_id.unwrap())).await;
            assert_eq!((&home.body["synthetic"], &home.body["spoken"]), (&json!(true), &json!(bell.home)));
            assert_eq!(home.body["kin"].as_array().unwrap().len(), 1);
        }
        assert_eq!(ids(&operator.get(HOMES).await).len(), 3, "to seed it again changes nothing");
    }
}
