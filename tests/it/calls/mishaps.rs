//! What goes wrong around a call, and must not keep anybody from hearing of it.

use super::reach::{gateway, reachable};
use super::{CALLS, HANDLER, OTHER_HANDLER, act, message, press, say, secret, send, shown, told};
use crate::on_both;
use crate::support::{Backend, Receiver, TestApp, config, on_each, start_of_time};
use chrono::TimeDelta;
use entity::kind::{NoticeChannel, NoticeState};
use entity::{callbell_home, notice};
use hotline::app::App;
use hotline::platform::clock::Clock;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Database, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

async fn step(app: &TestApp, call: &str, action: &str) {
    act(&app.staff(HANDLER).await, call, &json!({ "action": action }))
        .await
        .expect(200);
}

/// A second, with what happens by itself in it.
async fn seconds(app: &TestApp, n: i64) {
    for _ in 0..n {
        app.turn(TimeDelta::seconds(1));
        app.pass("calls").await;
        app.pass("emergency_notices").await;
    }
}

on_both! {
    /// What is not needed to help may be odd: the press opens a call, and is marked.
    async fn what_is_odd_is_no_reason_to_be_deaf(app: TestApp) {
        for (n, part) in [json!({ "device_time": "2026-11-24 09:00" }), json!({ "device_time": 0, "battery": 87.5 }), json!({ "device_time": "-4000-01-01T00:00:00Z", "location": "卧".repeat(300) })].into_iter().enumerate() {
            let mut odd = message(&format!("e-{n}"), "press");
            odd["device_id"] = json!(format!("DEMO-BELL-{}", n + 1));
            odd.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            let taken = say(&app, &odd).await;
            taken.expect(200);
            let seen = shown(&app.staff("supervisor").await, &taken.text_at("/call_id")).await;
            assert_eq!(seen.body["clock_suspect"], true, "{odd}");
        }
    }

    /// A home whose texts can't be opened any more: the bell rings, the list is shown, and somebody takes the call on.
    async fn what_can_not_be_opened_rings_all_the_same(app: TestApp) {
        let db = Database::connect(&app.database).await.unwrap();
        callbell_home::Entity::update_many()
            .col_expr(callbell_home::Column::ResidentSealed, Expr::value(vec![1_u8; 40]))
            .col_expr(callbell_home::Column::SpokenSealed, Expr::value(vec![1_u8; 40]))
            .col_expr(callbell_home::Column::PhoneSealed, Expr::value(vec![1_u8; 40]))
            .exec(&db)
            .await
            .unwrap();
        db.close().await.unwrap();
        let call = press(&app, "e-1").await;
        let handler = app.staff(HANDLER).await;
        assert_eq!(told(&handler).await.len(), 1);
        let list = handler.get(CALLS).await;
        list.expect(200);
        assert_eq!(list.text_at("/items/0/id"), call);
        step(&app, &call, "acknowledge").await;
    }

    /// The noise of a device that signs wrongly is told of once an hour; its press is told at once, to who is on duty.
    async fn a_press_that_can_not_be_proven_is_heard(app: TestApp) {
        let wrong = secret("DEMO-BELL-9");
        for (id, kind) in [("h-1", "heartbeat"), ("h-2", "heartbeat"), ("p-1", "press"), ("p-1", "press"), ("p-2", "press")] {
            let body = message(id, kind).to_string();
            send(&app, id, body.as_bytes(), &wrong).await.problem(401, "bell_signature_invalid");
        }
        let handler = told(&app.staff(HANDLER).await).await;
        assert_eq!(handler.iter().filter(|text| text.contains("无法确认其真伪")).count(), 2, "{handler:?}");
        let duty = told(&app.staff("duty").await).await;
        assert_eq!(duty.iter().filter(|text| text.contains("已保留")).count(), 3, "{duty:?}");
    }

    /// Whose role has ended is not on duty, whatever the roster says: nothing is sent to them, and their post is empty.
    async fn who_has_left_is_not_on_duty(app: TestApp) {
        let unit = app.unit("440703002101").await["id"].as_str().unwrap().to_owned();
        let on_duty = async || {
            let now = app.staff("supervisor").await.get(&format!("/api/v1/duty/now?unit_id={unit}")).await;
            now.expect(200);
            now.text
        };
        let me = app.staff(HANDLER).await.get("/api/v1/me").await;
        let id = me.text_at("/id");
        assert!(on_duty().await.contains(&id));
        let listed = app.staff("secadmin").await.get("/api/v1/staff?limit=100").await;
        let mut page = listed;
        let grant = loop {
            let items = page.body["items"].as_array().unwrap();
            if let Some(row) = items.iter().find(|row| row["id"] == json!(id)) {
                break row["grants"][0]["id"].as_str().unwrap().to_owned();
            }
            page = app.staff("secadmin").await.get(&format!("/api/v1/staff?limit=100&cursor={}", page.text_at("/next_cursor"))).await;
        };
        let secadmin = app.staff("secadmin").await;
        secadmin.send(secadmin.request("DELETE", &format!("/api/v1/staff/{id}/grants/{grant}"))).await.expect(204);
        app.turn(TimeDelta::days(1));
        assert!(!on_duty().await.contains(&id));
        press(&app, "e-1").await;
        let rung = notice::Entity::find().filter(notice::Column::Template.eq("callbell_ring")).all(app.app.kit().db.read()).await.unwrap();
        assert!(!rung.is_empty() && rung.iter().all(|row| row.recipient_id.map(|id| id.to_string()) != Some(id.clone())), "{rung:?}");
    }

    /// Whom nobody visits any more is masked, as among the homes.
    async fn a_closed_call_names_nobody(app: TestApp) {
        let call = press(&app, "e-1").await;
        let supervisor = app.staff("supervisor").await;
        assert!(shown(&supervisor, &call).await.text.contains("演示居民甲"));
        step(&app, &call, "acknowledge").await;
        act(&app.staff(HANDLER).await, &call, &json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" })).await.expect(200);
        supervisor.post(&format!("{CALLS}/{call}/close"), &json!({})).await.expect(200);
        assert!(!shown(&supervisor, &call).await.text.contains("演示居民甲"));
        assert!(!supervisor.get(&format!("{CALLS}?which=all")).await.text.contains("演示居民甲"));
    }

    /// Press, cancel, press: in whatever order they come, somebody had cancelled.
    async fn a_cancel_between_two_presses_is_seen(app: TestApp) {
        for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0]].into_iter().zip(1..) {
            let (order, bell) = order;
            let mut call = String::new();
            for n in order {
                let (event, kind) = [("p-1", "press"), ("c-2", "cancel"), ("p-3", "press")][n];
                let said = json!({ "event_id": event, "device_id": format!("DEMO-BELL-{bell}"), "kind": kind, "seq": n + 1 });
                let taken = say(&app, &said).await;
                taken.expect(200);
                call = taken.body["call_id"].as_str().map_or(call, str::to_owned);
            }
            assert_eq!(shown(&app.staff("supervisor").await, &call).await.body["cancelled"], true, "{order:?}");
        }
    }

    /// Who takes over from somebody on the way is to set out, within the time that anybody has for that.
    async fn who_takes_over_sets_out(app: TestApp) {
        let call = press(&app, "e-1").await;
        step(&app, &call, "acknowledge").await;
        step(&app, &call, "go").await;
        let other = app.staff(OTHER_HANDLER).await;
        let taken = act(&other, &call, &json!({ "action": "take_over" })).await;
        taken.expect(200);
        assert_eq!(taken.body["state"], "acked");
        seconds(&app, 121).await;
        assert_eq!(shown(&app.staff("supervisor").await, &call).await.body["state"], "ringing");
    }

    /// Everything that others may take is taken: a press and an acknowledgement go through all the same.
    async fn a_press_finds_its_way_when_all_is_busy(app: TestApp) {
        let handler = app.staff(HANDLER).await;
        let db = app.app.kit().db.clone();
        let mut held = Vec::new();
        while let Ok(reader) = db.reader().await {
            held.push(reader);
        }
        if app.backend == Backend::Sqlite {
            // There the readers are everybody's: nobody else gets in.
            handler.get("/api/v1/tickets").await.problem(503, "unavailable");
        }
        let call = press(&app, "e-1").await;
        act(&handler, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        assert!(!held.is_empty());
    }
}

