//! From the press to the close.

use super::{CALLS, HANDLER, OTHER_HANDLER, STRANGER, act, log, message, press, say, shown, told};
use crate::on_both;
use chrono::TimeDelta;
use entity::callbell_call;
use entity::notice;
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::json;

on_both! {
    /// The community rings at once, the levels above when nobody answers; who takes it on is told of, and goes; the
    /// ticket follows; closed is final, by the database itself.
    async fn a_press_rings_until_somebody_has_it(app: TestApp) {
        let call = press(&app, "e-1").await;
        let again = say(&app, &message("e-1", "press")).await;
        again.expect(200);
        assert_eq!((again.text_at("/call_id"), &again.body["repeated"]), (call.clone(), &json!(true)));
        let handler = app.staff(HANDLER).await;
        let rung = told(&handler).await;
        assert_eq!(rung.len(), 1, "{rung:?}");
        assert!(rung[0].contains("120/110/119") && rung[0].contains("按铃"), "{rung:?}");
        assert_eq!(told(&app.staff("manager-440703002").await).await.len(), 0);
        let seen = shown(&handler, &call).await;
        assert_eq!((&seen.body["state"], &seen.body["level"]), (&json!("ringing"), &json!(0)));
        assert_eq!(seen.body["emergency_numbers"], json!(["110", "119", "120"]));
        let ticket = seen.text_at("/ticket_id");

        app.turn(TimeDelta::seconds(30));
        app.settle().await;
        assert_eq!(told(&app.staff(HANDLER).await).await.len(), 2);
        app.turn(TimeDelta::seconds(31));
        app.settle().await;
        let seen = shown(&app.staff(HANDLER).await, &call).await;
        assert_eq!(seen.body["level"], 1);
        assert_eq!(told(&app.staff("office-440703002").await).await.len(), 1);

        let handler = app.staff(HANDLER).await;
        act(&handler, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        // A helper is told who has it; that is no error, and takes nothing away.
        let other = app.staff(OTHER_HANDLER).await;
        let joined = act(&other, &call, &json!({ "action": "acknowledge" })).await;
        joined.expect(200);
        assert_eq!(joined.body["state"], "acked");
        assert!(joined.text_at("/owner_name").contains("甲"), "{}", joined.text);
        act(&other, &call, &json!({ "action": "cannot_go", "text": "在外" })).await.problem(403, "not_call_owner");
        for step in ["go", "arrive"] {
            act(&handler, &call, &json!({ "action": step })).await.expect(200);
        }
        let notes = handler.post(&format!("{CALLS}/{call}/notes"), &json!({})).await;
        notes.expect(200);
        let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "已扶起，无外伤" });
        act(&handler, &call, &resolve).await.expect(200);
        let operator = app.staff("operator").await;
        let paper = operator.get(&format!("/api/v1/tickets/{ticket}")).await;
        assert_eq!((&paper.body["state"], &paper.body["channel"]), (&json!("reply_review"), &json!("callbell")));
        handler.post(&format!("{CALLS}/{call}/close"), &json!({})).await.problem(403, "forbidden");
        let supervisor = app.staff("supervisor").await;
        supervisor.post(&format!("{CALLS}/{call}/close"), &json!({})).await.expect(200);
        let closed = shown(&supervisor, &call).await;
        assert_eq!((&closed.body["state"], &closed.body["intact"]), (&json!("closed"), &json!(true)));
        let kinds = log(&closed);
        assert_eq!((kinds[0], kinds[1], *kinds.last().unwrap()), ("opened", "rung", "closed"));
        for kind in ["acknowledged", "joined", "going", "arrived", "kin_told", "revealed", "resolved"] {
            assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
        }
        act(&supervisor, &call, &json!({ "action": "acknowledge" })).await.problem(409, "call_closed");
        let db = &app.app.kit().db;
        let reopened = db.write("test", call.parse().unwrap(), |tx, id: &entity::id::CallId| Box::pin(async move {
            let row = callbell_call::ActiveModel { id: Set(*id), presses: Set(9), ..Default::default() };
            callbell_call::Entity::update(row).exec(tx).await?;
            Ok(())
        }));
        assert!(reopened.await.is_err(), "the database itself refuses");
        let gone = db.write("test", call.parse().unwrap(), |tx, id: &entity::id::CallId| Box::pin(async move {
            callbell_call::Entity::delete_by_id(*id).exec(tx).await?;
            Ok(())
        }));
        assert!(gone.await.is_err(), "and it stays");
        // A new press is a new call, which names the one before.
        let next = press(&app, "e-2").await;
        assert_eq!(shown(&supervisor, &next).await.body["previous_id"], json!(call));
    }

    /// Who took it on and does not set out has lost it: it rings again, one level up, and they are told.
    async fn an_acknowledgement_is_a_lease(app: TestApp) {
        let call = press(&app, "e-1").await;
        act(&app.staff(HANDLER).await, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        app.turn(TimeDelta::seconds(119));
        app.settle().await;
        assert_eq!(shown(&app.staff(HANDLER).await, &call).await.body["state"], "acked");
        app.turn(TimeDelta::seconds(2));
        app.settle().await;
        let handler = app.staff(HANDLER).await;
        let seen = shown(&handler, &call).await;
        assert_eq!((&seen.body["state"], &seen.body["level"]), (&json!("ringing"), &json!(1)));
        assert!(told(&handler).await.iter().any(|text| text.contains("已转由他人")));
        // It goes on for ever, with one timer.
        for _ in 0..30 {
            app.turn(TimeDelta::seconds(60));
            app.settle().await;
        }
        let seen = shown(&app.staff("supervisor").await, &call).await;
        assert_eq!((&seen.body["state"], &seen.body["level"]), (&json!("ringing"), &json!(3)));
        assert!(log(&seen).iter().filter(|kind| **kind == "rung").count() > 20, "{:?}", log(&seen));
        let timers = entity::durable_timer::Entity::find().all(app.app.kit().db.read()).await.unwrap();
        assert_eq!(timers.iter().filter(|timer| timer.kind == "callbell.call").count(), 1);
    }

    /// Other presses join the call, a cancel is only told, and a false alarm needs somebody who looked.
    async fn a_cancel_never_closes(app: TestApp) {
        let call = press(&app, "e-1").await;
        for (event, kind) in [("e-2", "press"), ("e-3", "cancel"), ("e-4", "press")] {
            let taken = say(&app, &message(event, kind)).await;
            taken.expect(200);
            assert_eq!(taken.text_at("/call_id"), call);
        }
        let handler = app.staff(HANDLER).await;
        let seen = shown(&handler, &call).await;
        assert_eq!((&seen.body["state"], &seen.body["presses"], &seen.body["cancelled"]), (&json!("ringing"), &json!(3), &json!(true)));
        act(&handler, &call, &json!({ "action": "acknowledge" })).await.expect(200);
        let unseen = json!({ "action": "resolve", "outcome": "false_alarm", "text": "说按错了" });
        act(&handler, &call, &unseen).await.problem(409, "false_alarm_not_verified");
        let heard = json!({ "action": "resolve", "outcome": "false_alarm", "verified_by": "voice", "text": "本人通话确认平安" });
        act(&handler, &call, &heard).await.expect(200);
    }

    /// In a test window a press is a test, without a ticket; pressed twice it is none.
    async fn a_test_is_one_until_it_is_pressed_twice(app: TestApp) {
        let lead = app.staff("lead-440703002101").await;
        let devices = lead.get("/api/v1/callbell/devices?q=DEMO-BELL-1").await;
        let id = devices.text_at("/items/0/id");
        let window = lead.post(&format!("/api/v1/callbell/devices/{id}/test-window"), &json!({ "minutes": 10 })).await;
        assert!(window.status < 300, "{}", window.text);
        let call = press(&app, "e-1").await;
        let handler = app.staff(HANDLER).await;
        let seen = shown(&handler, &call).await;
        assert_eq!((&seen.body["test"], seen.body.get("ticket_id")), (&json!(true), None));
        assert!(told(&handler).await[0].contains("测试"));
        app.turn(TimeDelta::seconds(20));
        say(&app, &message("e-2", "press")).await.expect(200);
        let seen = shown(&handler, &call).await;
        assert_eq!(seen.body["test"], false);
        assert!(seen.body["ticket_id"].is_string(), "{}", seen.text);
    }

    /// A device's clock is no reason to be deaf, and is marked.
    async fn a_wrong_clock_opens_a_call_all_the_same(app: TestApp) {
        let mut early = message("e-1", "press");
        early["device_time"] = json!("1970-01-01T00:00:01Z");
        let taken = say(&app, &early).await;
        taken.expect(200);
        let call = shown(&app.staff(HANDLER).await, &taken.text_at("/call_id")).await;
        assert_eq!(call.body["clock_suspect"], true);
    }

    /// Who works elsewhere neither sees it nor acts on it; an operator opens one for somebody who can't press.
    async fn it_is_for_those_who_are_near(app: TestApp) {
        let call = press(&app, "e-1").await;
        let stranger = app.staff(STRANGER).await;
        stranger.get(&format!("{CALLS}/{call}")).await.problem(404, "not_found");
        act(&stranger, &call, &json!({ "action": "acknowledge" })).await.problem(404, "not_found");
        assert_eq!(stranger.get(CALLS).await.body["items"], json!([]));
        let unit = app.unit("440703002102").await["id"].clone();
        let operator = app.staff("operator").await;
        let opened = operator.post(CALLS, &json!({ "unit_id": unit, "text": "邻居来电：老人跌倒" })).await;
        opened.expect(201);
        assert_eq!(stranger.get(CALLS).await.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(told(&stranger).await.len(), 1);
        operator.post(CALLS, &json!({ "text": "不知何处" })).await.problem(422, "invalid_input");
    }

    /// Where nobody is on duty anywhere, everybody who could help is rung at once.
    async fn an_empty_roster_is_no_silence(app: TestApp) {
        // The demonstration's roster has an end.
        app.turn(TimeDelta::days(60));
        app.settle().await;
        let call = press(&app, "e-1").await;
        let duty = app.staff("duty").await;
        let seen = shown(&duty, &call).await;
        assert_eq!(seen.body["level"], 3);
        assert_eq!(log(&seen).iter().filter(|kind| **kind == "no_one_on_duty").count(), 4, "{:?}", log(&seen));
        assert_eq!(told(&duty).await.len(), 1);
        assert_eq!(told(&app.staff(HANDLER).await).await.len(), 1);
        assert!(notice::Entity::find().count(app.app.kit().db.read()).await.unwrap() > 3);
    }
}
