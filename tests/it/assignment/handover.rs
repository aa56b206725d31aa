//! Somebody goes: what they had in hands goes to others, all of it, whatever happens meanwhile.

use super::*;
use crate::on_both;
use crate::support::{Backend, TestApp};
use chrono::TimeDelta;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

/// Hands over what somebody has in 羊桥社区.
async fn hand_over(app: &TestApp, by: &str, whose: &str, target: &str, to: Option<&str>) -> Answer {
    let mut body = json!({ "unit_id": app.unit(YANGQIAO).await["id"], "target": target, "reason": "调离本社区 13900000001" });
    if let Some(to) = to {
        body["to_staff_id"] = json!(to);
    }
    let path = format!("/api/v1/staff/{whose}/handover");
    app.staff(by).await.post(&path, &body).await
}

/// How many open tickets somebody has, counted row by row.
pub async fn open_of(app: &TestApp, id: &str) -> usize {
    let conn = app.app.kit().db.read();
    let id: uuid::Uuid = id.parse().unwrap();
    let legs = entity::assignment::Entity::find()
        .filter(entity::assignment::Column::StaffId.eq(id))
        .filter(entity::assignment::Column::EndedAt.is_null())
        .all(conn)
        .await
        .unwrap();
    let tickets = entity::ticket::Entity::find()
        .filter(entity::ticket::Column::Id.is_in(legs.iter().map(|leg| leg.ticket_id)))
        .all(conn)
        .await
        .unwrap();
    let over = ["closed", "withdrawn", "rejected", "redirected", "merged"];
    tickets
        .iter()
        .filter(|ticket| !over.contains(&ticket.state.word()))
        .count()
}

/// Several tickets that all are A's.
pub async fn of_a(app: &TestApp, n: usize) -> Vec<String> {
    let a = id_of(app, A).await;
    let ids = several(app, n).await;
    let lead = app.staff(LEAD).await;
    for id in &ids {
        lead.act(id, &json!({ "action": "assign", "staff_id": a }))
            .await
            .expect(200);
    }
    app.settle().await;
    ids
}

async fn run_sql(app: &TestApp, sql: &str) {
    let input = sql.to_owned();
    let done = app.app.kit().db.write("test.sql", input, |tx, sql| {
        Box::pin(async move {
            tx.execute_unprepared(sql).await?;
            Ok(())
        })
    });
    done.await.unwrap();
}

