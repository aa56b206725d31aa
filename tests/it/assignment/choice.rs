//! The choice of a person, by strategy, leave and capacity.

use super::*;
use crate::on_both;
use crate::support::Backend;
use chrono::TimeDelta;
use futures_util::future::{join, join_all};

on_both! {
    /// Each gets as many; the ticket says how it was found, and the simulation finds the same way.
    async fn the_one_with_least_to_do_gets_it(app: TestApp) {
        policy(&app, LEAD, YANGQIAO, "least_load").await.expect(201);
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let operator = app.staff("operator").await;
        let waiting = register(&operator).await;
        let before = seen(&app, &waiting).await;
        assert_eq!(before["staff_id"], Value::Null);
        assert_eq!(before["explanation"]["assignment"]["state"], "waiting");
        app.settle().await;
        let mut ids = vec![waiting];
        ids.extend(several(&app, 5).await);
        let persons = persons(&app, &ids).await;
        for handler in [&a, &b] {
            assert_eq!(persons.iter().filter(|person| *person == handler).count(), 3, "{persons:?}");
        }
        let last = seen(&app, &ids[5]).await;
        let told = &last["explanation"]["assignment"];
        assert_eq!((&told["strategy"], &told["state"]), (&json!("least_load"), &json!("chosen")));
        let candidates = told["candidates"].as_array().unwrap();
        let open: Vec<_> = candidates.iter().map(|one| (one["open"].as_u64().unwrap(), one["why"].as_str().unwrap())).collect();
        for wanted in [(2, "chosen"), (3, "more_to_do"), (0, "other_post")] {
            assert!(open.contains(&wanted), "{candidates:?}");
        }
        assert_eq!(last["explanation"]["person"]["id"], last["staff_id"]);
        let given = entries(&last, "assigned");
        assert_eq!((given.len(), &given[0]["data"]["staff_id"], &given[0]["public"]), (1, &last["staff_id"], &json!(false)));
        assert!(given[0]["internal_text"].as_str().unwrap().contains("在办最少"), "{}", given[0]);
        let verified = app.staff("dispatcher").await.get(&format!("/api/v1/tickets/{}/verify", ids[5])).await;
        assert_eq!(verified.body["intact"], true, "{}", verified.text);
        let simulated = operator.post("/api/v1/routing/simulate", &json!({ "category": "120302", "place": { "address": "羊桥社区" } })).await;
        assert_eq!(simulated.body["assignment"]["state"], "chosen", "{}", simulated.text);
        assert!(simulated.body["person"]["id"].is_string());
        // Next door nothing has changed.
        let other = crate::administration::registered(&app, "迦南社区", "120302").await;
        assert_eq!(other.body["route"]["assignment"], json!({ "strategy": "by_post", "state": "chosen" }));
    }

    /// Requests of the same moment, in whatever batches, don't all go to one.
    async fn a_rush_is_spread(app: TestApp) {
        policy(&app, "manager-440703002", BAISHA, "least_load").await.expect(201);
        let operator = app.staff("operator").await;
        let ids: Vec<String> = join_all((0..12).map(|_| register(&operator))).await;
        if app.backend == Backend::Postgres {
            // Two instances choose at the same time.
            let second = app.second().await;
            join(app.settle(), second.settle()).await;
            second.stop().await;
        }
        app.settle().await;
        let persons = persons(&app, &ids).await;
        let first = persons.iter().filter(|person| **person == persons[0]).count();
        assert_eq!(first, 6, "{persons:?}");
    }

    /// One after the other, whatever they have to do, and by whatever way tickets come.
    async fn turns_are_taken(app: TestApp) {
        policy(&app, "sysadmin", DISTRICT, "round_robin").await.expect(201);
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let ids = several(&app, 3).await;
        let lead = app.staff(LEAD).await;
        // By name is by name: it is nobody's turn.
        lead.act(&ids[0], &json!({ "action": "assign", "staff_id": b })).await.expect(200);
        let pooled = crate::administration::registered(&app, "羊桥社区", "9901").await.text_at("/ticket/id");
        let by_hand = json!({ "action": "dispatch", "unit_id": app.unit(YANGQIAO).await["id"], "reason": "就近" });
        app.staff("dispatcher").await.act(&pooled, &by_hand).await.expect(200);
        app.settle().await;
        let mut ids = ids;
        ids.push(pooled);
        ids.extend(several(&app, 2).await);
        let mut persons = persons(&app, &ids).await;
        persons[0] = json!(a);
        let wanted: Vec<Value> = [&a, &b].into_iter().cycle().take(ids.len()).map(|id| json!(id)).collect();
        assert_eq!(persons, wanted);
    }

    /// A ticket of the inbox is whose who signs for it, and all handlers hear of it.
    async fn nobody_is_chosen_where_people_choose(app: TestApp) {
        policy(&app, "sysadmin", DISTRICT, "least_load").await.expect(201);
        policy(&app, LEAD, YANGQIAO, "manual").await.expect(201);
        let id = several(&app, 1).await.remove(0);
        let ticket = seen(&app, &id).await;
        assert_eq!((&ticket["staff_id"], &ticket["explanation"]["assignment"]["state"]), (&Value::Null, &json!("inbox")));
        assert!(entries(&ticket, "assigned").is_empty());
        for handler in [A, B] {
            let notices = app.staff(handler).await.get("/api/v1/notices").await;
            assert_eq!(notices.body["items"].as_array().unwrap().len(), 1, "{}", notices.text);
        }
        app.staff(B).await.act(&id, &json!({ "action": "sign" })).await.expect(200);
        let ticket = seen(&app, &id).await;
        assert_eq!(ticket["staff_id"], id_of(&app, B).await);
        assert!(ticket["staff_name"].as_str().unwrap().contains('乙'), "{ticket}");
    }

    /// Dispatched by hand without a name it finds its person as well; with a name it is theirs.
    async fn by_hand_the_strategy_chooses_too(app: TestApp) {
        let dispatcher = app.staff("dispatcher").await;
        let (a, yangqiao) = (id_of(&app, A).await, app.unit(YANGQIAO).await);
        let by_hand = json!({ "action": "dispatch", "unit_id": yangqiao["id"], "reason": "就近" });
        let pool = async || crate::administration::registered(&app, "羊桥社区", "9901").await.text_at("/ticket/id");
        let id = pool().await;
        let given = dispatcher.act(&id, &by_hand).await;
        given.expect(200);
        assert_eq!(given.body["explanation"]["assignment"], json!({ "strategy": "by_post", "state": "chosen" }), "at once");
        assert!(given.body["staff_id"].is_string());
        assert_eq!(given.body["explanation"]["person"]["id"], given.body["staff_id"]);
        policy(&app, LEAD, YANGQIAO, "least_load").await.expect(201);
        let id = pool().await;
        assert_eq!(dispatcher.act(&id, &by_hand).await.expect(200).body["staff_id"], Value::Null);
        app.settle().await;
        let ticket = seen(&app, &id).await;
        assert!(ticket["staff_id"].is_string(), "{ticket}");
        assert_eq!(ticket["explanation"]["ground"]["kind"], "dispatcher", "the rest of the explanation stays");
        let id = pool().await;
        let mut named = by_hand.clone();
        named["staff_id"] = json!(a);
        assert_eq!(dispatcher.act(&id, &named).await.expect(200).body["staff_id"], a);
        app.settle().await;
        assert!(entries(&seen(&app, &id).await, "assigned").is_empty());
    }

    /// Who is on leave is passed over, then who has enough to do; where nobody is left the ticket says so, and waits.
    async fn who_is_away_or_full_is_passed_over(app: TestApp) {
        let (a, b, lead) = (id_of(&app, A).await, id_of(&app, B).await, id_of(&app, LEAD).await);
        let mine = app.staff(A).await;
        let taken = leave(&mine, &a, "2026-11-24", "2026-11-25").await;
        taken.expect(201);
        app.pass("reference").await;
        for id in several(&app, 2).await {
            let ticket = seen(&app, &id).await;
            assert_eq!(ticket["staff_id"], b, "by post, too");
            let rejected = ticket["explanation"]["rejected"].as_array().unwrap();
            assert!(rejected.iter().any(|one| one["why"] == "on_leave:2026-11-25"), "{rejected:?}");
        }
        // By post counts where somebody has a limit.
        capacity(&app, &b, json!(2)).await.expect(200);
        let ids = several(&app, 1).await;
        let ticket = seen(&app, &ids[0]).await;
        assert_eq!((&ticket["staff_id"], &ticket["explanation"]["person"]["because"]), (&json!(lead), &json!("lead_of_unit")));
        let why: Vec<_> = ticket["explanation"]["assignment"]["candidates"].as_array().unwrap().iter().map(|one| one["why"].clone()).collect();
        for wanted in ["on_leave:2026-11-25", "at_capacity", "chosen"] {
            assert!(why.contains(&json!(wanted)), "{why:?}");
        }
        leave(&app.staff(LEAD).await, &lead, "2026-11-24", "2026-11-24").await.expect(201);
        app.pass("reference").await;
        let id = several(&app, 1).await.remove(0);
        let ticket = seen(&app, &id).await;
        assert_eq!((&ticket["staff_id"], &ticket["explanation"]["assignment"]["state"]), (&Value::Null, &json!("inbox")));
        let told = entries(&ticket, "assigned");
        assert!(told.len() == 1 && told[0]["internal_text"].as_str().unwrap().contains("收件箱"), "{told:?}");

        // The next day the lead is back; the leave of the first is ended by themselves.
        app.turn(TimeDelta::days(1));
        app.pass("reference").await;
        assert_eq!(persons(&app, &several(&app, 1).await).await, [json!(lead)]);
        let mine = app.staff(A).await;
        let path = format!("/api/v1/staff/{a}/absences/{}", taken.text_at("/id"));
        mine.send(mine.request("DELETE", &path)).await.expect(204);
        app.pass("reference").await;
        assert_eq!(persons(&app, &several(&app, 1).await).await, [json!(a)]);
        let listed = mine.get(&format!("/api/v1/staff/{a}/absences")).await;
        assert_eq!(listed.body["items"][0]["last_day"], "2026-11-24", "what was stays known");
        // A name is a name: nobody's limit binds who gives it.
        app.staff(LEAD).await.act(&id, &json!({ "action": "assign", "staff_id": b })).await.expect(200);
    }

    /// A closed ticket is no work any more, however it ended.
    async fn what_is_over_does_not_count(app: TestApp) {
        let b = id_of(&app, B).await;
        policy(&app, LEAD, YANGQIAO, "least_load").await.expect(201);
        leave(&app.staff(A).await, &id_of(&app, A).await, "2026-11-24", "2026-12-24").await.expect(201);
        capacity(&app, &b, json!(1)).await.expect(200);
        let id = several(&app, 1).await.remove(0);
        assert_eq!(seen(&app, &id).await["staff_id"], b);
        assert_ne!(persons(&app, &several(&app, 1).await).await, [json!(b)]);
        app.staff("operator").await.act(&id, &json!({ "action": "withdraw", "reason": "撤" })).await.expect(200);
        assert_eq!(seen(&app, &id).await["staff_id"], b, "it stays known who had it");
        assert_eq!(persons(&app, &several(&app, 1).await).await, [json!(b)]);
    }

    /// A unit has one policy at a time, its own or from above; only who leads there makes one.
    async fn a_wrong_policy_is_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let yangqiao = app.unit(YANGQIAO).await;
        let good = json!({ "unit_id": yangqiao["id"], "strategy": "manual", "reason": "试点", "valid_from": "2026-12-01" });
        for (name, value, rule) in [
            ("unit_id", json!(uuid::Uuid::nil()), "unknown"), ("reason", json!(" "), "required"),
            ("reason", json!("长".repeat(201)), "too_long"), ("valid_to", json!("2026-11-30"), "range"),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            let answer = sysadmin.post(POLICIES, &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(&format!("/{name}")), Some(rule), "{}", answer.text);
        }
        let mut wrong = good.clone();
        wrong["strategy"] = json!("by_magic");
        sysadmin.post(POLICIES, &wrong).await.expect(422);
        for (who, status, code) in [("lead-440703002102", 403, "forbidden"), ("manager-440703005", 403, "forbidden"), (A, 403, "forbidden"), ("dispatcher", 403, "forbidden")] {
            app.staff(who).await.post(POLICIES, &good).await.problem(status, code);
        }
        let made = sysadmin.post(POLICIES, &good).await;
        made.expect(201);
        let lead = app.staff(LEAD).await;
        lead.post(POLICIES, &good).await.problem(409, "conflict");
        let mut before = good.clone();
        (before["valid_from"], before["valid_to"]) = (json!("2026-11-24"), json!("2026-11-30"));
        lead.post(POLICIES, &before).await.expect(201);
        let path = format!("{POLICIES}/{}", made.text_at("/id"));
        lead.change("PATCH", &path, "\"7\"", &json!({ "valid_to": "2026-12-31" })).await.problem(412, "stale_version");
        let answer = lead.change("PATCH", &path, "\"1\"", &json!({ "valid_to": "2026-11-30" })).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/valid_to"), Some("range"));
        let ended = lead.change("PATCH", &path, "\"1\"", &json!({ "valid_to": "2026-12-31" })).await;
        assert_eq!((ended.expect(200).body["valid_to"].as_str(), ended.etag().as_str()), (Some("2026-12-31"), "\"2\""));
        let listed = app.staff("supervisor").await.get(&format!("{POLICIES}?on=2026-12-01")).await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 1, "{}", listed.text);
        let elsewhere = app.staff("manager-440703005").await.get(POLICIES).await;
        assert_eq!(elsewhere.body["items"], json!([]));
    }

    /// Leave and capacity are one's own, or of those who lead; days make sense.
    async fn wrong_leave_is_refused(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let mine = app.staff(A).await;
        for (first, last, pointer, rule) in [
            ("2026-11-23", "2026-11-24", "/first_day", "range"), ("2026-11-25", "2026-11-24", "/last_day", "range"),
            ("2026-11-25", "2027-11-26", "/last_day", "range"), ("2029-01-01", "2029-01-02", "/first_day", "range"),
        ] {
            let answer = leave(&mine, &a, first, last).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{first} {last} {}", answer.text);
        }
        leave(&mine, &a, "2026-12-01", "2026-12-03").await.expect(201);
        let answer = leave(&mine, &a, "2026-12-03", "2026-12-04").await;
        assert_eq!(answer.problem(422, "invalid_input").rule("/first_day"), Some("taken"));
        leave(&mine, &b, "2026-12-01", "2026-12-03").await.problem(404, "not_found");
        mine.get(&format!("/api/v1/staff/{b}/absences")).await.problem(404, "not_found");
        leave(&app.staff("lead-440703002102").await, &b, "2026-12-01", "2026-12-03").await.problem(404, "not_found");
        leave(&app.staff(LEAD).await, &b, "2026-12-01", "2026-12-03").await.expect(201);
        let managers = leave(&app.staff("manager-440703002").await, &b, "2026-12-11", "2026-12-13").await;
        leave(&app.staff("sysadmin").await, &uuid::Uuid::nil().to_string(), "2026-12-01", "2026-12-03").await.problem(404, "not_found");
        // Ended before it began, it never was.
        let lead = app.staff(LEAD).await;
        let path = format!("/api/v1/staff/{b}/absences/{}", managers.text_at("/id"));
        mine.send(mine.request("DELETE", &path)).await.problem(404, "not_found");
        lead.send(lead.request("DELETE", &path)).await.expect(204);
        lead.send(lead.request("DELETE", &path)).await.problem(404, "not_found");
        assert_eq!(lead.get(&format!("/api/v1/staff/{b}/absences")).await.body["items"].as_array().unwrap().len(), 1);
        for most in [json!(-1), json!(1001)] {
            assert_eq!(capacity(&app, &b, most).await.problem(422, "invalid_input").rule("/capacity"), Some("range"));
        }
        assert_eq!(capacity(&app, &b, json!(0)).await.expect(200).body["capacity"], 0);
        assert!(capacity(&app, &b, Value::Null).await.expect(200).body.get("capacity").is_none());
        app.staff(A).await.change("PUT", &format!("/api/v1/staff/{a}/capacity"), "\"1\"", &json!({ "capacity": 1 })).await.problem(403, "forbidden");
        disable(&app, &b).await;
        leave(&lead, &b, "2026-12-21", "2026-12-23").await.problem(409, "conflict");
    }
}
