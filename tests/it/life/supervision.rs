//! The supervisor's desk: what stands where, the figures against a slow count of their own, actions in bulk.

use super::{LEAD, REQUESTER, dispatched, handler, id_of, in_progress, registered_by, return_to};
use crate::on_both;
use crate::support::TestApp;
use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{ClockKind, EntryKind, ProceedingState, TicketState};
use entity::{callback, clock, proceeding, ticket, ticket_entry};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A ticket that lives so: signed after some hours, answered after some days, rated so by its requester.
async fn lives(app: &TestApp, hours: i64, days: i64, rating: Option<(bool, bool, u8)>) -> String {
    let id = id_of(&registered_by(&app.staff("operator").await, REQUESTER).await);
    app.turn(TimeDelta::hours(hours));
    let steps = [
        json!({ "action": "sign" }),
        json!({ "action": "first_contact", "reached": true, "by": "电话" }),
    ];
    for step in &steps {
        handler(app, &id).await.act(&id, step).await.expect(200);
    }
    app.turn(TimeDelta::days(days));
    let reply = json!({ "action": "reply", "result": "solved", "public_text": "已办结" });
    handler(app, &id).await.act(&id, &reply).await.expect(200);
    app.staff(LEAD)
        .await
        .act(&id, &json!({ "action": "approve" }))
        .await
        .expect(200);
    if let Some((contacted, solved, satisfied)) = rating {
        let rating = json!({ "contacted": contacted, "solved": solved, "satisfied": satisfied });
        let rate = json!({ "action": "rate", "rating": rating });
        app.resident(REQUESTER).await.act(&id, &rate).await.expect(200);
    }
    app.settle().await;
    id
}

/// What the figures should be, out of every row there is and the history of each ticket.
async fn slow_count(app: &TestApp) -> Value {
    let db = app.app.kit().db.read();
    let now = app.clock.now();
    let small = |n: i32| usize::try_from(n).unwrap();
    let tickets = ticket::Entity::find().all(db).await.unwrap();
    let mut entries = std::collections::HashMap::new();
    for entry in ticket_entry::Entity::find()
        .order_by_asc(ticket_entry::Column::Seq)
        .all(db)
        .await
        .unwrap()
    {
        entries
            .entry(entry.ticket_id)
            .or_insert_with(Vec::new)
            .push(entry);
    }
    let (mut signs, mut signed) = (0, 0);
    let (mut dispatched, mut returned, mut completed, mut reworked) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut resolves, mut resolved, mut first, mut extended) = (0, 0, 0, 0);
    for clock in clock::Entity::find().all(db).await.unwrap() {
        let of = tickets
            .iter()
            .find(|ticket| ticket.id == clock.ticket_id)
            .unwrap();
        if of.state == TicketState::Withdrawn || of.state == TicketState::Merged {
            continue;
        }
        // When it ended, by the timeline alone.
        let history = &entries[&clock.ticket_id];
        let ends: &[EntryKind] = match clock.kind {
            ClockKind::Sign => &[EntryKind::Signed],
            ClockKind::Resolve => &[EntryKind::Approved],
            _ => continue,
        };
        let round = |upto: usize| {
            1 + history[..upto]
                .iter()
                .filter(|entry| matches!(entry.kind, EntryKind::Reworked | EntryKind::Reopened))
                .count()
        };
        let end = history
            .iter()
            .enumerate()
            .find(|(at, entry)| {
                entry.at >= clock.started_at && ends.contains(&entry.kind) && round(*at) == small(clock.round)
            })
            .map(|(_, entry)| entry.at);
        if end.is_none() && (clock.due_at > now || clock.paused_at.is_some()) {
            continue;
        }
        // Who gave it back, or lost it to another unit, without signing has neither signed nor been late; what is refused
        // was not resolved. Who was late by then was late.
        if end.is_none() && clock.stopped_at.is_some_and(|at| at < clock.due_at) {
            continue;
        }
        let by = |due: DateTime<Utc>| end.is_some_and(|end| end < due);
        match clock.kind {
            ClockKind::Sign => {
                signs += 1;
                signed += i32::from(by(clock.due_at));
            }
            _ => {
                let granted: Vec<&ticket_entry::Model> = history
                    .iter()
                    .filter(|entry| entry.kind == EntryKind::ExtensionGranted && entry.at >= clock.started_at)
                    .collect();
                resolves += 1;
                extended += i32::from(!granted.is_empty());
                resolved += i32::from(by(clock.due_at));
                let before = granted
                    .first()
                    .and_then(|entry| entry.data["due_before"].as_str())
                    .map_or(clock.due_at, |due| due.parse().unwrap());
                first += i32::from(by(before));
            }
        }
    }
    for (id, history) in &entries {
        // Each unit counts its own: a ticket that went to two is counted by both; one that was taken back, or is treated
        // with another, by none.
        let state = tickets.iter().find(|ticket| ticket.id == *id).unwrap().state;
        let gone = matches!(state, TicketState::Withdrawn | TicketState::Merged);
        let mut unit = Value::Null;
        for entry in history {
            match entry.kind {
                EntryKind::Dispatched | EntryKind::Reassigned | EntryKind::ReturnRequested if gone => {}
                EntryKind::Dispatched | EntryKind::Reassigned => {
                    unit = entry.data["unit_id"].clone();
                    _ = dispatched.insert((*id, unit.to_string()));
                }
                EntryKind::ReturnRequested => _ = returned.insert((*id, unit.to_string())),
                EntryKind::Approved => _ = completed.insert((*id, unit.to_string())),
                EntryKind::Reworked | EntryKind::Reopened => _ = reworked.insert((*id, unit.to_string())),
                _ => {}
            }
        }
    }
    let callbacks = callback::Entity::find().all(db).await.unwrap();
    let answered: Vec<&callback::Model> = callbacks.iter().filter(|row| row.answered_at.is_some()).collect();
    let n = |keep: &dyn Fn(&callback::Model) -> bool| answered.iter().filter(|row| keep(row)).count();
    let weight: f64 = answered
        .iter()
        .filter_map(|row| row.satisfied)
        .map(|step| [0.0, 0.0, 0.0, 0.8, 1.0, 1.0][usize::try_from(step).unwrap()])
        .sum();
    let returns = proceeding::Entity::find().all(db).await.unwrap();
    let ruled: Vec<&proceeding::Model> = returns
        .iter()
        .filter(|row| row.ground.is_some() && row.ended_at.is_some())
        .collect();
    let granted = ruled
        .iter()
        .filter(|row| row.state == ProceedingState::Granted)
        .count();
    let share = |part: f64, n: usize| {
        if n == 0 {
            json!({ "n": 0 })
        } else {
            json!({ "n": n, "percent": (part / n as f64 * 10_000.0).round() / 100.0 })
        }
    };
    let of = |part: usize, n: usize| share(part as f64, n);
    json!({
        "dispatched": dispatched.len(),
        "signed_in_time": of(small(signed), small(signs)),
        "resolved_in_time": of(small(resolved), small(resolves)),
        "resolved_without_extension": of(small(first), small(resolves)),
        "extended": of(small(extended), small(resolves)),
        "responded": of(n(&|row| row.contacted == Some(true)), answered.len()),
        "solved": of(n(&|row| row.solved == Some(true)), answered.len()),
        "satisfied": share(weight, n(&|row| row.satisfied.is_some())),
        "returned": of(returned.len(), dispatched.len()),
        "returns_granted": of(granted, ruled.len()),
        "reworked": of(reworked.len(), completed.len()),
    })
}