on_both! {
    /// To a colleague: each ticket says from whom, why and by whose wish; what is over stays.
    async fn tickets_go_to_a_colleague(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let ids = of_a(&app, 3).await;
        app.staff("operator").await.act(&ids[2], &json!({ "action": "withdraw", "reason": "撤" })).await.expect(200);
        app.staff(A).await.act(&ids[1], &json!({ "action": "sign" })).await.expect(200);
        let asked = hand_over(&app, LEAD, &a, "person", Some(&b)).await;
        asked.expect(200);
        assert_eq!((&asked.body["cause"], &asked.body["to_staff_id"]), (&json!("asked"), &json!(b)));
        app.settle().await;
        assert_eq!(persons(&app, &ids).await, [json!(b), json!(b), json!(a)]);
        let ticket = seen(&app, &ids[1]).await;
        assert_eq!((&ticket["state"], ticket["staff_name"].as_str().unwrap().contains('乙')), (&json!("in_progress"), true));
        let told = entries(&ticket, "assigned").pop().unwrap();
        assert_eq!((&told["data"]["staff_before"], &told["data"]["cause"], &told["data"]["handover_id"]), (&json!(a), &json!("asked"), &asked.body["id"]));
        assert_eq!(told["data"]["asked_by"], id_of(&app, LEAD).await);
        let words = told["internal_text"].as_str().unwrap();
        assert!(words.contains("调离本社区") && !words.contains("13900000001"), "{words}");
        assert_eq!(ticket["explanation"]["handover"]["cause"], "asked");
        assert_eq!((open_of(&app, &a).await, open_of(&app, &b).await), (0, 2));
        let events = entity::event::Entity::find().filter(entity::event::Column::Kind.eq("ticket.assigned")).all(app.app.kit().db.read()).await.unwrap();
        assert!(events.iter().any(|event| event.data["handover_id"] == asked.body["id"] && event.data["staff_id"] == b), "{events:?}");
        let heard = app.staff(B).await.get("/api/v1/notices").await;
        assert!(heard.text.contains("工单已指派给您"), "{}", heard.text);
    }

    /// Back to the inbox, or to whom the strategy finds: never back to the one who goes.
    async fn tickets_go_back_to_the_unit(app: TestApp) {
        let a = id_of(&app, A).await;
        let ids = of_a(&app, 2).await;
        hand_over(&app, "manager-440703002", &a, "inbox", None).await.expect(200);
        app.settle().await;
        assert_eq!(persons(&app, &ids).await, [Value::Null, Value::Null]);
        assert!(app.staff(B).await.get("/api/v1/notices").await.text.contains("工单待认领"));
        policy(&app, LEAD, YANGQIAO, "least_load").await.expect(201);
        let ids = of_a(&app, 4).await;
        hand_over(&app, "dispatcher", &a, "strategy", None).await.expect(200);
        app.settle().await;
        assert_eq!(open_of(&app, &a).await, 0);
        let b = id_of(&app, B).await;
        assert!(persons(&app, &ids).await.iter().all(|person| *person == b));
        let ticket = seen(&app, &ids[0]).await;
        let last: Vec<_> = entries(&ticket, "assigned").iter().rev().take(2).map(|entry| entry["data"]["staff_id"].clone()).collect();
        assert_eq!(last, [json!(b), Value::Null], "taken, then given");
        let candidates = ticket["explanation"]["assignment"]["candidates"].as_array().unwrap();
        assert!(candidates.iter().any(|one| one["why"] == "hands_over" && one["id"] == a), "{candidates:?}");
    }

    /// More than one transaction takes: what a process that died has begun, another one ends.
    async fn many_tickets_go_bit_by_bit(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        several(&app, 1).await;
        let unit = app.unit(YANGQIAO).await["id"].as_str().unwrap().to_owned();
        several(&app, 119).await;
        let held = if app.backend == Backend::Sqlite { format!("X'{}'", a.replace('-', "")) } else { format!("'{a}'") };
        let (unit, held) = (unit.replace('-', ""), held);
        let unit = if app.backend == Backend::Sqlite { format!("X'{unit}'") } else { format!("'{unit}'") };
        run_sql(&app, &format!("UPDATE assignment SET staff_id = {held} WHERE unit_id = {unit}")).await;
        assert_eq!(open_of(&app, &a).await, 120);
        hand_over(&app, LEAD, &a, "person", Some(&b)).await.expect(200);
        for left in [70, 20] {
            app.pass("timers").await;
            assert_eq!(open_of(&app, &a).await, left);
        }
        let second = app.second().await;
        second.settle().await;
        assert_eq!((open_of(&app, &a).await, open_of(&app, &b).await), (0, 120));
        let row = entity::handover::Entity::find().one(app.app.kit().db.read()).await.unwrap().unwrap();
        assert_eq!((row.moved, row.done_at.is_some()), (120, true));
        second.stop().await;
    }

    /// Who is disabled has nothing left, not even what an instance gave them that had not noticed.
    async fn nothing_stays_with_the_disabled(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let ids = of_a(&app, 2).await;
        app.staff("operator").await.act(&ids[1], &json!({ "action": "withdraw", "reason": "撤" })).await.expect(200);
        disable(&app, &a).await;
        app.settle().await;
        assert_eq!(open_of(&app, &a).await, 0);
        let ticket = seen(&app, &ids[0]).await;
        assert_eq!(ticket["staff_id"], b, "by post, and then whoever is there");
        assert_eq!(entries(&ticket, "assigned").iter().rev().nth(1).unwrap()["data"]["cause"], "disabled");
        assert_eq!(seen(&app, &ids[1]).await["staff_id"], a, "what is over stays theirs");
        let late = several(&app, 1).await.remove(0);
        let held = if app.backend == Backend::Sqlite { format!("X'{}'", a.replace('-', "")) } else { format!("'{a}'") };
        run_sql(&app, &format!("UPDATE assignment SET staff_id = {held} WHERE closed_at IS NULL")).await;
        app.turn(TimeDelta::seconds(61));
        app.settle().await;
        assert_eq!(open_of(&app, &a).await, 0);
        assert_eq!(seen(&app, &late).await["staff_id"], b);
    }

    /// The last role in a unit, taken back or over by its day, is as good as going; a role that is left is not.
    async fn who_loses_the_last_role_hands_over(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let secadmin = app.staff("secadmin").await;
        let yangqiao = app.unit(YANGQIAO).await;
        let grants = format!("/api/v1/staff/{a}/grants");
        let person = secadmin.get(&format!("/api/v1/staff?q={A}")).await;
        let first = person.text_at("/items/0/grants/0/id");
        let second = json!({ "role": "unit_lead", "unit_id": yangqiao["id"], "valid_to": "2026-11-25" });
        secadmin.post(&grants, &second).await.expect(201);
        of_a(&app, 2).await;
        secadmin.send(secadmin.request("DELETE", &format!("{grants}/{first}"))).await.expect(204);
        app.settle().await;
        assert_eq!(open_of(&app, &a).await, 2, "they still lead");
        app.turn(TimeDelta::hours(38));
        app.settle().await;
        assert_eq!(open_of(&app, &a).await, 2, "to the end of the day");
        app.turn(TimeDelta::hours(2));
        app.settle().await;
        assert_eq!((open_of(&app, &a).await, open_of(&app, &b).await), (0, 2));

        let secadmin = app.staff("secadmin").await;
        let person = secadmin.get(&format!("/api/v1/staff?q={B}")).await;
        let last = person.text_at("/items/0/grants/0/id");
        secadmin.send(secadmin.request("DELETE", &format!("/api/v1/staff/{b}/grants/{last}"))).await.expect(204);
        app.settle().await;
        assert_eq!(open_of(&app, &b).await, 0);
        let causes: Vec<_> = entity::handover::Entity::find().all(app.app.kit().db.read()).await.unwrap().into_iter().map(|row| row.cause.word()).collect();
        assert_eq!(causes, ["role_ended", "role_ended"]);
    }

    /// Who is to get them is of the unit; who asks leads there; a repeat is one.
    async fn a_wrong_handover_is_refused(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let stranger = id_of(&app, "handler-a-440703002102").await;
        for (target, to, pointer, rule) in [
            ("person", None, "/to_staff_id", "required"), ("inbox", Some(&b), "/to_staff_id", "unexpected"),
            ("person", Some(&a), "/to_staff_id", "unknown"), ("person", Some(&stranger), "/to_staff_id", "unknown"),
        ] {
            let answer = hand_over(&app, LEAD, &a, target, to.map(String::as_str)).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{target} {}", answer.text);
        }
        let lead = app.staff(LEAD).await;
        let path = format!("/api/v1/staff/{a}/handover");
        let body = json!({ "unit_id": app.unit(YANGQIAO).await["id"], "target": "inbox", "reason": "休假" });
        for (name, value, rule) in [("reason", json!(" "), "required"), ("reason", json!("长".repeat(201)), "too_long"), ("unit_id", json!(uuid::Uuid::nil()), "unknown")] {
            let mut wrong = body.clone();
            wrong[name] = value;
            let answer = lead.post(&path, &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(&format!("/{name}")), Some(rule), "{}", answer.text);
        }
        assert_eq!(lead.post(&format!("/api/v1/staff/{stranger}/handover"), &body).await.problem(422, "invalid_input").rule("/unit_id"), Some("unknown"));
        lead.post(&format!("/api/v1/staff/{}/handover", uuid::Uuid::nil()), &body).await.problem(404, "not_found");
        for (who, status, code) in [(A, 403, "forbidden"), ("operator", 403, "forbidden"), ("lead-440703002102", 404, "not_found"), ("manager-440703005", 404, "not_found")] {
            app.staff(who).await.post(&path, &body).await.problem(status, code);
        }
        let first = lead.post_keyed(&path, "handover-once", &body).await;
        let again = lead.post_keyed(&path, "handover-once", &body).await;
        assert_eq!(first.expect(200).body["id"], again.expect(200).body["id"]);
        let rows = entity::handover::Entity::find().all(app.app.kit().db.read()).await.unwrap();
        assert_eq!(rows.len(), 1);
        disable(&app, &b).await;
        assert_eq!(hand_over(&app, LEAD, &a, "person", Some(&b)).await.problem(422, "invalid_input").rule("/to_staff_id"), Some("unknown"));
    }
}
