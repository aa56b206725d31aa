//! Devices: registered with a secret that is told once, changed, silenced, tested, replaced, retired.

use super::*;
use crate::administration::{audited, entries};
use crate::on_both;
use crate::privacy::disk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hotline::callbell::commands::devices::secret_of;
use hotline::callbell::store;

/// The bytes of a secret as it was told.
#[track_caller]
pub fn bytes(secret: &str) -> Vec<u8> {
    let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert_eq!(bytes.len(), 32);
    bytes
}

/// The bytes that the program checks by.
async fn kept(app: &TestApp, serial: &str) -> Vec<u8> {
    let kit = app.app.kit();
    let row = store::devices::by_serial(kit.db.read(), serial)
        .await
        .unwrap()
        .unwrap();
    secret_of(&kit.vault, &row).unwrap()
}

on_both! {
    /// The secret stands in one answer, sealed in the database, and nowhere else.
    async fn a_device_is_registered_and_its_secret_told_once(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let home = made(&app, &lead).await;
        let new = json!({ "serial": "PA-2026_000123", "kind": "bell", "home_id": home.body["id"], "location": "卧室", "firmware": "1.4.2" });
        let made = lead.post_keyed(DEVICES, "one bell", &new).await;
        made.expect(201);
        let secret = made.text_at("/secret");
        assert_eq!(bytes(&secret), kept(&app, "PA-2026_000123").await);
        let device = &made.body["device"];
        assert_eq!((&device["state"], &device["heartbeat_s"], &device["version"]), (&json!("active"), &json!(3600), &json!(1)));
        assert_eq!((&device["unit_id"], &device["home_id"]), (&home.body["unit_id"], &home.body["id"]));
        assert_eq!(lead.post_keyed(DEVICES, "one bell", &new).await.text_at("/secret"), secret, "a lost answer can be asked for again");
        let seen = lead.get(&at(&made)).await;
        assert_eq!((seen.etag().as_str(), &seen.body), ("\"1\"", device));
        for quiet in [&seen, &lead.get(DEVICES).await] {
            assert!(!quiet.text.contains(&secret) && !quiet.text.contains("secret"), "{}", quiet.text);
        }
        let entry = audited(&app, "register_device", "unit_lead", &device["id"]).await;
        assert!(!entry.to_string().contains(&secret) && entry["detail"]["serial"] == "PA-2026_000123", "{entry}");
        let stored = disk::read(&app).await;
        assert_eq!(stored.around(&secret), None);
        assert_eq!(stored.around(&secret[6..]), None);

        let hub = json!({ "serial": "HUB-1", "kind": "hub", "unit_id": unit(&app, YANGQIAO).await });
        let hub = lead.post(DEVICES, &hub).await;
        hub.expect(201);
        assert_eq!((&hub.body["device"]["heartbeat_s"], hub.body["device"].get("home_id")), (&json!(300), None));
        assert_ne!(hub.text_at("/secret"), secret);
    }

    /// Each field that is wrong is named, and nothing is written.
    async fn a_wrong_device_is_refused(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let home = made(&app, &lead).await;
        let good = json!({ "serial": "GOOD-1", "kind": "bell", "home_id": home.body["id"] });
        let before = ids(&lead.get(DEVICES).await);
        for (name, value, pointer, rule) in [
            ("serial", json!(""), "/serial", "required"),
            ("serial", json!("abc"), "/serial", "form"),
            ("serial", json!("x".repeat(41)), "/serial", "form"),
            ("serial", json!("with space"), "/serial", "form"),
            ("serial", json!("铃-0001"), "/serial", "form"),
            ("serial", json!("DEMO-BELL-1"), "/serial", "taken"),
            ("kind", json!("whistle"), "/kind", "parse"),
            ("home_id", json!(null), "/home_id", "required"),
            ("home_id", json!(uuid::Uuid::nil()), "/home_id", "unknown"),
            ("unit_id", unit(&app, JIANAN).await, "/unit_id", "form"),
            ("location", json!("长".repeat(41)), "/location", "too_long"),
            ("firmware", json!("1".repeat(41)), "/firmware", "too_long"),
            ("heartbeat_s", json!(59), "/heartbeat_s", "range"),
            ("heartbeat_s", json!(86_401), "/heartbeat_s", "range"),
            ("secret", json!("mine"), "/secret", "unexpected"),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            let answer = lead.post(DEVICES, &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{name}: {}", answer.text);
        }
        let somewhere = |unit: Value| json!({ "serial": "GOOD-1", "kind": "bell", "unit_id": unit });
        let nowhere = lead.post(DEVICES, &somewhere(json!(uuid::Uuid::nil()))).await;
        assert_eq!(nowhere.problem(422, "invalid_input").rule("/unit_id"), Some("unknown"));
        lead.post(DEVICES, &somewhere(unit(&app, JIANAN).await)).await.problem(404, "not_found");
        let manager = app.staff(MANAGER).await;
        let street = manager.post(DEVICES, &somewhere(unit(&app, STREET).await)).await;
        assert_eq!(street.problem(422, "invalid_input").rule("/unit_id"), Some("form"));
        app.staff("lead-440703002102").await.post(DEVICES, &good).await.problem(404, "not_found");
        app.staff("operator").await.post(DEVICES, &good).await.problem(403, "forbidden");
        app.staff("analyst").await.get(DEVICES).await.problem(403, "forbidden");
        assert_eq!((ids(&lead.get(DEVICES).await), entries(&app, "register_device").await), (before, 0));
    }

    /// What it is, where it is, how often it reports; the serial stays.
    async fn a_device_is_changed(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let home = made(&app, &lead).await;
        let bell = device(&app, &lead, "BELL-1", None).await;
        let path = at(&bell);
        let body = json!({ "kind": "cord", "home_id": home.body["id"], "location": "卫生间", "heartbeat_s": 60, "firmware": "2" });
        lead.send(lead.request("PUT", &path).json(&body)).await.problem(428, "precondition_required");
        let changed = lead.change("PUT", &path, "\"1\"", &body).await;
        changed.expect(200);
        assert_eq!(changed.etag(), "\"2\"");
        for name in ["kind", "home_id", "location", "heartbeat_s", "firmware"] {
            assert_eq!(changed.body[name], body[name], "{name}");
        }
        audited(&app, "update_device", "unit_lead", &bell.body["device"]["id"]).await;
        lead.change("PUT", &path, "\"1\"", &body).await.problem(412, "stale_version");
        for (name, value, rule) in [
            ("heartbeat_s", json!(59), "range"), ("heartbeat_s", json!(null), "parse"), ("kind", json!("x"), "parse"),
            ("home_id", json!(uuid::Uuid::nil()), "unknown"), ("serial", json!("OTHER-1"), "unexpected"),
            ("location", json!("长".repeat(41)), "too_long"),
        ] {
            let mut wrong = body.clone();
            wrong[name] = value;
            let answer = lead.change("PUT", &path, "\"2\"", &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(&format!("/{name}")), Some(rule), "{}", answer.text);
        }
        // Into a home of another community only by who reaches both.
        let manager = app.staff(MANAGER).await;
        let mut elsewhere = super::home(&app).await;
        elsewhere["unit_id"] = unit(&app, JIANAN).await;
        let elsewhere = manager.post(HOMES, &elsewhere).await;
        let move_there = json!({ "kind": "cord", "home_id": elsewhere.body["id"], "heartbeat_s": 60 });
        lead.change("PUT", &path, "\"2\"", &move_there).await.problem(404, "not_found");
        assert_eq!(lead.get(&path).await.body, changed.body, "nothing changed");
        let moved = manager.change("PUT", &path, "\"2\"", &move_there).await;
        assert_eq!(moved.expect(200).body["unit_id"], elsewhere.body["unit_id"]);
        assert!(moved.body.get("location").is_none());
        app.staff("operator").await.change("PUT", &path, "\"3\"", &body).await.problem(403, "forbidden");
    }

    /// The new one hangs where the old one did, with a secret of its own; the old one is retired in the same moment.
    async fn a_device_is_replaced(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let home = made(&app, &lead).await;
        let old = device(&app, &lead, "OLD-1", Some(&home.body["id"])).await;
        let path = format!("{}/replace", at(&old));
        for (body, pointer, rule) in [
            (json!({ "serial": "OLD-1" }), "/serial", "taken"),
            (json!({ "serial": "x" }), "/serial", "form"),
            (json!({ "kind": "bell" }), "/serial", "required"),
            (json!({ "serial": "NEW-1", "heartbeat_s": 0 }), "/heartbeat_s", "range"),
        ] {
            let answer = lead.post(&path, &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
        }
        assert_eq!(lead.get(&at(&old)).await.body, old.body["device"], "nothing changed");
        let new = lead.post_keyed(&path, "swap", &json!({ "serial": "NEW-1" })).await;
        new.expect(201);
        let device = &new.body["device"];
        for same in ["home_id", "unit_id", "kind", "location", "heartbeat_s"] {
            assert_eq!(device[same], old.body["device"][same], "{same}");
        }
        assert_eq!((&device["replaces_id"], &device["state"]), (&old.body["device"]["id"], &json!("active")));
        assert_ne!(new.text_at("/secret"), old.text_at("/secret"));
        assert_eq!(bytes(&new.text_at("/secret")), kept(&app, "NEW-1").await);
        let gone = lead.get(&at(&old)).await;
        assert_eq!((&gone.body["state"], &gone.body["home_id"]), (&json!("retired"), &home.body["id"]));
        assert_eq!(lead.post_keyed(&path, "swap", &json!({ "serial": "NEW-1" })).await.body, new.body);
        assert_eq!(entries(&app, "replace_device").await, 2, "one for each of them");
        lead.post(&path, &json!({ "serial": "NEW-2" })).await.problem(409, "action_not_allowed");
        let here = lead.get(&format!("{DEVICES}?home_id={}&state=active", home.text_at("/id"))).await;
        assert_eq!(ids(&here), [device["id"].clone()]);
    }

    /// Technical alarms are silenced for a while, which ends by itself or by hand.
    async fn a_device_is_silenced(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let bell = device(&app, &lead, "QUIET-1", None).await;
        let path = format!("{}/silence", at(&bell));
        let silence = |until: &str| json!({ "until": until, "reason": "住户外出，断电检修" });
        for (body, pointer, rule) in [
            (silence("2026-11-24T01:00:00Z"), "/until", "range"),
            (silence("2026-12-01T01:00:01Z"), "/until", "range"),
            (json!({ "until": "2026-11-25T00:00:00Z", "reason": "x" }), "/reason", "too_short"),
            (json!({ "until": "2026-11-25T00:00:00Z" }), "/reason", "required"),
            (json!({ "until": "tomorrow", "reason": "断电检修" }), "/until", "parse"),
        ] {
            let answer = lead.post(&path, &body).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
        }
        let silenced = lead.post(&path, &silence("2026-12-01T01:00:00Z")).await;
        silenced.expect(200);
        assert_eq!((&silenced.body["state"], &silenced.body["silenced_why"]), (&json!("silenced"), &json!("住户外出，断电检修")));
        audited(&app, "silence_device", "unit_lead", &bell.body["device"]["id"]).await;
        delete(&lead, &path).await.expect(204);
        delete(&lead, &path).await.expect(204);
        assert_eq!(entries(&app, "unsilence_device").await, 1, "the second time nothing happened");
        let loud = lead.get(&at(&bell)).await;
        assert_eq!((&loud.body["state"], loud.body.get("silenced_until")), (&json!("active"), None));

        lead.post(&path, &silence("2026-11-24T01:10:00Z")).await.expect(200);
        let listed = async |by: &Client, state: &str| ids(&by.get(&format!("{DEVICES}?state={state}&q=quiet")).await).len();
        assert_eq!((listed(&lead, "active").await, listed(&lead, "silenced").await), (0, 1));
        app.turn(TimeDelta::minutes(10));
        let lead = app.staff(LEAD).await;
        assert_eq!((listed(&lead, "active").await, listed(&lead, "silenced").await), (1, 0));
        assert_eq!(lead.get(&at(&bell)).await.body["state"], "active", "it ends by itself");
        let ended = app.app.kit().db.write("test.silences", (), |tx, ()| Box::pin(store::watch::end_silences(tx)));
        assert_eq!(ended.await.unwrap(), 1);
        app.staff("operator").await.post(&path, &silence("2026-11-24T03:00:00Z")).await.problem(403, "forbidden");
    }

    /// Another secret, and minutes for a test.
    async fn a_secret_is_changed_and_a_test_announced(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let bell = device(&app, &lead, "TEST-1", None).await;
        let first = bell.text_at("/secret");
        let second = push(&lead, &format!("{}/secret", at(&bell))).await;
        second.expect(200);
        assert_ne!(second.text_at("/secret"), first);
        assert_eq!(bytes(&second.text_at("/secret")), kept(&app, "TEST-1").await);
        assert_eq!((&second.body["device"]["version"], second.etag().as_str()), (&json!(2), "\"2\""));
        let entry = audited(&app, "rotate_device_secret", "unit_lead", &bell.body["device"]["id"]).await;
        assert!(!entry.to_string().contains("whsec_"));

        let path = format!("{}/test-window", at(&bell));
        for minutes in [json!(0), json!(31)] {
            let answer = lead.post(&path, &json!({ "minutes": minutes })).await;
            assert_eq!(answer.problem(422, "invalid_input").rule("/minutes"), Some("range"));
        }
        let opened = lead.post(&path, &json!({ "minutes": 30 })).await;
        assert_eq!(opened.expect(200).body["test_until"], "2026-11-24T01:30:00Z");
        audited(&app, "open_test_window", "unit_lead", &bell.body["device"]["id"]).await;
        app.turn(TimeDelta::minutes(30));
        let over = app.staff(LEAD).await.get(&at(&bell)).await;
        assert!(over.expect(200).body.get("test_until").is_none());
    }

    /// For good: nothing is done to it any more, and its serial stays taken.
    async fn a_device_is_retired(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let bell = device(&app, &lead, "GONE-1", None).await;
        let path = at(&bell);
        let why = json!({ "reason": "住户搬离，电话13612345678" });
        assert_eq!(lead.post(&format!("{path}/retire"), &json!({ "reason": "x" })).await.problem(422, "invalid_input").rule("/reason"), Some("too_short"));
        let retired = lead.post(&format!("{path}/retire"), &why).await;
        assert_eq!(retired.expect(200).body["state"], "retired");
        let entry = audited(&app, "retire_device", "unit_lead", &bell.body["device"]["id"]).await;
        assert!(entry.to_string().contains("住户搬离") && !entry.to_string().contains(PHONE), "{entry}");
        let until = json!({ "until": "2026-11-25T00:00:00Z", "reason": "断电检修" });
        let refused = [
            lead.post(&format!("{path}/retire"), &why).await,
            lead.post(&format!("{path}/silence"), &until).await,
            lead.post(&format!("{path}/replace"), &json!({ "serial": "NEXT-1" })).await,
            lead.post(&format!("{path}/test-window"), &json!({ "minutes": 5 })).await,
            push(&lead, &format!("{path}/secret")).await,
            lead.change("PUT", &path, "\"2\"", &json!({ "kind": "bell", "heartbeat_s": 60 })).await,
        ];
        for answer in refused {
            answer.problem(409, "action_not_allowed");
        }
        assert_eq!(lead.get(&path).await.body, retired.body);
        let again = json!({ "serial": "GONE-1", "kind": "bell", "unit_id": unit(&app, YANGQIAO).await });
        assert_eq!(lead.post(DEVICES, &again).await.problem(422, "invalid_input").rule("/serial"), Some("taken"));
    }

    /// By reach, unit, home, state, silence and the beginning of the serial; in pages.
    async fn devices_are_listed(app: TestApp) {
        use sea_orm::ConnectionTrait;
        let (lead, operator) = (app.staff(LEAD).await, app.staff("operator").await);
        let one = device(&app, &lead, "ab_1", None).await.body["device"]["id"].clone();
        let two = device(&app, &lead, "ABx2", None).await.body["device"]["id"].clone();
        let gone = device(&app, &lead, "AB_3", None).await;
        lead.post(&format!("{}/retire", at(&gone)), &json!({ "reason": "坏了换新" })).await.expect(200);
        let three = gone.body["device"]["id"].clone();
        let list = async |query: &str| ids(&lead.get(&format!("{DEVICES}?{query}")).await);
        assert_eq!(list("q=ab").await, [one.clone(), two.clone(), three.clone()]);
        assert_eq!(list("q=Ab_").await, [one.clone(), three.clone()], "an underscore is an underscore");
        assert_eq!(list("q=b_1").await, Vec::<Value>::new());
        assert_eq!(list("q=ab&state=retired").await, [three.clone()]);
        assert_eq!(list("q=ab&state=active").await, [one.clone(), two.clone()]);
        assert_eq!(list("q=ab&limit=2").await, [one.clone(), two.clone()]);
        app.app.kit().db.write("test.silent", (), |tx, ()| Box::pin(async move {
            tx.execute_unprepared("UPDATE callbell_device SET silent_since = created_at WHERE serial = 'ABx2'").await?;
            Ok(())
        })).await.unwrap();
        assert_eq!(list("silent=true").await, [two.clone()]);
        assert_eq!(list("q=ab&silent=false").await, [one.clone(), three.clone()]);
        let code = |code: &'static str| { let app = &app; async move { unit(app, code).await.as_str().unwrap().to_owned() } };
        let (yangqiao, jianan) = (code(YANGQIAO).await, code(JIANAN).await);
        assert_eq!(ids(&operator.get(&format!("{DEVICES}?unit_id={yangqiao}")).await).len(), 6);
        assert_eq!(ids(&operator.get(&format!("{DEVICES}?unit_id={jianan}")).await).len(), 0);
        assert_eq!(ids(&app.staff("lead-440703002102").await.get(DEVICES).await).len(), 0);
        for (query, pointer) in [("q=%25", "?q"), ("limit=0", "?limit"), (&format!("unit_id={}", uuid::Uuid::nil()), "?unit_id")] {
            let answer = operator.get(&format!("{DEVICES}?{query}")).await;
            assert!(answer.problem(422, "invalid_input").rule(pointer).is_some(), "{query}");
        }
        operator.get(&format!("{DEVICES}?state=asleep")).await.problem(400, "malformed_query");
        operator.get(&format!("{DEVICES}/{}", uuid::Uuid::nil())).await.problem(404, "not_found");
    }
}
