//! The deadline policy and the calendar: the next ticket is due by them, those before stay as they were.

use super::{YANGQIAO, at, audited, changed, entries, registered};
use crate::on_both;
use crate::support::{Answer, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};

const POLICIES: &str = "/api/v1/deadline-policies";
const IMPORTS: &str = "/api/v1/calendar/imports";

/// The clock of the resolution.
fn resolve(answer: &Answer) -> Value {
    let clocks = answer
        .body
        .pointer("/ticket/clocks")
        .or(answer.body.pointer("/clocks"))
        .unwrap();
    let clock = clocks
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["kind"] == "resolve");
    clock.unwrap_or_else(|| panic!("{}", answer.text)).clone()
}

/// The clock of the resolution of a new ticket, as it is read.
async fn next(app: &TestApp) -> Value {
    let answer = registered(app, "羊桥社区", "120302").await;
    let read = app
        .staff("operator")
        .await
        .get(&format!("/api/v1/tickets/{}", answer.text_at("/ticket/id")))
        .await;
    resolve(&read)
}

async fn calendar(app: &TestApp, year: i32) -> Value {
    app.nobody()
        .get(&format!("/api/v1/calendar?year={year}"))
        .await
        .expect(200)
        .body
        .clone()
}

on_both! {
    /// A line for a service rules before the general one; when it ends, the general one does again.
    async fn a_line_changes_what_the_next_ticket_is_due(app: TestApp) {
        let first = registered(&app, "羊桥社区", "120302").await;
        let path = format!("/api/v1/tickets/{}", first.text_at("/ticket/id"));
        let before = next(&app).await;
        assert_eq!((&before["amount"], &before["unit"], &before["due_at"]), (&json!(7), &json!("working_days"), &json!("2026-12-03T09:30:00Z")));

        let sysadmin = app.staff("sysadmin").await;
        let line = json!({ "clock": "resolve", "category": "1203", "request_type": "complaint", "urgency": "p2", "amount": 3, "unit": "working_days" });
        let made = sysadmin.post(POLICIES, &line).await;
        made.expect(201);
        audited(&app, "create_policy", "system_admin", &made.body["id"]).await;
        let rival = sysadmin.post(POLICIES, &line).await;
        assert_eq!(rival.problem(409, "conflict").body["policy_id"], made.body["id"]);
        app.pass("reference").await;
        assert_eq!(next(&app).await["due_at"], "2026-11-27T09:30:00Z");
        assert_eq!(resolve(&app.staff("operator").await.get(&path).await)["due_at"], before["due_at"], "a clock that runs keeps its time");

        let (place, etag) = at("deadline-policies", &made.body);
        let answer = changed(&sysadmin, "PATCH", &place, &etag, &json!({ "valid_to": "2026-11-24" })).await;
        assert_eq!(answer.body["valid_to"], "2026-11-24");
        audited(&app, "update_policy", "system_admin", &made.body["id"]).await;
        app.turn(TimeDelta::days(1));
        app.pass("reference").await;
        assert_eq!(next(&app).await["due_at"], "2026-12-04T09:30:00Z");
    }

    /// The line that fits everything can't end in nothing; another takes its place, and its own extensions with it.
    async fn the_last_resort_leaves_no_gap(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let of_tasks = || async { sysadmin.get(&format!("{POLICIES}?clock=task")).await.body["items"].clone() };
        let before = of_tasks().await;
        let last_resort = before.as_array().unwrap().iter().find(|line| line["urgency"].is_null()).unwrap().clone();
        let (place, etag) = at("deadline-policies", &last_resort);
        let gap = sysadmin.change("PATCH", &place, &etag, &json!({ "valid_to": "2026-12-31" })).await;
        assert_eq!(gap.problem(409, "policy_gap").body["from"], "2027-01-01");
        let line = |more: Value| {
            let mut line = json!({ "clock": "task", "amount": 2, "unit": "working_days", "valid_from": "2027-01-01" });
            line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            line
        };
        // Overlapping, ending itself, extended though it is no limit of the resolution: nothing changes.
        sysadmin.post(POLICIES, &line(json!({}))).await.problem(409, "conflict");
        sysadmin.post(POLICIES, &line(json!({ "supersede": true, "valid_to": "2027-06-30" }))).await.problem(409, "policy_gap");
        let wrong = sysadmin.post(POLICIES, &line(json!({ "extensions": 1, "ceiling": 1 }))).await;
        let wrong = wrong.problem(422, "invalid_input");
        assert_eq!((wrong.rule("/extensions"), wrong.rule("/ceiling")), (Some("unexpected"), Some("range")));
        assert_eq!(of_tasks().await, before);
        let made = sysadmin.post(POLICIES, &line(json!({ "supersede": true }))).await;
        made.expect(201);
        let ended = of_tasks().await.as_array().unwrap().iter().find(|line| line["id"] == last_resort["id"]).unwrap().clone();
        assert_eq!(ended["valid_to"], "2026-12-31");
        // Now that it goes on, the first may end as it does.
        let (place, etag) = at("deadline-policies", &ended);
        changed(&sysadmin, "PATCH", &place, &etag, &json!({ "valid_to": "2026-12-31" })).await;
    }

    /// For one unit, and not for its neighbour.
    async fn a_line_may_be_for_one_unit(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let unit = app.unit(YANGQIAO).await;
        let line = json!({ "clock": "resolve", "unit_id": unit["id"], "category": "120302", "request_type": "complaint", "urgency": "p2", "amount": 60, "unit": "minutes" });
        sysadmin.post(POLICIES, &line).await.expect(201);
        app.pass("reference").await;
        assert_eq!(next(&app).await["due_at"], "2026-11-24T02:00:00Z");
        assert_eq!(resolve(&registered(&app, "迦南社区", "120302").await)["due_at"], "2026-12-03T09:30:00Z");
        for (name, value, rule) in [("unit_id", json!(uuid::Uuid::nil()), "unknown"), ("amount", json!(0), "range"), ("valid_to", json!("2020-01-01"), "range")] {
            let mut wrong = line.clone();
            wrong[name] = value;
            assert_eq!(sysadmin.post(POLICIES, &wrong).await.problem(422, "invalid_input").rule(&format!("/{name}")), Some(rule));
        }
        app.staff("dispatcher").await.post(POLICIES, &line).await.problem(403, "forbidden");
    }

    /// A due time in a year whose holidays are not published is provisional, until they are.
    async fn a_year_becomes_official(app: TestApp) {
        app.turn(TimeDelta::days(34));
        let before = next(&app).await;
        assert_eq!((&before["provisional"], &before["due_at"]), (&json!(true), &json!("2027-01-07T09:30:00Z")));
        let known = calendar(&app, 2027).await;
        assert_eq!(known["status"], "provisional");

        let sysadmin = app.staff("sysadmin").await;
        let published = json!({ "2027": {
            "off": ["2027-01-01"], "work": ["2027-01-02"], "status": "official", "source": "国办发明电〔2026〕1号（示例）"
        } });
        let imported = sysadmin.post(IMPORTS, &published).await;
        imported.expect(200);
        assert_eq!(imported.body["items"][0]["version"], known["version"].as_i64().unwrap() + 1);
        audited(&app, "import_calendar", "system_admin", &json!("2027")).await;
        app.pass("reference").await;
        let after = next(&app).await;
        assert_eq!((&after["provisional"], &after["due_at"]), (&json!(false), &json!("2027-01-06T09:30:00Z")), "a Saturday more");
        let now = calendar(&app, 2027).await;
        assert_eq!((&now["status"], &now["work"], &now["off"]), (&json!("official"), &json!(["2027-01-02"]), &json!(["2027-01-01"])));
    }

    /// Of two years one of which contradicts itself, none is imported.
    async fn a_contradictory_calendar_is_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let (before, before_next) = (calendar(&app, 2027).await, calendar(&app, 2028).await);
        let right = json!({ "off": ["2028-01-01"], "work": [], "status": "official", "source": "x" });
        for (year, wrong, pointer, rule, code) in [
            ("2027", json!({ "off": ["2027-02-06"], "work": ["2027-02-06"], "status": "official", "source": "x" }), "/2027/work/0", "taken", "calendar_contradiction"),
            ("2027", json!({ "off": ["2027-02-06", "2027-02-06"], "work": [], "status": "official", "source": "x" }), "/2027/off/1", "taken", "calendar_contradiction"),
            ("2027", json!({ "off": ["2026-02-06"], "work": [], "status": "official", "source": "x" }), "/2027/off/0", "form", "calendar_contradiction"),
            ("2027", json!({ "off": [], "work": ["2027-02-08"], "status": "official", "source": "x" }), "/2027/work/0", "form", "calendar_contradiction"),
            ("2027", json!({ "off": [], "work": [], "status": "official", "source": " " }), "/2027/source", "required", "invalid_input"),
            ("27", json!({ "off": [], "work": [], "status": "official", "source": "x" }), "/27", "range", "invalid_input"),
        ] {
            let answer = sysadmin.post(IMPORTS, &json!({ "2028": right, year: wrong })).await;
            assert_eq!(answer.problem(422, code).rule(pointer), Some(rule), "{}", answer.text);
        }
        // What can't be read is told first, with what contradicts itself.
        let both = json!({ "2027": { "off": ["2027-02-06"], "work": ["2027-02-06"], "status": "official", "source": " " } });
        let answer = sysadmin.post(IMPORTS, &both).await;
        assert_eq!(answer.problem(422, "invalid_input").body["errors"].as_array().unwrap().len(), 2);
        sysadmin.post(IMPORTS, &json!({ "2027": { "off": ["2027-02-30"], "work": [], "status": "official", "source": "x" } })).await.problem(422, "invalid_input");
        assert_eq!((calendar(&app, 2027).await, calendar(&app, 2028).await), (before, before_next));
        assert_eq!(entries(&app, "import_calendar").await, 1, "the demonstration's own");
        app.staff("dispatcher").await.post(IMPORTS, &json!({ "2028": right })).await.problem(403, "forbidden");
        sysadmin.post(IMPORTS, &json!({ "2028": right })).await.expect(200);
    }
}
