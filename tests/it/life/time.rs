//! Time: extensions, suspensions, plans, reopening, urging.

use super::{LEAD, MANAGER, REQUESTER, answered, clock, handler, in_progress, kinds, refused, seen, told};
use crate::on_both;
use crate::support::TestApp;
use chrono::TimeDelta;
use serde_json::{Value, json};

async fn deadline(app: &TestApp, id: &str, kind: &str) -> Value {
    let answer = app
        .staff("supervisor")
        .await
        .get(&format!("/api/v1/tickets/{id}/deadlines"))
        .await;
    let items = answer.expect(200).body["items"].as_array().unwrap();
    items
        .iter()
        .rev()
        .find(|item| item["clock"] == kind)
        .unwrap()
        .clone()
}

on_both! {
    /// More time over the National Day holiday: asked in time, granted one level up, told, explained.
    async fn an_extension_over_the_national_day(app: TestApp) {
        // A calendar that is made up for the test: the real one of that year is not published.
        let year = json!({ "2027": { "status": "official", "source": "made up", "work": ["2027-09-26", "2027-10-09"],
            "off": ["2027-10-01", "2027-10-02", "2027-10-03", "2027-10-04", "2027-10-05", "2027-10-06", "2027-10-07"] } });
        app.staff("sysadmin").await.post("/api/v1/calendar/imports", &year).await.expect(200);
        app.pass("reference").await;
        let at: chrono::DateTime<chrono::Utc> = "2027-09-22T02:00:00Z".parse().unwrap();
        app.turn(at - app.clock.now());
        let (id, handler) = in_progress(&app).await;
        let reader = app.staff("supervisor").await;
        // Seven working days: 9-23, 24, 26 (make-up), 27, 28, 29, 30.
        assert_eq!(clock(&seen(&reader, &id).await, "resolve")["due_at"], "2027-09-30T09:30:00Z");
        let ask = json!({ "action": "request_extension", "amount": 3, "reason": "需等待鉴定结果" });
        handler.act(&id, &ask).await.expect(200);
        refused(&handler, &reader, &id, &ask, 409, "already_open").await;
        // Who handles and its own lead do not decide.
        let grant = json!({ "action": "grant_extension" });
        refused(&handler, &reader, &id, &grant, 403, "forbidden").await;
        refused(&app.staff(LEAD).await, &reader, &id, &grant, 403, "forbidden").await;
        let manager = app.staff(MANAGER).await;
        app.settle().await;
        assert!(told(&manager).await[0].starts_with("延期申请待审批"));
        let granted = manager.act(&id, &grant).await;
        granted.expect(200);
        let after = seen(&reader, &id).await;
        let resolve = clock(&after, "resolve");
        assert_eq!((&resolve["due_at"], &resolve["first_due_at"], &resolve["extensions"]), (&json!("2027-10-11T09:30:00Z"), &json!("2027-09-30T09:30:00Z"), &json!(1)));
        let explained = deadline(&app, &id, "resolve").await;
        assert_eq!((&explained["amount"], &explained["extended"], &explained["due_at"]), (&json!(10), &json!(3), &json!("2027-10-11T09:30:00Z")));
        let days = explained["days"].as_array().unwrap();
        assert_eq!(days.iter().filter(|day| day["counting"] == "holiday").count(), 7, "国庆");
        assert_eq!(days.last().unwrap()["total"], 10);
        assert!(explained["recount_due_at"].is_null());
        // The requester is told the day, and reads why.
        app.settle().await;
        let resident = app.resident(REQUESTER).await;
        assert!(told(&resident).await[0].contains("10月11日17:30"), "{:?}", told(&resident).await);
        let theirs = seen(&resident, &id).await;
        assert_eq!(theirs.body["promised_at"], "2027-10-11T09:30:00Z");
        let entry = theirs.body["timeline"].as_array().unwrap().iter().find(|entry| entry["kind"] == "extension_granted").unwrap();
        assert_eq!(entry["public_text"], "需等待鉴定结果");
        assert!(!theirs.text.contains("extension_requested"), "what was asked is the units' matter");
        // The ceiling is 15 working days, and one more extension is left.
        let more = |amount: i32| json!({ "action": "request_extension", "amount": amount, "reason": "再延" });
        let spent = refused(&handler, &reader, &id, &more(6), 409, "extension_exhausted").await;
        assert_eq!((&spent.body["extensions_left"], &spent.body["amount_left"]), (&json!(1), &json!(5)));
        handler.act(&id, &more(5)).await.expect(200);
        let no = json!({ "action": "refuse_extension", "reason": "应抓紧" });
        manager.act(&id, &no).await.expect(200);
        assert_eq!(clock(&seen(&reader, &id).await, "resolve")["due_at"], "2027-10-11T09:30:00Z");
        refused(&manager, &reader, &id, &no, 409, "nothing_open").await;
    }

    /// Too late is too late.
    async fn more_time_is_not_asked_for_after_the_end(app: TestApp) {
        let (id, _) = in_progress(&app).await;
        app.turn(TimeDelta::days(30));
        let reader = app.staff("supervisor").await;
        let ask = json!({ "action": "request_extension", "amount": 1, "reason": "x" });
        refused(&handler(&app, &id).await, &reader, &id, &ask, 409, "extension_after_due").await;
        let nothing = json!({ "action": "request_extension", "amount": 0, "reason": "x" });
        let answer = refused(&handler(&app, &id).await, &reader, &id, &nothing, 422, "invalid_input").await;
        assert!(answer.rule("/amount").is_some());
    }

    /// The centre lets it rest; the days of rest do not count, and it goes on by itself.
    async fn a_suspended_ticket_goes_on_by_itself(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let supervisor = app.staff("supervisor").await;
        assert_eq!(clock(&seen(&supervisor, &id).await, "resolve")["due_at"], "2026-12-03T09:30:00Z");
        let rest = |day: &str| json!({ "action": "suspend", "review_on": day, "reason": "等待法院判决" });
        refused(&handler, &supervisor, &id, &rest("2026-11-26"), 403, "forbidden").await;
        for day in ["2026-11-24", "2026-12-25"] {
            let answer = refused(&supervisor, &supervisor, &id, &rest(day), 422, "invalid_input").await;
            assert_eq!(answer.rule("/review_on"), Some("range"), "{}", answer.text);
        }
        let resting = supervisor.act(&id, &rest("2026-11-26")).await;
        resting.expect(200);
        assert_eq!((&resting.body["state"], clock(&resting, "resolve")["paused_at"].is_string()), (&json!("suspended"), true));
        refused(&handler, &supervisor, &id, &json!({ "action": "reply", "result": "solved", "public_text": "x" }), 409, "action_not_allowed").await;
        app.settle().await;
        let resident = app.resident(REQUESTER).await;
        assert!(told(&resident).await[0].contains("暂缓办理"));
        // The day of review is the 26th; at midnight it goes on.
        app.turn(TimeDelta::hours(63));
        app.settle().await;
        let reader = app.staff("supervisor").await;
        let again = seen(&reader, &id).await;
        assert_eq!(again.body["state"], "in_progress");
        // The 25th and 26th rested; the 24th is the day of receipt.
        let resolve = clock(&again, "resolve");
        assert_eq!((&resolve["due_at"], &resolve["first_due_at"]), (&json!("2026-12-07T09:30:00Z"), &json!("2026-12-03T09:30:00Z")));
        let explained = deadline(&app, &id, "resolve").await;
        let rested: Vec<&str> = explained["days"].as_array().unwrap().iter().filter(|day| day["counting"] == "paused").map(|day| day["day"].as_str().unwrap()).collect();
        assert_eq!(rested, ["2026-11-25", "2026-11-26"]);
        assert!(explained["recount_due_at"].is_null(), "{explained}");
        let last = again.body["proceedings"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["kind"], &last["state"]), (&json!("suspension"), &json!("done")));
        refused(&reader, &reader, &id, &json!({ "action": "resume" }), 409, "action_not_allowed").await;
    }

    /// A hard case runs by a plan that the requester sees.
    async fn a_hard_case_has_a_plan(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let supervisor = app.staff("supervisor").await;
        let plan = |days: &[&str]| {
            let milestones: Vec<Value> = days.iter().map(|day| json!({ "what": format!("阶段目标 {day}"), "due_on": day })).collect();
            json!({ "action": "set_plan", "milestones": milestones, "reason": "涉及历史遗留产权" })
        };
        for (days, pointer) in [
            (&["2027-01-10", "2026-12-10"][..], "/milestones/1/due_on"),
            (&["2027-06-01"], "/milestones/0/due_on"),
            (&[], "/milestones"),
        ] {
            let answer = refused(&supervisor, &supervisor, &id, &plan(days), 422, "invalid_input").await;
            assert!(answer.rule(pointer).is_some(), "{}", answer.text);
        }
        refused(&handler, &supervisor, &id, &plan(&["2026-12-10"]), 403, "forbidden").await;
        let set = supervisor.act(&id, &plan(&["2026-12-10", "2027-01-20"])).await;
        set.expect(200);
        assert_eq!(set.body["hard_case"], true);
        let resolve = clock(&set, "resolve");
        assert_eq!((&resolve["due_at"], &resolve["by_plan"]), (&json!("2027-01-20T16:00:00Z"), &json!(true)));
        let resident = app.resident(REQUESTER).await;
        let theirs = seen(&resident, &id).await;
        let stages = theirs.body["proceedings"].as_array().unwrap();
        assert_eq!((stages.len(), &stages[0]["asked"]), (2, &json!("阶段目标 2026-12-10")));
        let reached = json!({ "action": "reach_milestone", "milestone_id": stages[0]["id"], "public_text": "已完成测绘" });
        handler.act(&id, &reached).await.expect(200);
        refused(&handler, &supervisor, &id, &reached, 409, "nothing_open").await;
        let theirs = seen(&resident, &id).await;
        assert_eq!((&theirs.body["proceedings"][0]["state"], &theirs.body["proceedings"][0]["answered"]), (&json!("done"), &json!("已完成测绘")));
        answered(&app, &id, &handler).await;
        let after = seen(&supervisor, &id).await;
        assert_eq!(after.body["proceedings"][1]["state"], "lapsed", "solved before its plan ended");
    }

    /// What was closed can be taken up again within the days that are set, and not after.
    async fn a_closed_ticket_is_reopened_within_its_days(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        answered(&app, &id, &handler).await;
        let resident = app.resident(REQUESTER).await;
        let rating = json!({ "contacted": true, "solved": true, "satisfied": 4 });
        resident.act(&id, &json!({ "action": "rate", "rating": rating })).await.expect(200);
        app.turn(TimeDelta::days(3));
        let resident = app.resident(REQUESTER).await;
        let again = json!({ "action": "reopen", "reason": "又开始吵了" });
        let reader = app.staff("supervisor").await;
        refused(&app.staff(LEAD).await, &reader, &id, &again, 403, "forbidden").await;
        let open = resident.act(&id, &again).await;
        open.expect(200);
        assert_eq!((&open.body["state"], &open.body["round"], &open.body["closed_at"]), (&json!("in_progress"), &json!(2), &Value::Null));
        assert_eq!(clock(&seen(&reader, &id).await, "resolve")["round"], 2, "a new promise");
        let handler = super::handler(&app, &id).await;
        answered(&app, &id, &handler).await;
        resident.act(&id, &json!({ "action": "rate", "rating": rating })).await.expect(200);
        // Such matters come back: they are asked about after a month, and a week longer they can be taken up.
        app.turn(TimeDelta::days(36));
        assert!(seen(&app.resident(REQUESTER).await, &id).await.body["actions"].as_array().unwrap().contains(&json!("reopen")));
        app.turn(TimeDelta::days(1));
        let (resident, reader) = (app.resident(REQUESTER).await, app.staff("supervisor").await);
        refused(&resident, &reader, &id, &again, 409, "reopen_window_past").await;
    }

    /// One tap, heard by who has it; a second one has to wait.
    async fn the_requester_urges(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        let resident = app.resident(REQUESTER).await;
        let path = format!("/api/v1/tickets/{id}/actions");
        let urged = resident.post(&path, &json!({ "action": "urge" })).await;
        urged.expect(200);
        assert_eq!(urged.body["urges"], 1, "no version is needed");
        let reader = app.staff("supervisor").await;
        refused(&resident, &reader, &id, &json!({ "action": "urge" }), 429, "urge_too_soon").await;
        app.settle().await;
        for client in [&handler, &app.staff(LEAD).await] {
            assert!(told(client).await[0].starts_with("诉求人催办"));
        }
        app.turn(TimeDelta::hours(24));
        let resident = app.resident(REQUESTER).await;
        resident.act(&id, &json!({ "action": "urge", "text": "还是很吵" })).await.expect(200);
        assert_eq!(kinds(&seen(&resident, &id).await).iter().filter(|kind| *kind == "urged").count(), 2);
    }

    /// A refusal can be appealed against once, and somebody else decides.
    async fn an_appeal_is_decided_by_another(app: TestApp) {
        let operator = app.staff("operator").await;
        let request = json!({ "requester": { "phone": REQUESTER }, "category": "120302", "title": "噪声", "content": "吵",
            "place": { "address": "羊桥社区" }, "hold": true });
        let made = operator.post("/api/v1/tickets", &request).await;
        let id = made.text_at("/ticket/id");
        let no = json!({ "action": "reject", "reason": "judicial", "channel_told": "蓬江区人民法院" });
        operator.act(&id, &no).await.expect(200);
        let resident = app.resident(REQUESTER).await;
        let appeal = json!({ "action": "appeal", "reason": "并未起诉" });
        let again = resident.act(&id, &appeal).await;
        again.expect(200);
        assert_eq!(again.body["state"], "registered");
        let reader = app.staff("supervisor").await;
        for same in [&no, &json!({ "action": "accept" })] {
            refused(&operator, &reader, &id, same, 403, "another_must_decide").await;
        }
        let other = app.staff("operator-b").await;
        other.act(&id, &no).await.expect(200);
        refused(&resident, &reader, &id, &appeal, 409, "action_not_allowed").await;
    }
}
