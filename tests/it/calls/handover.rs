//! A shift with open calls does not end silently.

use super::{CALLS, HANDLER, OTHER_HANDLER, STRANGER, act, log, press, shown, told};
use crate::on_both;
use crate::support::{Client, TestApp};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

const HANDOVERS: &str = "/api/v1/callbell/handovers";

async fn id_of(client: &Client) -> Value {
    client.get("/api/v1/me").await.body["id"].clone()
}

/// A call that the first handler is on the way for.
async fn on_the_way(app: &TestApp, event: &str) -> String {
    let call = press(app, event).await;
    let handler = app.staff(HANDLER).await;
    for step in ["acknowledge", "go"] {
        act(&handler, &call, &json!({ "action": step })).await.expect(200);
    }
    call
}

/// When the shift of whoever asks ends; there is none after it any more.
async fn shift_ends(app: &TestApp, client: &Client) -> DateTime<Utc> {
    let me = id_of(client).await;
    let unit = app.unit("440703002101").await["id"].clone();
    let (unit, now) = (unit.as_str().unwrap(), app.clock.now());
    let lead = app.staff("lead-440703002101").await;
    let from = now.format("%Y-%m-%dT%H:%M:%SZ");
    let mut path = format!("/api/v1/duty/shifts?limit=100&unit_id={unit}&from={from}");
    let times =
        |shift: &Value, name: &str| -> DateTime<Utc> { shift[name].as_str().unwrap().parse().unwrap() };
    let mut ends = None;
    loop {
        let shifts = lead.get(&path).await;
        shifts.expect(200);
        for shift in shifts.body["items"].as_array().unwrap() {
            let members = shift["members"].as_array().unwrap();
            if !members.iter().any(|member| member["staff_id"] == me) {
                continue;
            }
            if times(shift, "starts_at") <= now {
                ends = ends.max(Some(times(shift, "ends_at")));
                continue;
            }
            let at = format!("/api/v1/duty/shifts/{}", shift["id"].as_str().unwrap());
            let request = lead.request("DELETE", &at);
            let etag = format!("\"{}\"", shift["version"]);
            lead.send(request.header("If-Match", etag)).await.expect(204);
        }
        let Some(cursor) = shifts.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/duty/shifts?limit=100&unit_id={unit}&from={from}&cursor={cursor}");
    }
    ends.expect("on duty now")
}

on_both! {
    /// Offered, and accepted: the colleague has it, and the log says from whom.
    async fn a_colleague_takes_it_over(app: TestApp) {
        let call = on_the_way(&app, "e-1").await;
        let (handler, other) = (app.staff(HANDLER).await, app.staff(OTHER_HANDLER).await);
        let to = id_of(&other).await;
        let stranger = id_of(&app.staff(STRANGER).await).await;
        for (body, field) in [
            (json!({ "to": stranger }), "/to"),
            (json!({ "to": id_of(&handler).await }), "/to"),
            (json!({ "to": to, "calls": [to] }), "/calls/0"),
        ] {
            let refused = handler.post(HANDOVERS, &body).await;
            refused.problem(422, "invalid_input");
            assert!(refused.text.contains(field), "{}", refused.text);
        }
        other.post(HANDOVERS, &json!({ "to": id_of(&handler).await })).await.problem(422, "invalid_input");
        let offered = handler.post(HANDOVERS, &json!({ "to": to, "note": "钥匙在值班室" })).await;
        offered.expect(201);
        assert_eq!(offered.body["calls"], json!([call]));
        assert_eq!(shown(&handler, &call).await.body["owner_id"], id_of(&handler).await, "not before it is accepted");
        assert!(told(&other).await[0].contains("交接"));
        let accept = format!("{HANDOVERS}/{}/accept", offered.text_at("/id"));
        handler.post(&accept, &json!({})).await.problem(404, "not_found");
        let accepted = other.post(&accept, &json!({})).await;
        accepted.expect(200);
        assert_eq!(accepted.body["taken"], json!([call]));
        assert_eq!(other.post(&accept, &json!({})).await.body, accepted.body, "said twice is said once");
        let seen = shown(&other, &call).await;
        assert_eq!((&seen.body["owner_id"], &seen.body["state"]), (&to, &json!("acked")));
        assert!(log(&seen).contains(&"taken_over") && seen.text.contains("钥匙在值班室"), "{}", seen.text);
        for client in [&handler, &other] {
            assert_eq!(client.get(HANDOVERS).await.body["items"].as_array().unwrap().len(), 1);
        }
        assert_eq!(app.staff(STRANGER).await.get(HANDOVERS).await.body["items"], json!([]));
    }

    /// Who has a call is reminded before the shift ends; five minutes after it the call rings again, one level up.
    async fn a_shift_does_not_end_silently(app: TestApp) {
        let ends = shift_ends(&app, &app.staff(HANDLER).await).await;
        let until = ends - TimeDelta::minutes(20) - app.clock.now();
        app.turn(until);
        let call = on_the_way(&app, "e-1").await;
        app.pass("call_shifts").await;
        let reminded = |texts: Vec<String>| texts.iter().filter(|text| text.contains("请办理交接")).count();
        assert_eq!(reminded(told(&app.staff(HANDLER).await).await), 0);
        app.turn(TimeDelta::minutes(6));
        for _ in 0..3 {
            app.pass("call_shifts").await;
        }
        assert_eq!(reminded(told(&app.staff(HANDLER).await).await), 1, "once");
        app.turn(TimeDelta::minutes(18));
        app.pass("call_shifts").await;
        let path = format!("{CALLS}/{call}");
        let duty = app.staff("supervisor").await;
        assert_eq!(duty.get(&path).await.body["state"], "en_route", "a moment is left");
        app.turn(TimeDelta::minutes(2));
        app.pass("call_shifts").await;
        let duty = app.staff("supervisor").await;
        let seen = shown(&duty, &call).await;
        assert_eq!((&seen.body["state"], seen.body.get("owner_id")), (&json!("ringing"), None));
        assert!(log(&seen).contains(&"shift_over") && seen.body["level"].as_i64().unwrap() >= 1, "{}", seen.text);
        app.pass("call_shifts").await;
        assert_eq!(log(&shown(&duty, &call).await).iter().filter(|kind| **kind == "shift_over").count(), 1);
    }
}
