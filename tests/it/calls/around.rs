//! What is around a call: cameras as references, who is on patrol, and who may look.

use super::{BELL, CALLS, HANDLER, OTHER_HANDLER, act, log, press, shown};
use crate::on_both;
use crate::support::{Backend, Client, TestApp};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use entity::callbell_patrol_read;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

const FIXTURES: &str = "/api/v1/callbell/fixtures";
const READS: &str = "/api/v1/callbell/patrol-reads";
const LEAD: &str = "lead-440703002101";
const CODE: &str = "44070300001310000001";

async fn camera(app: &TestApp, by: &Client, code: &str, buildings: Value) -> String {
    let unit = app.unit("440703002101").await["id"].clone();
    let body =
        json!({ "kind": "camera", "code": code, "name": "北门", "unit_id": unit, "buildings": buildings });
    let made = by.post(FIXTURES, &body).await;
    made.expect(201);
    made.text_at("/id")
}

/// Where the home of the bell is.
async fn place_home(app: &TestApp, lead: &Client) {
    let device = lead.get(&format!("/api/v1/callbell/devices?q={BELL}")).await;
    let home = format!("/api/v1/callbell/homes/{}", device.text_at("/items/0/home_id"));
    let seen = lead.get(&home).await;
    let body = json!({
        "unit_id": app.unit("440703002101").await["id"], "building": "1栋", "entrance": "1单元", "door": "101房",
        "lat": 22.61, "lng": 113.08,
    });
    lead.change("PUT", &home, &seen.etag(), &body).await.expect(200);
}

on_both! {
    async fn fixtures_are_registered_changed_and_removed(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let unit = app.unit("440703002101").await["id"].clone();
        let elsewhere = app.unit("440703002102").await["id"].clone();
        for (body, field) in [
            (json!({ "kind": "camera", "code": "44070300001110000001", "name": "门", "unit_id": unit }), "/code"),
            (json!({ "kind": "patrol_point", "code": "P-1", "name": "门", "unit_id": unit }), "/lat"),
            (json!({ "kind": "patrol_point", "code": "P 1", "name": "门", "unit_id": unit, "lat": 22, "lng": 113 }), "/code"),
            (json!({ "kind": "patrol_point", "code": "P-1", "name": "门", "unit_id": unit, "lat": 99, "lng": 113 }), "/lat"),
            (json!({ "kind": "camera", "code": CODE, "name": " ", "unit_id": unit }), "/name"),
        ] {
            let refused = lead.post(FIXTURES, &body).await;
            refused.problem(422, "invalid_input");
            assert!(refused.text.contains(field), "{field}: {}", refused.text);
        }
        let body = json!({ "kind": "camera", "code": CODE, "name": "门", "unit_id": elsewhere });
        lead.post(FIXTURES, &body).await.problem(404, "not_found");
        let id = camera(&app, &lead, CODE, json!(["1栋"])).await;
        let taken = json!({ "kind": "camera", "code": CODE, "name": "门", "unit_id": unit });
        lead.post(FIXTURES, &taken).await.problem(422, "invalid_input");
        let at = format!("{FIXTURES}/{id}");
        let next = json!({ "kind": "camera", "code": CODE, "name": "南门", "unit_id": unit, "buildings": ["2栋"] });
        let changed = lead.change("PUT", &at, "\"1\"", &next).await;
        changed.expect(200);
        assert_eq!((&changed.body["name"], &changed.body["buildings"]), (&json!("南门"), &json!(["2栋"])));
        lead.change("PUT", &at, "\"1\"", &next).await.problem(412, "stale_version");
        let other = json!({ "kind": "patrol_point", "code": "P-1", "name": "门", "unit_id": unit, "lat": 22, "lng": 113 });
        lead.change("PUT", &at, "\"2\"", &other).await.problem(422, "invalid_input");
        let listed = lead.get(&format!("{FIXTURES}?kind=camera")).await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
        let remove = lead.request("DELETE", &at).header("If-Match", "\"2\"");
        lead.send(remove).await.expect(204);
        assert_eq!(lead.get(FIXTURES).await.body["items"], json!([]));
    }

    /// Cameras of the building come first; who was on patrol half an hour ago may be anywhere.
    async fn who_is_near_is_told(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let unit = app.unit("440703002101").await["id"].clone();
        place_home(&app, &lead).await;
        camera(&app, &lead, "44070300001310000002", json!(["9栋"])).await;
        let at_home = camera(&app, &lead, CODE, json!(["1栋"])).await;
        let point = json!({ "kind": "patrol_point", "code": "P-1", "name": "门岗", "unit_id": unit, "lat": 22.611, "lng": 113.08 });
        lead.post(FIXTURES, &point).await.expect(201);
        let other = app.staff(OTHER_HANDLER).await;
        other.post(READS, &json!({ "at": "place", "unit_id": unit, "lat": 22.6101, "lng": 113.08 })).await.expect(204);
        app.turn(TimeDelta::minutes(25));
        let handler = app.staff(HANDLER).await;
        handler.post(READS, &json!({ "at": "point", "code": "P-1" })).await.expect(204);
        handler.post(READS, &json!({ "at": "point", "code": "P-2" })).await.problem(422, "invalid_input");
        let elsewhere = app.unit("440703005101").await;
        if elsewhere["id"].is_string() {
            let there = json!({ "at": "place", "unit_id": elsewhere["id"], "lat": 22.6, "lng": 113.0 });
            handler.post(READS, &there).await.problem(404, "not_found");
        }
        let call = press(&app, "e-1").await;
        let nearby = handler.get(&format!("{CALLS}/{call}/nearby")).await;
        nearby.expect(200);
        assert_eq!((&nearby.body["cameras"][0]["id"], &nearby.body["cameras"][0]["at_the_building"]), (&json!(at_home), &json!(true)));
        let patrols = nearby.body["patrols"].as_array().unwrap();
        let told: Vec<(f64, bool)> = patrols.iter().map(|one| (one["metres"].as_f64().unwrap(), one["stale"].as_bool().unwrap())).collect();
        assert_eq!(told, [(11.0, false), (111.0, false)], "the nearest first");
        app.turn(TimeDelta::minutes(6));
        let nearby = handler.get(&format!("{CALLS}/{call}/nearby")).await;
        let patrols = nearby.body["patrols"].as_array().unwrap();
        assert_eq!((&patrols[0]["metres"], &patrols[0]["stale"], &patrols[1]["stale"]), (&json!(111.0), &json!(false), &json!(true)));
        app.staff("handler-a-440703002102").await.get(&format!("{CALLS}/{call}/nearby")).await.problem(404, "not_found");
        // It is forgotten after three months.
        app.turn(TimeDelta::days(91));
        app.pass("bell_upkeep").await;
        let kept = callbell_patrol_read::Entity::find().count(app.app.kit().db.read()).await.unwrap();
        assert_eq!(kept, 0);
    }
}

