//! The rules of the design that happen on the way: pressed again, not there, not heard of, not able to go, closed by itself,
//! and who of the next of kin hears when.

use super::{BELL, CALLS, HANDLER, OTHER_HANDLER, act, log, message, press, say, shown, told};
use crate::on_both;
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use entity::kind::NoticeChannel;
use entity::notice;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

async fn step(client: &Client, call: &str, action: &str) {
    act(client, call, &json!({ "action": action })).await.expect(200);
}

async fn seconds(app: &TestApp, n: i64) {
    app.turn(TimeDelta::seconds(n));
    app.settle().await;
}

/// Messages to next of kin about calls.
async fn to_kin(app: &TestApp) -> u64 {
    let sms = notice::Entity::find()
        .filter(notice::Column::Template.eq("callbell_kin"))
        .filter(notice::Column::Channel.eq(NoticeChannel::Sms));
    sms.count(app.app.kit().db.read()).await.unwrap()
}

async fn kinds(app: &TestApp, call: &str) -> Vec<String> {
    let seen = shown(&app.staff("supervisor").await, call).await;
    log(&seen).into_iter().map(str::to_owned).collect()
}

on_both! {
    /// Pressed again after a minute: who has it hears of it, and so does one level up; within the minute it is counted.
    async fn pressed_again_is_told(app: TestApp) {
        let call = press(&app, "e-1").await;
        let handler = app.staff(HANDLER).await;
        step(&handler, &call, "acknowledge").await;
        step(&handler, &call, "go").await;
        app.turn(TimeDelta::seconds(30));
        say(&app, &message("e-2", "press")).await.expect(200);
        let again = |texts: Vec<String>| texts.iter().filter(|text| text.contains("再次按铃")).count();
        assert_eq!(again(told(&handler).await), 0);
        app.turn(TimeDelta::seconds(61));
        say(&app, &message("e-3", "press")).await.expect(200);
        assert_eq!(again(told(&handler).await), 1);
        assert_eq!(again(told(&app.staff("office-440703002").await).await), 1);
        let seen = shown(&handler, &call).await;
        assert_eq!((&seen.body["presses"], &seen.body["state"]), (&json!(3), &json!("en_route")));
    }

    /// A quarter of an hour on the way, half an hour, three quarters: each time more people hear of it, and at last a
    /// report is due without which it does not close.
    async fn who_is_not_there_gets_help(app: TestApp) {
        let call = press(&app, "e-1").await;
        let handler = app.staff(HANDLER).await;
        step(&handler, &call, "acknowledge").await;
        step(&handler, &call, "go").await;
        let late = |texts: Vec<String>| texts.iter().filter(|text| text.contains("尚未到场")).count();
        for (minutes, office, supervisor) in [(14, 0, 0), (1, 1, 0), (15, 2, 1), (15, 3, 2)] {
            seconds(&app, minutes * 60).await;
            assert_eq!(late(told(&app.staff("office-440703002").await).await), office, "{minutes}");
            assert!(late(told(&app.staff("duty").await).await) >= supervisor, "{minutes}");
        }
        let handler = app.staff(HANDLER).await;
        let seen = shown(&handler, &call).await;
        assert_eq!((&seen.body["late"], &seen.body["owner_id"]), (&json!(true), &handler.get("/api/v1/me").await.body["id"]));
        step(&handler, &call, "arrive").await;
        let resolve = json!({ "action": "resolve", "outcome": "called_120", "text": "已送医" });
        act(&handler, &call, &resolve).await.expect(200);
        let supervisor = app.staff("supervisor").await;
        let close = format!("{CALLS}/{call}/close");
        supervisor.post(&close, &json!({})).await.problem(409, "call_report_missing");
        seconds(&app, 90_000).await;
        assert_eq!(shown(&app.staff("supervisor").await, &call).await.body["state"], "resolved", "not by itself either");
        let report = json!({ "action": "report", "text": "电梯停运，步行上楼" });
        act(&app.staff(HANDLER).await, &call, &report).await.expect(200);
        seconds(&app, 1).await;
        assert_eq!(shown(&app.staff("supervisor").await, &call).await.body["state"], "closed", "by itself, a day later");
    }

    /// On the scene and not heard of for half an hour: the supervisors hear of it; a word from there begins it anew.
    async fn who_is_on_the_scene_is_missed(app: TestApp) {
        let call = press(&app, "e-1").await;
        let handler = app.staff(HANDLER).await;
        step(&handler, &call, "acknowledge").await;
        let arrive = json!({ "action": "arrive", "source": "tag" });
        act(&handler, &call, &arrive).await.expect(200);
        seconds(&app, 1_500).await;
        let handler = app.staff(HANDLER).await;
        step(&handler, &call, "check_in").await;
        seconds(&app, 1_700).await;
        let missed = |texts: Vec<String>| texts.iter().filter(|text| text.contains("失去联系")).count();
        assert_eq!(missed(told(&app.staff("duty").await).await), 0);
        seconds(&app, 200).await;
        assert_eq!(missed(told(&app.staff("duty").await).await), 1);
        let seen = shown(&app.staff("supervisor").await, &call).await;
        assert_eq!(seen.body["state"], "on_scene");
        let arrived = seen.body["log"].as_array().unwrap().iter().find(|entry| entry["kind"] == "arrived").unwrap();
        assert_eq!(arrived["data"]["source"], "tag");
    }

    /// Who can't go says so, and it rings one level up at once; a colleague takes over what another has.
    async fn who_can_not_go_says_so(app: TestApp) {
        let call = press(&app, "e-1").await;
        let (handler, other) = (app.staff(HANDLER).await, app.staff(OTHER_HANDLER).await);
        step(&handler, &call, "acknowledge").await;
        act(&handler, &call, &json!({ "action": "cannot_go", "text": "在外地" })).await.expect(200);
        let seen = shown(&other, &call).await;
        assert_eq!((&seen.body["state"], &seen.body["level"], seen.body.get("owner_id")), (&json!("ringing"), &json!(1), None));
        step(&other, &call, "acknowledge").await;
        // Two minutes to set out, and a minute later a colleague has it, with two minutes of their own.
        app.turn(TimeDelta::seconds(60));
        step(&handler, &call, "take_over").await;
        seconds(&app, 100).await;
        assert_eq!(shown(&handler, &call).await.body["state"], "acked");
        seconds(&app, 30).await;
        assert_eq!(shown(&app.staff(HANDLER).await, &call).await.body["state"], "ringing");
        assert!(kinds(&app, &call).await.contains(&"taken_over".to_owned()));
    }

    /// Immediately, with the acknowledgement or after a minute, once it is confirmed: by their own policy, each once.
    async fn next_of_kin_hear_by_their_policy(app: TestApp) {
        let pressed = async |serial: &str, event: &str| {
            let taken = say(&app, &json!({ "event_id": event, "device_id": serial, "kind": "press" })).await;
            taken.expect(200);
            taken.text_at("/call_id")
        };
        pressed("DEMO-BELL-1", "i-1").await;
        assert_eq!(to_kin(&app).await, 1, "immediately");
        let on_ack = pressed("DEMO-BELL-2", "a-1").await;
        assert_eq!(to_kin(&app).await, 1);
        step(&app.staff(HANDLER).await, &on_ack, "acknowledge").await;
        assert_eq!(to_kin(&app).await, 2, "with the acknowledgement");
        let confirmed = pressed("DEMO-BELL-3", "c-1").await;
        step(&app.staff(HANDLER).await, &confirmed, "acknowledge").await;
        seconds(&app, 61).await;
        assert_eq!(to_kin(&app).await, 2, "not before it is confirmed");
        let handler = app.staff(HANDLER).await;
        step(&handler, &confirmed, "acknowledge").await;
        act(&handler, &confirmed, &json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" })).await.expect(200);
        assert_eq!(to_kin(&app).await, 3);
        // Nobody takes it on: they hear of it after a minute.
        let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" });
        step(&handler, &on_ack, "acknowledge").await;
        act(&handler, &on_ack, &resolve).await.expect(200);
        pressed("DEMO-BELL-2", "a-2").await;
        seconds(&app, 59).await;
        assert_eq!(to_kin(&app).await, 3);
        seconds(&app, 2).await;
        assert_eq!(to_kin(&app).await, 4);
    }

    /// In whatever order press and cancel come, however often: one call, one cancel that somebody must still look into.
    async fn the_order_of_what_comes_does_not_matter(app: TestApp) {
        let say_again = async |serial: &str, order: &[(&str, &str, i64)]| {
            let mut call = String::new();
            for (event, kind, seq) in order {
                let message = json!({ "event_id": event, "device_id": serial, "kind": kind, "seq": seq });
                let taken = say(&app, &message).await;
                taken.expect(200);
                if let Some(id) = taken.body["call_id"].as_str() {
                    call = id.to_owned();
                }
            }
            let seen = shown(&app.staff("supervisor").await, &call).await;
            (seen.body["state"].clone(), seen.body["cancelled"].clone(), seen.body["presses"].clone())
        };
        let straight = say_again("DEMO-BELL-1", &[("p", "press", 1), ("c", "cancel", 2), ("p", "press", 1)]).await;
        let mixed = say_again("DEMO-BELL-2", &[("c", "cancel", 2), ("c", "cancel", 2), ("p", "press", 1)]).await;
        assert_eq!(straight, (json!("ringing"), json!(true), json!(1)));
        assert_eq!(straight, mixed);
        // A cancel of before is not that of this press.
        let new = say_again("DEMO-BELL-3", &[("c", "cancel", 1), ("p", "press", 2)]).await;
        assert_eq!(new, (json!("ringing"), json!(false), json!(1)));
    }

    /// A clock in the future is marked as one in the past is; a press that comes late says when it was and when it came.
    async fn clocks_of_devices_are_told(app: TestApp) {
        let mut ahead = message("e-1", "press");
        ahead["device_time"] = json!("2099-01-01T00:00:00Z");
        let taken = say(&app, &ahead).await;
        taken.expect(200);
        let handler = app.staff(HANDLER).await;
        assert_eq!(shown(&handler, &taken.text_at("/call_id")).await.body["clock_suspect"], true);
        assert!(told(&handler).await[0].contains("设备时钟异常"));
        let late = json!({
            "event_id": "l-1", "device_id": "DEMO-BELL-2", "kind": "press",
            "device_time": app.clock.now() - TimeDelta::minutes(42),
        });
        say(&app, &late).await.expect(200);
        let texts = told(&handler).await;
        assert!(texts.iter().any(|text| text.contains("按铃08:18:00，收到09:00:00")), "{texts:?}");
    }

    /// What is wrong with a device is told whatever it is called: somebody has opened it.
    async fn a_device_that_is_opened_is_told(app: TestApp) {
        let seen: Value = json!({ "event_id": "t-1", "device_id": BELL, "kind": "tamper" });
        say(&app, &seen).await.expect(200);
        let lead = app.staff("lead-440703002101").await;
        let alarms = lead.get("/api/v1/callbell/alarms?kind=fault").await;
        assert!(alarms.text_at("/items/0/detail").contains("拆动"), "{}", alarms.text);
        let device = lead.get(&format!("/api/v1/callbell/devices?q={BELL}")).await.text_at("/items/0/id");
        // Retired, nothing of it is open any more.
        let retire = format!("/api/v1/callbell/devices/{device}/retire");
        app.staff("sysadmin").await.post(&retire, &json!({ "reason": "更换设备" })).await.expect(200);
        assert_eq!(lead.get("/api/v1/callbell/alarms?kind=fault").await.body["items"], json!([]));
    }
}
