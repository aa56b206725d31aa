//! What devices send that can't be trusted or understood: refused, kept, and told to the district.

use super::{BELL, QUARANTINE, message, press, say, secret, send, told};
use crate::on_both;
use chrono::TimeDelta;
use entity::kind::{BellSource, QuarantineReason};
use entity::{callbell_call, callbell_event, callbell_quarantine};
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::json;

/// The id that is signed, the body, the secret, and what comes of it.
type Case = (&'static str, Vec<u8>, Vec<u8>, u16, &'static str);

on_both! {
    /// Each has its own problem, opens no call, and lies in quarantine for the district to look at.
    async fn nothing_is_dropped(app: TestApp) {
        let good = message("e-1", "press");
        let body = good.to_string();
        let mut other = body.clone().into_bytes();
        let cases: [Case; 5] = [
            ("e-1", body.clone().into_bytes(), b"another secret of 32 bytes ......".to_vec(), 401, "bell_signature_invalid"),
            ("e-9", body.clone().into_bytes(), secret(BELL), 401, "bell_signature_invalid"),
            ("e-1", body.replace(BELL, "NOBODY-1").into_bytes(), secret("NOBODY-1"), 401, "bell_unknown"),
            ("e-1", b"{\"event_id\": 7".to_vec(), secret(BELL), 400, "bell_malformed"),
            ("e-1", { other.extend(vec![b' '; 5000]); other }, secret(BELL), 413, "body_too_large"),
        ];
        for (id, body, secret, status, code) in &cases {
            send(&app, id, body, secret).await.problem(*status, code);
        }
        let unknown_kind = json!({ "event_id": "e-3", "device_id": BELL, "kind": "sing" });
        say(&app, &unknown_kind).await.problem(400, "bell_malformed");
        let db = app.app.kit().db.read();
        assert_eq!(callbell_call::Entity::find().count(db).await.unwrap(), 0);
        assert_eq!(callbell_event::Entity::find().count(db).await.unwrap(), 0);

        let call = press(&app, "e-1").await;
        let mut changed = good.clone();
        changed["location"] = json!("厨房");
        say(&app, &changed).await.problem(422, "bell_body_changed");
        let again = say(&app, &good).await;
        again.expect(200);
        assert_eq!(again.text_at("/call_id"), call);

        let duty = app.staff("duty").await;
        let held = duty.get(QUARANTINE).await;
        held.expect(200);
        let reasons: Vec<&str> = held.body["items"].as_array().unwrap().iter().map(|item| item["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["changed_body", "malformed", "too_large", "malformed", "unknown_device", "bad_signature", "bad_signature"]);
        assert!(told(&duty).await.iter().any(|text| text.contains("核实")));
        app.staff(super::HANDLER).await.get(QUARANTINE).await.problem(403, "forbidden");
        let first = held.text_at("/items/0/id");
        duty.post(&format!("{QUARANTINE}/{first}/seen"), &json!({})).await.expect(204);
        assert_eq!(duty.get(QUARANTINE).await.body["items"].as_array().unwrap().len(), 6);
        assert_eq!(duty.get(&format!("{QUARANTINE}?all=true")).await.text_at("/items/0/seen_by").len(), 36);
    }

    /// A retired device is no reason to look away either.
    async fn a_retired_device_is_told_of(app: TestApp) {
        let lead = app.staff("lead-440703002101").await;
        let id = lead.get("/api/v1/callbell/devices?q=DEMO-BELL-1").await.text_at("/items/0/id");
        let retired = lead.post(&format!("/api/v1/callbell/devices/{id}/retire"), &json!({ "reason": "更换设备" })).await;
        assert!(retired.status < 300, "{}", retired.text);
        say(&app, &message("e-1", "press")).await.problem(409, "bell_retired");
        let held = app.staff("duty").await.get(QUARANTINE).await;
        assert_eq!(held.text_at("/items/0/reason"), "retired_device");
    }

    /// Signs of life move the device, not the log; what is older than what was heard before changes nothing.
    async fn signs_of_life(app: TestApp) {
        let mut beat = message("b-1", "heartbeat");
        (beat["seq"], beat["battery"], beat["mains"]) = (json!(10), json!(80), json!(true));
        let taken = say(&app, &beat).await;
        taken.expect(200);
        assert!(taken.body["heartbeat_s"].as_i64().unwrap() >= 60);
        (beat["event_id"], beat["seq"], beat["battery"]) = (json!("b-0"), json!(9), json!(10));
        say(&app, &beat).await.expect(200);
        let lead = app.staff("lead-440703002101").await;
        let device = lead.get("/api/v1/callbell/devices?q=DEMO-BELL-1").await;
        assert_eq!(device.body["items"][0]["battery"], 80, "{}", device.text);
        assert_eq!(callbell_event::Entity::find().count(app.app.kit().db.read()).await.unwrap(), 0);
        say(&app, &message("f-1", "mains_lost")).await.expect(200);
        let device = lead.get("/api/v1/callbell/devices?q=DEMO-BELL-1").await;
        assert_eq!(device.body["items"][0]["mains_ok"], false, "{}", device.text);
    }

    /// Whoever floods the service with what can't be trusted fills no disk, and keeps no bell from being heard.
    async fn a_flood_has_an_end(app: TestApp) {
        let flood = app.app.kit().db.write("test.flood", (), |tx, ()| Box::pin(async move {
            for _ in 0..5_000 {
                tx.stage(callbell_quarantine::ActiveModel {
                    id: Set(tx.ids().id()),
                    received_at: Set(tx.now()),
                    source: Set(BellSource::Http),
                    reason: Set(QuarantineReason::UnknownDevice),
                    remote: Set(None),
                    serial: Set(Some("FLOOD".into())),
                    body: Set(Vec::new()),
                    seen_by: Set(None),
                    seen_at: Set(None),
                    note: Set(None),
                });
            }
            Ok(())
        }));
        flood.await.unwrap();
        let unknown = json!({ "event_id": "f-1", "device_id": "NOBODY-1", "kind": "press" });
        let refused = send(&app, "f-1", unknown.to_string().as_bytes(), b"no secret of anybody at all").await;
        refused.problem(429, "bell_flood");
        assert_eq!(refused.headers["retry-after"], "60");
        press(&app, "e-1").await;
        app.turn(TimeDelta::minutes(61));
        send(&app, "f-1", unknown.to_string().as_bytes(), b"no secret of anybody at all").await.problem(401, "bell_unknown");
    }
}
