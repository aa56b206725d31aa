//! Devices are watched: who falls silent is missed, alone or with all others; what is wrong climbs until somebody has seen
//! to it; and so do posts without anybody, and devices that nobody tests.

use super::{HANDLER, act, inbox, press, say, send, told};
use crate::on_both;
use crate::support::{Answer, Client, TestApp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};

const ALARMS: &str = "/api/v1/callbell/alarms";
const DEVICES: &str = "/api/v1/callbell/devices";
const UNIT: &str = "440703002101";
const LEAD: &str = "lead-440703002101";

/// A device that says something each minute.
struct Bell {
    id: String,
    serial: String,
    secret: Vec<u8>,
}

impl Bell {
    async fn new(app: &TestApp, serial: &str) -> Self {
        let unit = app.unit(UNIT).await["id"].clone();
        let body = json!({ "serial": serial, "kind": "bell", "unit_id": unit, "heartbeat_s": 60 });
        let made = app.staff(LEAD).await.post(DEVICES, &body).await;
        made.expect(201);
        let secret = made.text_at("/secret");
        Self {
            id: made.text_at("/device/id"),
            serial: serial.into(),
            secret: STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap(),
        }
    }

    async fn says(&self, app: &TestApp, event: &str, more: Value) -> Answer {
        let mut message = json!({ "event_id": event, "device_id": self.serial, "kind": "heartbeat" });
        for (name, value) in more.as_object().unwrap() {
            message[name] = value.clone();
        }
        send(app, event, message.to_string().as_bytes(), &self.secret).await
    }

    async fn beats(&self, app: &TestApp, event: &str) {
        self.says(app, event, json!({})).await.expect(200);
    }

    async fn shown(&self, app: &TestApp) -> Answer {
        let seen = app.staff(LEAD).await.get(&format!("{DEVICES}/{}", self.id)).await;
        seen.expect(200);
        seen
    }
}

async fn alarms(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("{ALARMS}?limit=100&{query}")).await;
    answer.expect(200);
    answer.body["items"].as_array().unwrap().clone()
}

/// A minute in which somebody listens.
async fn minute(app: &TestApp) {
    app.turn(TimeDelta::seconds(61));
    app.pass("bell_silence").await;
}

