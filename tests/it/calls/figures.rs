//! The figures of a month, against what was done; and the same as a workbook.

use super::{HANDLER, act, press, say, send};
use crate::on_both;
use crate::support::{Answer, Backend, TestApp};
use calamine::{Reader, Xlsx};
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use std::io::Cursor;

const FIGURES: &str = "/api/v1/callbell/figures";

fn figure(answer: &Answer, key: &str) -> Value {
    let all = answer.body["total"]["figures"].as_array().unwrap();
    all.iter()
        .find(|figure| figure["key"] == key)
        .unwrap_or_else(|| panic!("{key}"))
        .clone()
}

/// Met of how many.
fn share(answer: &Answer, key: &str) -> (u64, u64) {
    let figure = figure(answer, key);
    (figure["met"].as_u64().unwrap(), figure["of"].as_u64().unwrap())
}

/// A call that is taken on after so many seconds.
async fn taken_on(app: &TestApp, event: &str, seconds: i64) -> String {
    let call = press(app, event).await;
    // Rung by rung, as it happens.
    for _ in 0..seconds {
        app.turn(TimeDelta::seconds(1));
        app.pass("calls").await;
        app.pass("emergency_notices").await;
    }
    act(
        &app.staff(HANDLER).await,
        &call,
        &json!({ "action": "acknowledge" }),
    )
    .await
    .expect(200);
    app.pass("emergency_notices").await;
    call
}