/// Who has the call looks, and those above; each look stands in the log with what it was for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_is_for_who_has_the_call() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if backend == Backend::Postgres && !Backend::postgres_is_there() {
            continue;
        }
        let app = TestApp::start_with(backend, |config| {
            config.callbell.camera_link =
                "https://vms.example.org/play?c={code}&u={until}&by={staff}&s={signature}".into();
            config.callbell.camera_secret = "a secret of the surveillance".to_owned().into();
        })
        .await;
        let (handler, other) = (app.staff(HANDLER).await, app.staff(OTHER_HANDLER).await);
        let camera = camera(&app, &app.staff(LEAD).await, CODE, json!([])).await;
        let call = press(&app, "e-1").await;
        let at = format!("{CALLS}/{call}/cameras/{camera}/view");
        let why = json!({ "purpose": "核实是否出楼门" });
        handler.post(&at, &why).await.problem(403, "forbidden");
        act(&handler, &call, &json!({ "action": "acknowledge" }))
            .await
            .expect(200);
        app.pass("calls").await;
        handler
            .post(&at, &json!({ "purpose": " " }))
            .await
            .problem(422, "invalid_input");
        let looked = handler.post(&at, &why).await;
        looked.expect(200);
        let link = looked.text_at("/link");
        let part = |name: &str| {
            link.split(['?', '&'])
                .find_map(|part| part.strip_prefix(name))
                .unwrap()
                .to_owned()
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a secret of the surveillance");
        let signed = format!("{}.{}.{}", part("c="), part("u="), part("by="));
        let signature = URL_SAFE_NO_PAD.decode(part("s=")).unwrap();
        hmac::verify(&key, signed.as_bytes(), &signature).unwrap();
        other.post(&at, &why).await.problem(403, "forbidden");
        app.staff("handler-a-440703002102")
            .await
            .post(&at, &why)
            .await
            .problem(404, "not_found");
        let supervisor = app.staff("supervisor").await;
        supervisor.post(&at, &why).await.expect(200);
        let seen = shown(&handler, &call).await;
        assert_eq!(
            log(&seen).iter().filter(|kind| **kind == "camera_viewed").count(),
            2
        );
        assert!(
            seen.text.contains("核实是否出楼门") && seen.body["intact"] == true,
            "{}",
            seen.text
        );
        let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" });
        act(&handler, &call, &resolve).await.expect(200);
        handler.post(&at, &why).await.problem(403, "forbidden");
        app.settle().await;
        supervisor
            .post(&format!("{CALLS}/{call}/close"), &json!({}))
            .await
            .expect(200);
        supervisor.post(&at, &why).await.expect(200);
        app.turn(TimeDelta::hours(25));
        app.staff("supervisor")
            .await
            .post(&at, &why)
            .await
            .problem(403, "forbidden");
        app.stop().await;
        let plain = TestApp::start(backend).await;
        let camera = self::camera(&plain, &plain.staff(LEAD).await, CODE, json!([])).await;
        let call = press(&plain, "e-1").await;
        let at = format!("{CALLS}/{call}/cameras/{camera}/view");
        plain
            .staff("supervisor")
            .await
            .post(&at, &why)
            .await
            .problem(409, "action_not_allowed");
        plain.stop().await;
    }
}
