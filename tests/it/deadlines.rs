//! Deadlines that explain themselves, with and without a ticket.

use crate::administration::registered;
use crate::on_both;
use crate::support::{Answer, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};

const SIMULATE: &str = "/api/v1/deadlines/simulate";

fn clock<'a>(answer: &'a Answer, kind: &str) -> &'a Value {
    let items = answer.body["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["clock"] == kind)
        .unwrap_or_else(|| panic!("{}", answer.text))
}

/// Day, what it is, whether it counted, and the total so far.
fn days(deadline: &Value) -> Vec<String> {
    let days = deadline["days"].as_array().unwrap().iter();
    days.map(|day| {
        format!(
            "{} {} {} {}",
            &day["day"].as_str().unwrap()[5..],
            day["kind"].as_str().unwrap(),
            day["counting"].as_str().unwrap(),
            day["total"]
        )
    })
    .collect()
}

/// As the operator sees them.
async fn deadlines(app: &TestApp, made: &Answer) -> Answer {
    let path = format!("/api/v1/tickets/{}/deadlines", made.text_at("/ticket/id"));
    app.staff("operator").await.get(&path).await
}

on_both! {
    /// Seven working days over the National Day holiday.
    async fn a_simulation_says_day_by_day_what_counts(app: TestApp) {
        let operator = app.staff("operator").await;
        let question = json!({ "category": "120302", "request_type": "complaint", "at": "2026-09-30T10:00:00+08:00" });
        let answer = operator.post(SIMULATE, &question).await;
        answer.expect(200);
        let resolve = clock(&answer, "resolve");
        assert_eq!((&resolve["amount"], &resolve["unit"], &resolve["due_at"]), (&json!(7), &json!("working_days"), &json!("2026-10-15T09:30:00Z")));
        assert_eq!(
            days(resolve),
            [
                "09-30 working day_of_receipt 0", "10-01 holiday holiday 0", "10-02 holiday holiday 0", "10-03 holiday holiday 0",
                "10-04 holiday holiday 0", "10-05 holiday holiday 0", "10-06 holiday holiday 0", "10-07 holiday holiday 0",
                "10-08 working counted 1", "10-09 working counted 2", "10-10 make_up counted 3", "10-11 weekend weekend 3",
                "10-12 working counted 4", "10-13 working counted 5", "10-14 working counted 6", "10-15 working counted 7",
            ]
        );
        assert_eq!(resolve["days"][10]["label"], "调休上班日，计入");
        assert_eq!(resolve["calendar"], json!([{ "year": 2026, "status": "official", "version": 1 }]));
        assert!(resolve["policy"]["id"].is_string(), "a line of the policy sets it");
        let urgent = json!({ "category": "120302", "urgency": "p1", "at": "2026-09-30T23:00:00+08:00" });
        let answer = operator.post(SIMULATE, &urgent).await;
        let sign = clock(&answer, "sign");
        assert_eq!((&sign["due_at"], &sign["calendar"]), (&json!("2026-09-30T15:30:00Z"), &json!([])));
        assert_eq!(days(sign), ["09-30 working counted 30"], "day and night");
        // The service's own limit, into a year whose holidays nobody knows yet.
        let own = json!({ "category": "030101", "at": "2026-12-25T10:00:00+08:00" });
        let answer = operator.post(SIMULATE, &own).await;
        let resolve = clock(&answer, "resolve");
        assert_eq!((&resolve["policy"], &resolve["provisional"]), (&Value::Null, &json!(true)));
        let last = resolve["days"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["total"], &last["published"]), (&json!(10), &json!(false)));
    }

    /// What can't be counted says which field, and why.
    async fn a_simulation_of_nonsense_is_refused(app: TestApp) {
        let operator = app.staff("operator").await;
        operator.post(SIMULATE, &json!({ "category": "999999" })).await.problem(422, "category_unknown");
        operator.post(SIMULATE, &json!({ "category": "120302", "request_type": "praise" })).await.problem(422, "type_not_for_category");
        let unit = json!({ "category": "120302", "unit_id": "019abcde-0000-7000-8000-000000000000" });
        let answer = operator.post(SIMULATE, &unit).await;
        answer.problem(422, "invalid_input");
        assert_eq!(answer.body["errors"][0]["pointer"], "/unit_id");
        let answer = operator.post(SIMULATE, &json!({ "category": "120302", "at": "1999-12-31T00:00:00Z" })).await;
        answer.problem(422, "invalid_input");
        assert_eq!(answer.body["errors"][0]["pointer"], "/at");
        operator.post(SIMULATE, &json!({ "category": "120302", "at": "yesterday" })).await.problem(422, "invalid_input");
        app.resident("13900000001").await.post(SIMULATE, &json!({ "category": "120302" })).await.problem(403, "forbidden");
    }

    /// The unit sees every clock of its ticket, the requester the one that was promised, nobody else any.
    async fn a_ticket_tells_why_it_is_due(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let request = json!({ "category": "020101", "title": "证明", "content": "材料", "place": { "address": "羊桥社区" } });
        let made = resident.post("/api/v1/tickets", &request).await;
        made.expect(201);
        let path = format!("/api/v1/tickets/{}/deadlines", made.text_at("/ticket/id"));
        let known = app.staff("operator").await.get(&format!("/api/v1/tickets/{}", made.text_at("/ticket/id"))).await;
        let handler = app.handler_of(&known.body).await;
        let seen = handler.get(&path).await;
        seen.expect(200);
        let sign = clock(&seen, "sign");
        // Registered on a Tuesday; one working day ends on Wednesday with the last window.
        assert_eq!((&sign["due_at"], &sign["lamp"], &sign["breached"]), (&json!("2026-11-25T09:30:00Z"), &json!("green"), &json!(false)));
        assert_eq!(days(sign), ["11-24 working day_of_receipt 0", "11-25 working counted 1"]);
        let promised = resident.get(&path).await;
        let kinds: Vec<&Value> = promised.body["items"].as_array().unwrap().iter().map(|item| &item["clock"]).collect();
        assert_eq!(kinds, ["resolve"]);
        assert_eq!(promised.body["items"][0]["due_at"], made.body["ticket"]["promised_at"]);
        app.resident("13900000002").await.get(&path).await.problem(404, "not_found");

        for (hours, lamp) in [(27, "yellow"), (5, "orange"), (1, "red")] {
            app.turn(TimeDelta::hours(hours));
            app.settle().await;
            let seen = app.handler_of(&known.body).await.get(&path).await;
            assert_eq!(clock(&seen, "sign")["lamp"], lamp, "{}", clock(&seen, "sign"));
        }
        let id = made.text_at("/ticket/id");
        let handler = app.handler_of(&known.body).await;
        handler.act(&id, &json!({ "action": "sign" })).await.expect(200);
        let seen = handler.get(&path).await;
        let sign = clock(&seen, "sign");
        assert_eq!((&sign["lamp"], &sign["breached"]), (&Value::Null, &json!(true)));
        assert!(sign["stopped_at"].is_string());
    }

    /// A year is published: what was counted into it is counted again, told to whom it was promised, and nothing else moves.
    async fn publishing_a_year_moves_what_was_counted_into_it(app: TestApp) {
        let within = registered(&app, "羊桥社区", "020101").await;
        app.turn(TimeDelta::days(30));
        app.settle().await;
        let into = registered(&app, "羊桥社区", "120302").await;
        app.settle().await;
        let resolve = |answer: &Answer| clock(answer, "resolve").clone();
        let before = resolve(&deadlines(&app, &into).await);
        assert_eq!((&before["due_at"], &before["provisional"]), (&json!("2027-01-05T09:30:00Z"), &json!(true)));
        let untouched = deadlines(&app, &within).await;

        let year = json!({ "2027": { "off": ["2027-01-01", "2027-01-04"], "work": ["2027-01-03"], "status": "official", "source": "测试" } });
        let sysadmin = app.staff("sysadmin").await;
        sysadmin.post("/api/v1/calendar/imports", &year).await.expect(200);
        // Counted by now, not yet counted again.
        app.pass("reference").await;
        let standing = resolve(&deadlines(&app, &into).await);
        assert_eq!(standing["due_at"], before["due_at"]);
        app.turn(TimeDelta::seconds(6));
        app.settle().await;
        let after = deadlines(&app, &into).await;
        let seen = resolve(&after);
        assert_eq!((&seen["due_at"], &seen["provisional"], &seen["recount_due_at"]), (&json!("2027-01-05T09:30:00Z"), &json!(false), &Value::Null));
        assert_eq!(seen["days"][10]["label"], "调休上班日，计入", "2027-01-03");

        let later = json!({ "2027": { "off": ["2027-01-01", "2027-01-04", "2027-01-05"], "work": ["2027-01-03"], "status": "official", "source": "测试" } });
        app.staff("sysadmin").await.post("/api/v1/calendar/imports", &later).await.expect(200);
        app.pass("reference").await;
        assert_eq!(resolve(&deadlines(&app, &into).await)["recount_due_at"], "2027-01-06T09:30:00Z", "said before it is done");
        app.turn(TimeDelta::seconds(6));
        app.settle().await;
        let seen = resolve(&deadlines(&app, &into).await);
        assert_eq!((&seen["due_at"], &seen["recount_due_at"]), (&json!("2027-01-06T09:30:00Z"), &Value::Null));
        assert_eq!(untouched.body, deadlines(&app, &within).await.body, "it lies within the published year");

        let resident = app.resident("13900000001").await;
        let path = format!("/api/v1/tickets/{}", into.text_at("/ticket/id"));
        let ticket = resident.get(&path).await;
        let told: Vec<&Value> = ticket.body["timeline"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "recounted").collect();
        assert_eq!(told.len(), 1, "the requester sees that the promise moved, not that it was confirmed: {}", ticket.text);
        assert_eq!(ticket.body["promised_at"], "2027-01-06T09:30:00Z");
        let inbox = resident.get("/api/v1/notices").await;
        let notices = inbox.body["items"].as_array().unwrap();
        assert_eq!(notices.iter().filter(|notice| notice["template"] == "ticket_recounted").count(), 1, "{}", inbox.text);
        let check = resident.get(&format!("{path}/verify")).await;
        assert_eq!(check.body["intact"], true);
    }

    /// A day on which nobody could work is declared off afterwards: what ran out on it did not run out.
    async fn a_closure_heals_what_ran_out_on_it(app: TestApp) {
        let made = registered(&app, "羊桥社区", "020101").await;
        app.turn(TimeDelta::hours(33));
        app.settle().await;
        let seen = deadlines(&app, &made).await;
        assert_eq!((&clock(&seen, "sign")["breached"], &clock(&seen, "sign")["lamp"]), (&json!(true), &json!("red")));
        let known = app.nobody().get("/api/v1/calendar?year=2026").await;
        let mut off = known.body["off"].as_array().unwrap().clone();
        off.push(json!("2026-11-25"));
        let year = json!({ "2026": { "off": off, "work": known.body["work"], "status": "official", "source": "测试：台风停工" } });
        app.staff("sysadmin").await.post("/api/v1/calendar/imports", &year).await.expect(200);
        app.pass("reference").await;
        app.turn(TimeDelta::seconds(6));
        app.settle().await;
        let seen = deadlines(&app, &made).await;
        let sign = clock(&seen, "sign");
        assert_eq!((&sign["breached"], &sign["due_at"], &sign["lamp"]), (&json!(false), &json!("2026-11-26T09:30:00Z"), &json!("green")));
        app.turn(TimeDelta::days(1));
        app.settle().await;
        let seen = deadlines(&app, &made).await;
        assert_eq!(clock(&seen, "sign")["breached"], true, "its timer fires at the new end");
    }
}