on_both! {
    /// Three signs of life must be missed; then the community hears of it, and by working days those above. Heard again,
    /// all is well.
    async fn who_falls_silent_is_missed(app: TestApp) {
        let bell = Bell::new(&app, "QUIET-1").await;
        bell.beats(&app, "h-1").await;
        app.pass("bell_silence").await;
        minute(&app).await;
        minute(&app).await;
        assert!(alarms(&app.staff(LEAD).await, "kind=silent").await.is_empty());
        minute(&app).await;
        let open = alarms(&app.staff(LEAD).await, "kind=silent").await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((&open[0]["state"], &open[0]["level"], &open[0]["device_id"]), (&json!("open"), &json!(0), &json!(bell.id)));
        assert!(open[0]["detail"].as_str().unwrap().contains("QUIET-1"), "{open:?}");
        assert!(bell.shown(&app).await.body["silent_since"].is_string());
        assert_eq!(inbox(&app.staff(HANDLER).await, "设备失联").await.len(), 1);
        assert_eq!(inbox(&app.staff("office-440703002").await, "设备失联").await.len(), 0);
        // By the end of the working day nobody has seen to it. Others listen meanwhile.
        for _ in 0..3 {
            app.turn(TimeDelta::hours(12));
            app.settle().await;
        }
        let climbed = alarms(&app.staff(LEAD).await, "kind=silent").await;
        assert!(climbed[0]["level"].as_i64().unwrap() >= 1, "{climbed:?}");
        bell.beats(&app, "h-2").await;
        assert!(alarms(&app.staff(LEAD).await, "kind=silent").await.is_empty());
        let over = alarms(&app.staff(LEAD).await, "kind=silent&all=true").await;
        assert_eq!((&over[0]["state"], over[0].get("settled_by")), (&json!("settled"), None));
    }

    /// After a time in which nobody listened nobody is silent: all have their intervals anew.
    async fn who_was_not_listened_to_is_not_silent(app: TestApp) {
        let bell = Bell::new(&app, "QUIET-1").await;
        bell.beats(&app, "h-1").await;
        app.pass("bell_silence").await;
        app.turn(TimeDelta::hours(2));
        app.pass("bell_silence").await;
        assert!(alarms(&app.staff(LEAD).await, "kind=silent").await.is_empty());
        for _ in 0..3 {
            minute(&app).await;
        }
        assert_eq!(alarms(&app.staff(LEAD).await, "kind=silent").await.len(), 1);
    }

    /// Where many fall silent at once it is one alarm for all, and one message; it ends with the last of them.
    async fn many_at_once_are_one_outage(app: TestApp) {
        let mut bells = Vec::new();
        for n in 0..22 {
            bells.push(Bell::new(&app, &format!("QUIET-{n}")).await);
        }
        let beating: Vec<_> = bells.iter().map(|bell| bell.beats(&app, "h-1")).collect();
        futures_util::future::join_all(beating).await;
        app.pass("bell_silence").await;
        for _ in 0..3 {
            minute(&app).await;
        }
        let lead = app.staff(LEAD).await;
        let outages = alarms(&lead, "kind=outage").await;
        assert_eq!((outages.len(), &outages[0]["devices"], &outages[0]["level"]), (1, &json!(22), &json!(1)), "{outages:?}");
        let silent = alarms(&lead, "kind=silent").await;
        assert_eq!(silent.len(), 22);
        assert!(silent.iter().all(|alarm| alarm["outage_id"] == outages[0]["id"]));
        let handler = app.staff(HANDLER).await;
        assert_eq!((inbox(&handler, "片区失联").await.len(), inbox(&handler, "设备失联").await.len()), (1, 0));
        for (nth, bell) in bells.iter().enumerate() {
            assert_eq!(alarms(&app.staff(LEAD).await, "kind=outage").await.len(), 1, "{nth}");
            bell.beats(&app, "h-2").await;
        }
        assert!(alarms(&app.staff(LEAD).await, "kind=outage").await.is_empty());
    }

    /// What a device tells of itself raises and settles; of a fault somebody must say what was done.
    async fn what_is_wrong_is_told(app: TestApp) {
        let bell = Bell::new(&app, "WRONG-1").await;
        let lead = app.staff(LEAD).await;
        bell.says(&app, "e-1", json!({ "kind": "low_battery", "battery": 12, "seq": 1 })).await.expect(200);
        bell.says(&app, "e-2", json!({ "kind": "mains_lost", "seq": 2 })).await.expect(200);
        bell.says(&app, "e-3", json!({ "kind": "fault", "detail": "天线断开", "seq": 3 })).await.expect(200);
        let mut kinds: Vec<Value> = alarms(&lead, "").await.iter().map(|alarm| alarm["kind"].clone()).collect();
        kinds.retain(|kind| kind != "gap");
        assert_eq!(kinds, ["fault", "mains_lost", "low_battery"]);
        // Late, and older than what is known.
        bell.says(&app, "e-0", json!({ "kind": "mains_back", "seq": 0 })).await.expect(200);
        assert_eq!(bell.shown(&app).await.body["mains_ok"], false);
        bell.says(&app, "e-4", json!({ "kind": "mains_back", "battery": 90, "seq": 4 })).await.expect(200);
        let left = alarms(&lead, "").await;
        let fault = left.iter().find(|alarm| alarm["kind"] == "fault").unwrap();
        assert!(!left.iter().any(|alarm| alarm["kind"] == "mains_lost" || alarm["kind"] == "low_battery"), "{left:?}");
        let at = format!("{ALARMS}/{}/actions", fault["id"].as_str().unwrap());
        app.staff("lead-440703002102").await.post(&at, &json!({ "action": "take" })).await.problem(404, "not_found");
        let taken = lead.post(&at, &json!({ "action": "take" })).await;
        taken.expect(200);
        assert_eq!((&taken.body["state"], taken.body["taken_name"].is_string()), (&json!("taken"), true));
        lead.post(&at, &json!({ "action": "settle", "note": " " })).await.problem(422, "invalid_input");
        lead.post(&at, &json!({ "action": "settle", "note": "已更换天线" })).await.expect(200);
        // What is over with its cause can be taken in hands, not settled.
        bell.says(&app, "e-5", json!({ "kind": "mains_lost", "seq": 5 })).await.expect(200);
        let mains = alarms(&lead, "kind=mains_lost").await;
        let mains = format!("{ALARMS}/{}/actions", mains[0]["id"].as_str().unwrap());
        lead.post(&mains, &json!({ "action": "settle", "note": "不管了" })).await.problem(409, "action_not_allowed");
        lead.post(&mains, &json!({ "action": "take" })).await.expect(200);
        lead.post(&at, &json!({ "action": "take" })).await.problem(409, "action_not_allowed");
        assert_eq!(bell.shown(&app).await.body.get("fault"), None);
    }

    /// Three times by mistake within half an hour: somebody should go and look. It rings all the same.
    async fn false_alarms_want_a_visit(app: TestApp) {
        let handler = app.staff(HANDLER).await;
        for nth in 0..3 {
            let call = press(&app, &format!("p-{nth}")).await;
            act(&handler, &call, &json!({ "action": "acknowledge" })).await.expect(200);
            let resolve = json!({ "action": "resolve", "outcome": "false_alarm", "verified_by": "voice", "text": "误触" });
            act(&handler, &call, &resolve).await.expect(200);
            app.pass("bell_silence").await;
            let visits = alarms(&handler, "kind=false_alarms").await;
            assert_eq!(visits.len(), usize::from(nth == 2), "{visits:?}");
        }
        let devices = handler.get("/api/v1/callbell/devices?q=DEMO-BELL-1").await;
        assert_eq!(devices.body["items"][0]["visit_wanted"], true);
    }

    /// Signs of life of a moment are written together, and the version of the device stays.
    async fn many_signs_of_life_at_once(app: TestApp) {
        let bell = Bell::new(&app, "BUSY-1").await;
        let before = bell.shown(&app).await.etag();
        let beats: Vec<_> = (0..60_i64)
            .map(|n| {
                let (app, bell) = (&app, &bell);
                async move {
                    let more = json!({ "seq": n, "battery": 100 - n });
                    bell.says(app, &format!("h-{n}"), more).await.expect(200);
                }
            })
            .collect();
        futures_util::future::join_all(beats).await;
        let seen = bell.shown(&app).await;
        assert_eq!((&seen.body["battery"], seen.etag()), (&json!(41), before));
        assert!(seen.body["last_seen_at"].is_string());
    }

    /// A post without anybody in the coming week is an alarm before any press, one message a day for each.
    async fn a_gap_is_an_alarm(app: TestApp) {
        app.pass("bell_upkeep").await;
        assert!(alarms(&app.staff("supervisor").await, "kind=gap").await.is_empty());
        // The demonstration's roster has an end.
        app.turn(TimeDelta::days(56));
        app.pass("reference").await;
        for _ in 0..2 {
            app.pass("bell_upkeep").await;
        }
        let supervisor = app.staff("supervisor").await;
        let gaps = alarms(&supervisor, "kind=gap").await;
        assert!(gaps.len() > 50, "{}", gaps.len());
        assert_eq!(inbox(&supervisor, "值班有空档").await.len(), 1);
        assert_eq!(inbox(&app.staff(LEAD).await, "值班有空档").await.len(), 1);
        // Somebody is put in for the time that is missing.
        let lead = app.staff(LEAD).await;
        let mine = alarms(&lead, "kind=gap").await;
        assert_eq!(mine.len(), 1, "{mine:?}");
        let unit = &mine[0]["unit_id"];
        let now = app.clock.now();
        let who = app.staff(HANDLER).await.get("/api/v1/me").await.body["id"].clone();
        for day in [0, 2, 4, 6] {
            let (from, until) = (now + TimeDelta::days(day), now + TimeDelta::days(day + 2));
            let shift = json!({ "unit_id": unit, "post": "duty", "starts_at": from, "ends_at": until, "members": [who] });
            lead.post("/api/v1/duty/shifts", &shift).await.expect(201);
        }
        app.pass("bell_upkeep").await;
        assert!(alarms(&lead, "kind=gap").await.is_empty());
    }

    /// Each device is tested each month: three times somebody is reminded, then they must go there.
    async fn who_is_not_tested_is_visited(app: TestApp) {
        // From 24 November to 20 January: December is over without a test.
        for (days, reminders, overdue) in [(26, 0, 0), (1, 1, 0), (3, 2, 0), (3, 3, 0), (5, 3, 3)] {
            app.turn(TimeDelta::days(days));
            app.pass("bell_upkeep").await;
            let lead = app.staff(LEAD).await;
            assert_eq!(inbox(&lead, "未做功能测试：").await.iter().filter(|text| text.contains("本月")).count(), reminders, "{days}");
            assert_eq!(alarms(&lead, "kind=test_overdue").await.len(), overdue, "{days}");
        }
        let lead = app.staff(LEAD).await;
        let id = lead.get("/api/v1/callbell/devices?q=DEMO-BELL-1").await.text_at("/items/0/id");
        say(&app, &json!({ "event_id": "t-1", "device_id": "DEMO-BELL-1", "kind": "test" })).await.expect(200);
        let left = alarms(&lead, "kind=test_overdue").await;
        assert!(left.len() == 2 && left.iter().all(|alarm| alarm["device_id"] != json!(id)), "{left:?}");
        assert!(told(&lead).await.is_empty(), "nobody was rung");
    }
}
