//! Who is on duty, and when nobody is.

use super::*;
use crate::on_both;
use entity::id::UnitId;
use hotline::duty::{queries, store};

const FROM: &str = "2027-01-10T00:00:00Z";
const UNTIL: &str = "2027-01-10T12:00:00Z";

async fn gaps(client: &Client, query: &str) -> Value {
    let answer = client.get(&format!("/api/v1/duty/gaps{query}")).await;
    answer.expect(200).body.clone()
}

on_both! {
    /// From the community up to the shift lead.
    async fn levels_are_called_from_below(app: TestApp) {
        let operator = app.staff("operator").await;
        let here = unit_id(&app, HERE).await;
        let answer = operator.get(&format!("/api/v1/duty/now?unit_id={}", here.as_str().unwrap())).await;
        let levels = answer.expect(200).body["levels"].as_array().unwrap().clone();
        assert_eq!((&answer.body["unit_id"], &answer.body["at"]), (&here, &json!("2026-11-24T01:00:00Z")));
        let expected = [
            (json!("羊桥社区"), "duty", vec![A, B]),
            (json!("白沙街道"), "duty", vec!["office-440703002"]),
            (json!("蓬江区"), "duty", vec!["duty"]),
            (json!("蓬江区"), "shift_lead", vec!["supervisor"]),
        ];
        assert_eq!(levels.len(), 4);
        for (at, (level, (unit, post, people))) in levels.iter().zip(expected).enumerate() {
            assert_eq!((&level["level"], &level["unit_name"], &level["post"], &level["empty"]), (&json!(at), &unit, &json!(post), &json!(false)));
            let called = called(&operator, &here, at, None).await;
            assert_eq!(called, ids_of(&app, &people).await);
            assert_eq!(level["people"][0]["channels"], json!(["in_app"]));
            assert_eq!(level["people"][0]["until"], "2026-11-25T16:00:00Z");
        }
        // A sub-district has no community below it, and after the roster nobody is there.
        let street = unit_id(&app, STREET).await;
        let answer = operator.get(&format!("/api/v1/duty/now?unit_id={}&at={FROM}", street.as_str().unwrap())).await;
        for level in answer.expect(200).body["levels"].as_array().unwrap() {
            assert_eq!((&level["empty"], &level["people"]), (&json!(true), &json!([])));
        }
        assert_eq!(answer.body["levels"][0]["unit_id"], Value::Null);
        assert_eq!(answer.body["levels"][1]["unit_id"], street);
    }

    /// As far as roles reach; the duty officer of the district asks everywhere.
    async fn who_is_on_duty_is_asked_within_reach(app: TestApp) {
        let (here, far) = (unit_id(&app, HERE).await, unit_id(&app, FAR).await);
        let ask = async |name: &str, unit: &Value| {
            let door = format!("/api/v1/duty/now?unit_id={}", unit.as_str().unwrap());
            app.staff(name).await.get(&door).await.status
        };
        for name in ["duty", "operator", "supervisor", "sysadmin"] {
            assert_eq!((ask(name, &here).await, ask(name, &far).await), (200, 200), "{name}");
        }
        for name in [A, LEAD, MANAGER] {
            assert_eq!((ask(name, &here).await, ask(name, &far).await), (200, 403), "{name}");
        }
        assert_eq!(ask("auditor", &here).await, 403);
        let operator = app.staff("operator").await;
        let nil = uuid::Uuid::nil();
        operator.get("/api/v1/duty/now").await.problem(400, "malformed_query");
        let answer = operator.get(&format!("/api/v1/duty/now?unit_id={nil}")).await;
        assert_eq!(answer.problem(422, "invalid_input").rule("?unit_id"), Some("unknown"));
        let unit = here.as_str().unwrap();
        for at in ["2040-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let answer = operator.get(&format!("/api/v1/duty/now?unit_id={unit}&at={at}")).await;
            assert_eq!(answer.problem(422, "invalid_input").rule("?at"), Some("form"), "{at}");
        }
    }

    /// Who is disabled is never on duty, and leaves a gap where nobody else is.
    async fn who_is_disabled_is_not_on_duty(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let shift = current(&app, HERE).await;
        let secadmin = app.staff("secadmin").await;
        for (name, left) in [(A, vec![B]), (B, vec![])] {
            let seen = secadmin.get(&format!("/api/v1/staff?q={name}")).await;
            let (id, version) = (seen.text_at("/items/0/id"), format!("\"{}\"", seen.body["items"][0]["version"]));
            secadmin.change("POST", &format!("/api/v1/staff/{id}/disable"), &version, &json!({})).await.expect(200);
            assert_eq!(called(&lead, &shift["unit_id"], 0, None).await, ids_of(&app, &left).await);
            let found = gaps(&lead, "?days=1").await;
            assert_eq!(found["items"].as_array().unwrap().len(), usize::from(left.is_empty()), "{found}");
        }
        let office = id_of(&app, "office-440703002").await;
        let body = json!({ "staff_id": office, "stands_in_for": id_of(&app, A).await, "reason": "sick" });
        lead.post(&format!("{}/stand-ins", path(&shift)), &body).await.expect(201);
        assert_eq!(called(&lead, &shift["unit_id"], 0, None).await, [office]);
    }

    /// Nobody for some time is found, in the units within reach.
    async fn gaps_are_found(app: TestApp) {
        let supervisor = app.staff("supervisor").await;
        let week = gaps(&supervisor, "").await;
        assert_eq!((&week["from"], &week["until"], &week["items"]), (&json!("2026-11-24T01:00:00Z"), &json!("2026-12-01T01:00:00Z"), &json!([])));
        let checked = week["checked"].as_u64().unwrap();
        assert!(checked > 100, "{checked}");
        let month = gaps(&supervisor, "?days=31").await;
        let items = month["items"].as_array().unwrap();
        assert_eq!(u64::try_from(items.len()).unwrap(), checked, "the roster ends before that");
        assert_eq!(items[0]["gaps"], json!([{ "from": "2026-12-23T16:00:00Z", "until": "2026-12-25T01:00:00Z" }]));
        let posts: Vec<_> = items.iter().take(2).map(|item| (&item["unit_name"], &item["post"], &item["level"])).collect();
        assert_eq!(posts, [(&json!("蓬江区"), &json!("duty"), &json!(2)), (&json!("蓬江区"), &json!("shift_lead"), &json!(3))]);

        let (lead, manager) = (app.staff(LEAD).await, app.staff(MANAGER).await);
        let own = unit_id(&app, HERE).await;
        let query = format!("unit_id={}&from=2026-11-25T16:00:00Z&to=2026-11-25T16:00:01Z", own.as_str().unwrap());
        let next = listed(&lead, &query).await.remove(0);
        delete(&lead, &path(&next), Some(&etag(&next))).await.expect(204);
        let hour = shift(&app, HERE, &[A], "2026-11-26T00:00:00Z", "2026-11-26T01:00:00Z").await;
        made(&lead, &hour).await;
        let wanted = json!([{
            "unit_id": own, "unit_name": "羊桥社区", "post": "duty", "level": 0, "minutes": 47 * 60,
            "gaps": [
                { "from": "2026-11-25T16:00:00Z", "until": "2026-11-26T00:00:00Z" },
                { "from": "2026-11-26T01:00:00Z", "until": "2026-11-27T16:00:00Z" },
            ],
        }]);
        for (client, counted) in [(&lead, 1), (&supervisor, checked)] {
            let found = gaps(client, "?days=7").await;
            assert_eq!((&found["items"], &found["checked"]), (&wanted, &json!(counted)));
        }
        let street = unit_id(&app, STREET).await;
        let below = gaps(&manager, &format!("?unit_id={}", street.as_str().unwrap())).await;
        assert_eq!(below["items"], wanted);
        assert!((2..checked).contains(&below["checked"].as_u64().unwrap()), "{below}");
        let door = |code: &Value| format!("/api/v1/duty/gaps?unit_id={}", code.as_str().unwrap());
        lead.get(&door(&street)).await.problem(403, "forbidden");
        app.staff("auditor").await.get("/api/v1/duty/gaps").await.problem(403, "forbidden");
        for days in [0, 32] {
            let answer = lead.get(&format!("/api/v1/duty/gaps?days={days}")).await;
            assert_eq!(answer.problem(422, "invalid_input").rule("?days"), Some("range"));
        }
        lead.get("/api/v1/duty/gaps?days=-1").await.problem(400, "malformed_query");
    }

    /// What calls people asks in the program itself.
    async fn the_program_asks_the_same(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let shift = made(&lead, &shift(&app, HERE, &[B, A], FROM, UNTIL).await).await;
        let a = id_of(&app, A).await;
        let contact = json!({ "phone": "13900000021", "channels": ["sms", "in_app"] });
        let own = app.staff(A).await;
        own.change("PUT", &format!("/api/v1/duty/contacts/{}", a.as_str().unwrap()), "\"0\"", &contact).await.expect(200);
        let kit = app.app.kit();
        let reference = app.app.desk.reference().await.unwrap();
        let unit: UnitId = shift["unit_id"].as_str().unwrap().parse().unwrap();
        let at = "2027-01-10T06:00:00Z".parse().unwrap();
        let levels = queries::on_duty_at(kit.db.read(), &reference.directory, unit, at).await.unwrap();
        let counts: Vec<usize> = levels.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 0, 0, 0]);
        let second = &levels[0][1];
        assert_eq!((json!(second.turn.staff), json!(second.turn.shift)), (a, shift["id"].clone()));
        assert!(second.name.contains("甲"));
        assert_eq!(json!(second.contact.channels), contact["channels"]);
        assert_eq!(second.contact.phone(&kit.vault).unwrap().unwrap().plain(), "+8613900000021");
        assert_eq!(json!(levels[0][0].contact.channels), json!(["in_app"]));
        let path = "/440703/440703002/440703002101/";
        let turns = store::turns(kit.db.read(), &[path], (FROM.parse().unwrap(), UNTIL.parse().unwrap())).await.unwrap();
        assert_eq!(turns.len(), 2);
        assert!(turns.iter().all(|(found, ..)| *found == unit));
        let places = queries::places(&reference.directory, "2027-01-10".parse().unwrap());
        let open = queries::uncovered(kit.db.read(), &places, (FROM.parse().unwrap(), UNTIL.parse().unwrap())).await.unwrap();
        assert_eq!(open.len(), places.len(), "all but one, and the shift lead's");
        assert!(open.iter().all(|gap| gap.station.unit != unit && gap.gaps.len() == 1));
    }
}