/// The gateway is out while the call is dealt with and closed: next of kin hear of it when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_of_kin_hear_of_it_after_the_close() {
    on_each(async |backend| {
        let sms = Receiver::start();
        sms.answers(503);
        let app = TestApp::start_with(backend, |config| gateway(config, &sms)).await;
        let call = press(&app, "e-1").await;
        step(&app, &call, "acknowledge").await;
        seconds(&app, 2).await;
        let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" });
        act(&app.staff(HANDLER).await, &call, &resolve).await.expect(200);
        app.staff("supervisor")
            .await
            .post(&format!("{CALLS}/{call}/close"), &json!({}))
            .await
            .expect(200);
        sms.answers(200);
        let before = sms.got().len();
        seconds(&app, 60).await;
        let after: Vec<Value> = sms.got()[before..]
            .iter()
            .map(|got| serde_json::from_slice(&got.body).unwrap())
            .collect();
        assert!(
            after.iter().any(|body| body["template"] == "callbell_kin"),
            "{after:?}"
        );
        sms.stop().await;
        app.stop().await;
    })
    .await;
}

/// Nobody answers, and the gateway is out for a quarter of an hour: each rung takes the place of what failed before, so that
/// no mass of old messages stands before a new one. From the second round on all ways are tried side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rungs_do_not_pile_up() {
    on_each(async |backend| {
        let sms = Receiver::start();
        let app = TestApp::start_with(backend, |config| gateway(config, &sms)).await;
        reachable(&app, json!(["sms", "voice"])).await;
        let call = press(&app, "e-1").await;
        app.pass("emergency_notices").await;
        let ways = |got: Vec<crate::support::Got>| {
            let mut ways: Vec<String> = got
                .iter()
                .map(|got| serde_json::from_slice::<Value>(&got.body).unwrap())
                .filter(|body| body["template"] == "callbell_ring")
                .map(|body| body["channel"].as_str().unwrap().to_owned())
                .collect();
            ways.sort();
            ways.dedup();
            ways
        };
        assert_eq!(ways(sms.got()), ["sms"]);
        seconds(&app, 31).await;
        assert_eq!(ways(sms.got()), ["sms", "voice"]);
        sms.answers(503);
        seconds(&app, 900).await;
        let pending = notice::Entity::find()
            .filter(notice::Column::Template.eq("callbell_ring"))
            .filter(notice::Column::State.eq(NoticeState::Pending))
            .filter(notice::Column::Channel.ne(NoticeChannel::InApp))
            .count(app.app.kit().db.read())
            .await
            .unwrap();
        assert!((1..=12).contains(&pending), "{pending} wait");
        let seen = shown(&app.staff("supervisor").await, &call).await;
        let tried = seen.body["deliveries"].as_array().unwrap().len();
        assert!((20..=200).contains(&tried), "{tried} attempts are shown");
        step(&app, &call, "acknowledge").await;
        sms.stop().await;
        app.stop().await;
    })
    .await;
}

/// A process that begins again after the wall clock was put back goes on from what was written last: what is due does not
/// wait for the clock to catch up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_goes_on_from_what_was_written() {
    on_each(async |backend| {
        let app = TestApp::start(backend).await;
        app.turn(TimeDelta::hours(1));
        press(&app, "e-1").await;
        let again = config(app.folder.path(), &app.database);
        let clock = Clock::starting_at(start_of_time());
        let begun = App::open(again, clock, false).await.unwrap();
        assert!(begun.kit().now() >= start_of_time() + TimeDelta::hours(1));
        app.stop().await;
    })
    .await;
}
