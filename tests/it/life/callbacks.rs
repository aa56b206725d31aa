//! Call-backs: by whom, when, how often; scores and what comes of them; what comes back.

use super::{LEAD, REQUESTER, answered, at, handler, in_progress, kinds, refused, seen, told};
use crate::on_both;
use crate::support::TestApp;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

const MISSED: fn() -> Value = || json!({ "action": "call_back", "reached": false });

fn rate(contacted: bool, solved: bool, satisfied: u8) -> Value {
    json!({ "action": "rate", "rating": { "contacted": contacted, "solved": solved, "satisfied": satisfied } })
}

on_both! {
    /// Three attempts in three parts of days; then the link is sent once more, and no fourth attempt is taken.
    async fn three_attempts_and_then_the_link(app: TestApp) {
        let (id, who) = in_progress(&app).await;
        answered(&app, &id, &who).await;
        app.settle().await;
        let agent = app.staff("callback").await;
        // Nobody is called twice in one morning.
        agent.act(&id, &MISSED()).await.expect(200);
        let reader = app.staff("supervisor").await;
        refused(&agent, &reader, &id, &MISSED(), 409, "callback_too_soon").await;
        for instant in ["2026-11-24T06:00:00Z", "2026-11-24T11:00:00Z"] {
            at(&app, instant);
            let texts = told(&app.resident(REQUESTER).await).await;
            assert!(!texts[0].contains("多次致电"), "{texts:?}");
            app.staff("callback").await.act(&id, &MISSED()).await.expect(200);
            app.settle().await;
        }
        let texts = told(&app.resident(REQUESTER).await).await;
        assert!(texts[0].contains("多次致电") && texts[0].contains("/callbacks/"), "{texts:?}");
        at(&app, "2026-11-25T02:00:00Z");
        let reader = app.staff("supervisor").await;
        refused(&app.staff("callback").await, &reader, &id, &MISSED(), 409, "callback_attempts_spent").await;
        // Somebody who answers at last is heard.
        let reached = json!({ "action": "call_back", "reached": true, "rating": { "contacted": true, "solved": true, "satisfied": 4 } });
        app.staff("callback").await.act(&id, &reached).await.expect(200);
    }

    /// Quiet hours hold for calls and for messages; the chosen way is taken.
    async fn quiet_hours_are_kept(app: TestApp) {
        let resident = app.resident(REQUESTER).await;
        let me = resident.get("/api/v1/me").await;
        let path = format!("/api/v1/residents/{}", me.text_at("/id"));
        let set = |preference: Value| json!({ "preference": preference });
        let found = resident.get(&path).await;
        for (wrong, pointer) in [
            (json!({ "quiet_from": "25:00", "quiet_to": "08:00" }), "/preference/quiet_from"),
            (json!({ "quiet_from": "21:00" }), "/preference/quiet_to"),
        ] {
            let answer = resident.change("PATCH", &path, &found.etag(), &set(wrong)).await;
            assert!(answer.problem(422, "invalid_input").rule(pointer).is_some(), "{}", answer.text);
        }
        let quiet = json!({ "quiet_from": "20:00", "quiet_to": "08:30", "channel": "sms" });
        let changed = resident.change("PATCH", &path, &found.etag(), &set(quiet.clone())).await;
        changed.expect(200);
        assert_eq!(changed.body["preference"], quiet);
        at(&app, "2026-11-24T13:00:00Z");
        let (id, who) = in_progress(&app).await;
        answered(&app, &id, &who).await;
        app.settle().await;
        let late: Vec<entity::notice::Model> = waiting(&app).await;
        assert!(!late.is_empty() && late.iter().all(|notice| notice.next_at == "2026-11-25T00:30:00Z".parse::<DateTime<Utc>>().unwrap()), "{late:?}");
        let reader = app.staff("supervisor").await;
        let answer = refused(&app.staff("callback").await, &reader, &id, &MISSED(), 409, "quiet_hours").await;
        assert_eq!(answer.body["until"], "2026-11-25T00:30:00+00:00");
        at(&app, "2026-11-25T00:30:00Z");
        app.staff("callback").await.act(&id, &MISSED()).await.expect(200);
        // Whoever is rated does not say when one may ask.
        let lead = app.staff(LEAD).await;
        let theirs = lead.get(&path).await;
        let silence = set(json!({ "quiet_from": "00:01", "quiet_to": "00:00" }));
        lead.change("PATCH", &path, &theirs.etag(), &set(quiet.clone())).await.problem(403, "forbidden");
        let resident = app.resident(REQUESTER).await;
        let now = resident.get(&path).await;
        let answer = resident.change("PATCH", &path, &now.etag(), &silence).await;
        assert!(answer.problem(422, "invalid_input").rule("/preference/quiet_to").is_some());
        // Who wants the inbox alone gets no text.
        let resident = app.resident(REQUESTER).await;
        let now = resident.get(&path).await;
        resident.change("PATCH", &path, &now.etag(), &set(json!({ "channel": "in_app" }))).await.expect(200);
        let before = texts(&app).await;
        let (_, _) = in_progress(&app).await;
        app.settle().await;
        assert_eq!(texts(&app).await, before);
    }

    /// The requester alone changes a score; what it was stays to be read.
    async fn a_score_is_changed_by_the_requester_alone(app: TestApp) {
        let (id, who) = in_progress(&app).await;
        answered(&app, &id, &who).await;
        let resident = app.resident(REQUESTER).await;
        resident.act(&id, &rate(true, true, 5)).await.expect(200);
        let reader = app.staff("supervisor").await;
        let other = json!({ "action": "call_back", "reached": true, "rating": { "contacted": true, "solved": true, "satisfied": 5 } });
        refused(&app.staff("callback").await, &reader, &id, &other, 409, "action_not_allowed").await;
        let changed = resident.act(&id, &rate(true, false, 2)).await;
        changed.expect(200);
        assert_eq!(changed.body["state"], "closed", "to take it up again is another decision");
        let scores: Vec<Value> = seen(&reader, &id).await.body["timeline"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "rated").map(|entry| entry["data"]["satisfied"].clone()).collect();
        assert_eq!(scores, [json!(5), json!(2)]);
        let row = crate::events::callback(&app, &id).await;
        assert_eq!((row.satisfied, row.solved), (Some(2), Some(false)));
    }

    /// The third rework is the centre's: it watches from then on, and approves.
    async fn the_third_rework_raises_the_level(app: TestApp) {
        let (id, _) = in_progress(&app).await;
        for round in 1..=3 {
            answered(&app, &id, &handler(&app, &id).await).await;
            let again = app.resident(REQUESTER).await.act(&id, &rate(true, false, 1)).await;
            again.expect(200);
            assert_eq!((&again.body["round"], &again.body["supervised"]), (&json!(round + 1), &json!(round == 3)));
        }
        let who = handler(&app, &id).await;
        who.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "上门" })).await.expect(200);
        who.act(&id, &json!({ "action": "reply", "result": "solved", "public_text": "已办结" })).await.expect(200);
        let reader = app.staff("supervisor").await;
        let approve = json!({ "action": "approve" });
        refused(&app.staff(LEAD).await, &reader, &id, &approve, 403, "forbidden").await;
        // The supervision is ended once, and does not begin again by what comes after.
        reader.act(&id, &json!({ "action": "close_supervision" })).await.expect(200);
        let done = reader.act(&id, &approve).await;
        done.expect(200);
        assert_eq!(done.body["supervised"], false);
    }

    /// Matters that come back are asked about after a week and a month, and can be taken up again.
    async fn what_comes_back_is_asked_about(app: TestApp) {
        let (id, who) = in_progress(&app).await;
        answered(&app, &id, &who).await;
        app.resident(REQUESTER).await.act(&id, &rate(true, true, 5)).await.expect(200);
        for (days, n) in [(6, 0), (1, 1), (22, 1), (1, 2)] {
            app.turn(TimeDelta::days(days));
            app.settle().await;
            let shown = seen(&app.staff("supervisor").await, &id).await;
            assert_eq!(kinds(&shown).iter().filter(|kind| *kind == "rechecked").count(), n);
        }
        assert!(told(&app.resident(REQUESTER).await).await[0].contains("再次发生"));
        app.turn(TimeDelta::days(3));
        let again = app.resident(REQUESTER).await.act(&id, &json!({ "action": "reopen", "reason": "又来了" })).await;
        again.expect(200);
    }

    /// What turns out untrue is refused at the review, by another than who found it, and can be appealed against.
    async fn what_is_untrue_is_refused_after_verification(app: TestApp) {
        let (id, who) = in_progress(&app).await;
        let reader = app.staff("supervisor").await;
        let refuse = |reason: &str| json!({ "action": "reject", "reason": reason, "channel_told": "经现场核实" });
        refused(&reader, &reader, &id, &refuse("untrue"), 409, "action_not_allowed").await;
        who.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "上门" })).await.expect(200);
        who.act(&id, &json!({ "action": "reply", "result": "explained", "public_text": "现场无此情况" })).await.expect(200);
        refused(&reader, &reader, &id, &refuse("judicial"), 409, "not_verified").await;
        let done = reader.act(&id, &refuse("untrue")).await;
        done.expect(200);
        assert_eq!(done.body["state"], "rejected");
        let resident = app.resident(REQUESTER).await;
        resident.act(&id, &json!({ "action": "appeal", "reason": "晚上才吵" })).await.expect(200);
        let operator = app.staff("operator").await;
        refused(&operator, &reader, &id, &refuse("untrue"), 409, "not_verified").await;
    }
}

/// How many text messages there are.
async fn texts(app: &TestApp) -> usize {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let texts = entity::notice::Entity::find()
        .filter(entity::notice::Column::Channel.eq(entity::kind::NoticeChannel::Sms))
        .filter(entity::notice::Column::TicketId.is_not_null());
    texts.all(app.app.kit().db.read()).await.unwrap().len()
}

/// Messages that wait to be sent out.
async fn waiting(app: &TestApp) -> Vec<entity::notice::Model> {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    entity::notice::Entity::find()
        .filter(entity::notice::Column::State.eq(entity::kind::NoticeState::Pending))
        .all(app.app.kit().db.read())
        .await
        .unwrap()
}