on_both! {
    /// Tickets of all kinds, and each figure as a slow count over their histories has it.
    async fn figures_are_what_a_slow_count_finds(app: TestApp) {
        lives(&app, 1, 1, Some((true, true, 5))).await;
        lives(&app, 60, 3, Some((true, true, 3))).await;
        lives(&app, 2, 14, Some((false, false, 1))).await;
        lives(&app, 3, 2, None).await;
        lives(&app, 80, 1, Some((true, false, 2))).await;
        // One with more time, kept thanks to it.
        let (id, first) = in_progress(&app).await;
        first.act(&id, &json!({ "action": "request_extension", "amount": 5, "reason": "等鉴定" })).await.expect(200);
        app.staff(super::MANAGER).await.act(&id, &json!({ "action": "grant_extension" })).await.expect(200);
        first.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        app.turn(TimeDelta::days(13));
        handler(&app, &id).await.act(&id, &json!({ "action": "reply", "result": "solved", "public_text": "已办结" })).await.expect(200);
        app.staff(LEAD).await.act(&id, &json!({ "action": "approve" })).await.expect(200);
        // Two returns, one of them agreed to; one taken back, one merged, one that nobody signs for.
        let department = app.unit("department-demo").await;
        for action in ["refuse_return", "approve_return"] {
            let (id, who) = in_progress(&app).await;
            app.turn(TimeDelta::minutes(1));
            who.act(&id, &return_to(&department)).await.expect(200);
            let mut ruling = json!({ "action": action, "reason": "裁定" });
            if action == "approve_return" {
                ruling["unit_id"] = department["id"].clone();
            }
            app.staff("arbiter").await.act(&id, &ruling).await.expect(200);
        }
        let taken_back = id_of(&dispatched(&app).await);
        app.resident(REQUESTER).await.act(&taken_back, &json!({ "action": "withdraw", "reason": "x" })).await.expect(200);
        let merged = id_of(&dispatched(&app).await);
        let (primary, _) = in_progress(&app).await;
        app.staff("dispatcher").await.act(&merged, &json!({ "action": "merge", "into": primary, "reason": "同一事项" })).await.expect(200);
        dispatched(&app).await;
        // One that nobody had signed for when it was late, and went elsewhere then; one that proved to be untrue; one that
        // rests beyond the day on which it was due.
        let late = id_of(&dispatched(&app).await);
        let (untrue, who) = in_progress(&app).await;
        for step in [
            json!({ "action": "first_contact", "reached": true, "by": "电话" }),
            json!({ "action": "reply", "result": "explained", "public_text": "查无此事" }),
        ] {
            who.act(&untrue, &step).await.expect(200);
        }
        let refusal = json!({ "action": "reject", "reason": "untrue", "channel_told": "可提供新证据后再反映" });
        app.staff("supervisor").await.act(&untrue, &refusal).await.expect(200);
        app.turn(TimeDelta::days(5));
        let elsewhere = json!({ "action": "reassign", "unit_id": app.unit("440703002102").await["id"], "reason": "属地" });
        app.staff(super::MANAGER).await.act(&late, &elsewhere).await.expect(200);
        let (rests, _) = in_progress(&app).await;
        let review = (app.clock.now() + TimeDelta::days(29)).date_naive();
        let rest = json!({ "action": "suspend", "review_on": review, "reason": "等鉴定结论" });
        app.staff("supervisor").await.act(&rests, &rest).await.expect(200);
        app.turn(TimeDelta::days(25));
        let supervisor = app.staff("supervisor").await;
        let span = "from=2026-11-01&to=2027-03-31";
        let found = supervisor.get(&format!("/api/v1/figures?{span}")).await;
        found.expect(200);
        let row = &found.body["items"][0];
        let wanted = slow_count(&app).await;
        for (name, value) in wanted.as_object().unwrap() {
            assert_eq!(&row[name], value, "{name}: {row}\n{wanted}");
        }
        assert!(row["reworked"]["n"].as_i64().unwrap() > 0 && row["extended"]["percent"].as_f64().unwrap() > 0.0);
        // By unit and by month the same tickets are told apart: what is counted by rows adds up.
        let by_unit = supervisor.get(&format!("/api/v1/figures?{span}&by=unit")).await;
        let by_month = supervisor.get(&format!("/api/v1/figures?{span}&step=month")).await;
        let by_street = supervisor.get(&format!("/api/v1/figures?{span}&by=street")).await;
        assert_eq!(by_month.body["items"].as_array().unwrap().len(), 5);
        for split in [&by_unit, &by_month, &by_street] {
            let sum: i64 = split.body["items"].as_array().unwrap().iter().map(|row| row["resolved_in_time"]["n"].as_i64().unwrap()).sum();
            assert_eq!(sum, row["resolved_in_time"]["n"].as_i64().unwrap(), "{}", split.text);
        }
        assert!(by_unit.body["items"].as_array().unwrap().iter().any(|row| row["unit_name"] == "羊桥社区"));
        // A manager sees their street, a lead their unit, and nobody more.
        let street = app.staff(super::MANAGER).await.get(&format!("/api/v1/figures?{span}&by=unit")).await;
        assert!(street.body["items"].as_array().unwrap().iter().all(|row| row["unit_name"] != department["name"]));
        let other = app.staff("lead-440703005101").await.get(&format!("/api/v1/figures?{span}")).await;
        assert_eq!(other.body["items"][0]["dispatched"], 0);
        let far = app.unit("440703005101").await;
        let refused = app.staff(super::MANAGER).await.get(&format!("/api/v1/figures?unit_id={}", far["id"].as_str().unwrap())).await;
        assert_eq!(refused.problem(422, "invalid_input").rule("?unit_id"), Some("unknown"));
        for (query, field) in [("from=%2B262142-12-31", "?from"), ("from=-262143-01-01&to=-262143-01-02", "?from"), ("from=2026-12-01&to=2026-11-01", "?to"), ("by=person", "?by"), ("step=hour", "?step"), ("from=2026-01-01&to=2026-12-31&step=day", "?step")] {
            let answer = supervisor.get(&format!("/api/v1/figures?{query}")).await;
            assert!(answer.problem(422, "invalid_input").rule(field).is_some(), "{}", answer.text);
        }
    }

    /// Lamps turn by working time, and the desk and the lists agree.
    async fn the_desk_shows_lamps_and_units(app: TestApp) {
        let (id, handler) = in_progress(&app).await;
        handler.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        dispatched(&app).await;
        let lamps = |answer: &crate::support::Answer| {
            let lamps = &answer.body["lamps"];
            ["green", "yellow", "orange", "red"].map(|lamp| lamps[lamp].as_i64().unwrap())
        };
        let desk = app.staff("supervisor").await.get("/api/v1/desk").await;
        desk.expect(200);
        assert_eq!(lamps(&desk), [2, 0, 0, 0]);
        // Signing is due on the 25th at 17:30. It began at 9:00, 13 working hours before: at 16:00 the lamp is yellow.
        let at = |instant: &str| instant.parse::<DateTime<Utc>>().unwrap() - app.clock.now();
        app.turn(at("2026-11-25T06:30:00Z"));
        let desk = app.staff("supervisor").await.get("/api/v1/desk").await;
        assert_eq!(lamps(&desk), [1, 1, 0, 0], "{}", desk.text);
        let listed = app.staff("supervisor").await.get("/api/v1/tickets?lamp=yellow").await;
        let items = listed.body["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["lamp"]), (1, &json!("yellow")));
        app.turn(at("2026-11-25T09:29:00Z"));
        assert_eq!(lamps(&app.staff("supervisor").await.get("/api/v1/desk").await), [1, 0, 1, 0]);
        app.turn(at("2026-11-25T09:30:00Z"));
        let desk = app.staff("supervisor").await.get("/api/v1/desk").await;
        assert_eq!(lamps(&desk), [1, 0, 0, 1]);
        let unit = &desk.body["units"][0];
        assert_eq!((&unit["unit_name"], &unit["open"], &unit["overdue"]), (&json!("羊桥社区"), &json!(2), &json!(1)));
        assert_eq!(unit["mean_minutes"], 32 * 60 + 30);
        let elsewhere = app.staff("lead-440703005101").await.get("/api/v1/desk").await;
        assert_eq!((lamps(&elsewhere), &elsewhere.body["units"]), ([0; 4], &json!([])));
        let department = app.unit("department-demo").await;
        let (back, who) = in_progress(&app).await;
        who.act(&back, &return_to(&department)).await.expect(200);
        let desk = app.staff("supervisor").await.get("/api/v1/desk").await;
        assert_eq!((&desk.body["returns"], &desk.body["extensions"]), (&json!(1), &json!(0)));
        let waiting = app.staff("arbiter").await.get("/api/v1/tickets?queue=returns").await;
        assert_eq!(waiting.body["items"][0]["id"], back);
    }

    /// Each ticket of a bulk has an outcome of its own, and a repeat changes nothing.
    async fn in_bulk_each_ticket_has_its_outcome(app: TestApp) {
        let operator = app.staff("operator").await;
        let mut tickets = Vec::new();
        for n in 1..=3 {
            let ticket = registered_by(&operator, &format!("1390000000{n}")).await;
            tickets.push(json!({ "id": ticket["id"], "version": ticket["version"] }));
        }
        tickets[1]["version"] = json!(77);
        tickets.push(json!({ "id": uuid::Uuid::nil(), "version": 1 }));
        let supervisor = app.staff("supervisor").await;
        let body = json!({ "tickets": tickets, "action": { "action": "supervise", "reason": "集中整治" } });
        let done = supervisor.post_keyed("/api/v1/tickets/bulk", "bulk-1", &body).await;
        done.expect(200);
        let told: Vec<(i64, &str)> = done.body["items"].as_array().unwrap().iter().map(|item| (item["status"].as_i64().unwrap(), item["code"].as_str().unwrap_or(""))).collect();
        assert_eq!(told, [(200, ""), (412, "stale_version"), (200, ""), (404, "not_found")]);
        assert_eq!(done.body["done"], 2);
        let again = supervisor.post_keyed("/api/v1/tickets/bulk", "bulk-1", &body).await;
        assert_eq!(again.body, done.body, "a repeat gets the same answers");
        let supervised = supervisor.get("/api/v1/tickets?queue=supervised").await;
        assert_eq!(supervised.body["items"].as_array().unwrap().len(), 2);
        // Who may not do it to one may not do it in bulk.
        let lead = app.staff(LEAD).await.post("/api/v1/tickets/bulk", &body).await;
        assert!(lead.body["items"].as_array().unwrap().iter().all(|item| item["code"].is_string()), "{}", lead.text);
        let mut twice = body.clone();
        twice["tickets"] = json!([tickets[0], tickets[0]]);
        let answer = supervisor.post("/api/v1/tickets/bulk", &twice).await;
        assert!(answer.problem(422, "invalid_input").rule("/tickets/1/id").is_some());
        twice["tickets"] = json!([]);
        supervisor.post("/api/v1/tickets/bulk", &twice).await.problem(422, "invalid_input");
    }
}