on_both! {
    /// Three calls: one at once with somebody there, one by voice and false, one late with its report.
    async fn a_month_is_told(app: TestApp) {
        let handler = app.staff(HANDLER).await;
        let call = taken_on(&app, "e-1", 20).await;
        act(&handler, &call, &json!({ "action": "go" })).await.expect(200);
        app.turn(TimeDelta::minutes(10));
        let handler = app.staff(HANDLER).await;
        act(&handler, &call, &json!({ "action": "arrive" })).await.expect(200);
        act(&handler, &call, &json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" })).await.expect(200);
        let call = taken_on(&app, "e-2", 45).await;
        let voice = json!({ "action": "resolve", "outcome": "false_alarm", "verified_by": "voice", "text": "误触" });
        act(&app.staff(HANDLER).await, &call, &voice).await.expect(200);
        let call = taken_on(&app, "e-3", 200).await;
        let handler = app.staff(HANDLER).await;
        act(&handler, &call, &json!({ "action": "report", "text": "值班电话故障，已报修" })).await.expect(200);
        act(&handler, &call, &json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" })).await.expect(200);
        // A test in its window is none of them; one of three devices is tested.
        let lead = app.staff("lead-440703002101").await;
        let id = lead.get("/api/v1/callbell/devices?q=DEMO-BELL-2").await.text_at("/items/0/id");
        lead.post(&format!("/api/v1/callbell/devices/{id}/test-window"), &json!({ "minutes": 10 })).await.expect(200);
        let test = json!({ "event_id": "t-1", "device_id": "DEMO-BELL-2", "kind": "press" });
        say(&app, &test).await.expect(200);
        app.turn(TimeDelta::minutes(5));
        let supervisor = app.staff("supervisor").await;
        let seen = supervisor.get(&format!("{FIGURES}?month=2026-11")).await;
        seen.expect(200);
        assert_eq!((figure(&seen, "calls")["met"].clone(), figure(&seen, "tests")["met"].clone()), (json!(3), json!(1)));
        for (key, wanted) in [
            ("acked_30s", (1, 3)), ("acked_60s", (2, 3)), ("acked_180s", (2, 3)), ("kin_180s", (3, 3)),
            ("scene_15min", (1, 1)), ("way_45min", (1, 1)), ("false_alarms", (1, 3)), ("tested", (1, 3)),
            ("told_10s", (3, 3)),
        ] {
            assert_eq!(share(&seen, key), wanted, "{key}: {}", figure(&seen, key));
        }
        let acked = figure(&seen, "acked_60s");
        assert_eq!((&acked["percent"], &acked["target"], &acked["reached"]), (&json!(66.7), &json!(97.5), &json!(false)));
        assert_eq!(figure(&seen, "false_alarms").get("target"), None, "a target would teach people not to press");
        let (covered, minutes) = share(&seen, "covered");
        assert!(covered > 0 && covered <= minutes, "{covered} of {minutes}");
        let spreads = seen.body["total"]["spreads"].as_array().unwrap();
        let acked = spreads.iter().find(|spread| spread["key"] == "acked").unwrap();
        assert_eq!((&acked["p50_s"], &acked["worst_s"]), (&json!(45), &json!(200)));
        let late = seen.body["exceptions"].as_array().unwrap();
        assert_eq!((late.len(), &late[0]["acked_s"], &late[0]["report"]), (1, &json!(200), &json!("值班电话故障，已报修")));
        assert_eq!(seen.body["units"].as_array().unwrap().len(), 1);
        assert!(seen.body["load"]["peak_per_10_min"].as_u64().unwrap() >= 3, "{}", seen.body["load"]);
        // Who may read no call sees that it was said why, not what.
        let analyst = app.staff("analyst").await.get(FIGURES).await;
        if analyst.status == 200 {
            let late = &analyst.body["exceptions"][0];
            assert_eq!((&late["reported"], late.get("report")), (&json!(true), None));
        }
        // Another community has none of it, and may not see it.
        let other = app.staff("lead-440703002102").await.get(FIGURES).await;
        assert_eq!((figure(&other, "calls")["met"].clone(), other.body["exceptions"].clone()), (json!(0), json!([])));
        for month in ["2026-13", "2027-01", "soon"] {
            supervisor.get(&format!("{FIGURES}?month={month}")).await.problem(422, "invalid_input");
        }
        let book = supervisor.request("GET", &format!("{FIGURES}.xlsx?month=2026-11")).send().await.unwrap();
        assert_eq!(book.status(), 200);
        let name = book.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(name.contains("callbell-2026-11.xlsx"), "{name}");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes().await.unwrap().to_vec())).unwrap();
        let sheet = book.worksheet_range("指标").unwrap();
        let heads: Vec<String> = sheet.rows().nth(1).unwrap().iter().map(ToString::to_string).collect();
        let column = heads.iter().position(|head| head.starts_with("60秒内接警")).unwrap();
        let total: Vec<String> = sheet.rows().nth(2).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(&total[column..column + 3], ["2", "3", "66.7"]);
        let late = book.worksheet_range("超时说明").unwrap();
        assert!(late.rows().nth(1).unwrap().iter().any(|cell| cell.to_string().contains("已报修")));
    }

    /// A message that was being sent when its sender died goes out again: it does not count as sent once. Next of kin
    /// know when a message to them has left, not when it was written.
    async fn what_may_have_gone_out_twice_shows(app: TestApp) {
        let call = press(&app, "e-1").await;
        act(&app.staff(HANDLER).await, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        app.turn(TimeDelta::minutes(4));
        let supervisor = app.staff("supervisor").await;
        let seen = supervisor.get(FIGURES).await;
        assert_eq!((share(&seen, "kin_180s"), share(&seen, "sent_once")), ((0, 1), (0, 0)), "written, not sent");
        // As a process leaves them that is killed while it sends.
        let db = Database::connect(&app.database).await.unwrap();
        let sql = format!(
            "UPDATE notice SET leased_by = id, leased_until = next_at WHERE state = 'pending' AND template = 'callbell_kin' \
             AND id = (SELECT MIN(id{cast}) {back} FROM notice WHERE state = 'pending' AND template = 'callbell_kin')",
            cast = if app.backend == Backend::Postgres { "::text" } else { "" },
            back = if app.backend == Backend::Postgres { "::uuid" } else { "" },
        );
        let changed = db.execute_unprepared(&sql).await.unwrap().rows_affected();
        db.close().await.unwrap();
        assert_eq!(changed, 1);
        app.pass("emergency_notices").await;
        let seen = supervisor.get(FIGURES).await;
        let (once, all) = share(&seen, "sent_once");
        assert!(all >= 1 && once == all - 1, "{once} of {all}");
        assert_eq!(share(&seen, "kin_180s"), (0, 1), "told after four minutes");
    }

    /// The time for which a device was silent is missing from what was heard, and an alarm that nobody saw to is late.
    async fn silence_shows(app: TestApp) {
        let lead = app.staff("lead-440703002101").await;
        let unit = app.unit("440703002101").await["id"].clone();
        let body = json!({ "serial": "QUIET-1", "kind": "bell", "unit_id": unit, "heartbeat_s": 60 });
        let made = lead.post("/api/v1/callbell/devices", &body).await;
        use base64::Engine;
        let secret = base64::engine::general_purpose::STANDARD.decode(&made.text_at("/secret")[6..]).unwrap();
        let beat = json!({ "event_id": "h-1", "device_id": "QUIET-1", "kind": "heartbeat" }).to_string();
        send(&app, "h-1", beat.as_bytes(), &secret).await.expect(200);
        for _ in 0..10 {
            app.turn(TimeDelta::seconds(61));
            app.pass("bell_silence").await;
        }
        app.turn(TimeDelta::days(2));
        let seen = app.staff("supervisor").await.get(FIGURES).await;
        let (heard, all) = share(&seen, "heard");
        assert!(all > 2_880 && heard < 10, "{heard} of {all}");
        assert_eq!(share(&seen, "alarms_in_time"), (0, 1));
    }
}
