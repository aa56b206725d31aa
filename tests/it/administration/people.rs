//! People: made by one administrator, given roles by another, watched by a third.

use super::{JIANAN, YANGQIAO, audited, entries, registered};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::json;

const FIRST: &str = "a first long phrase";

on_both! {
    /// From nothing to a handler who works, and out again.
    async fn a_person_comes_and_goes(app: TestApp) {
        let (sysadmin, secadmin) = (app.staff("sysadmin").await, app.staff("secadmin").await);
        let new = json!({ "user_name": "li.na", "display_name": "李娜", "password": FIRST });
        secadmin.post("/api/v1/staff", &new).await.problem(403, "forbidden");
        let made = sysadmin.post("/api/v1/staff", &new).await;
        made.expect(201);
        assert!(!made.text.contains(FIRST));
        let entry = audited(&app, "create_staff", "system_admin", &made.body["id"]).await;
        assert!(!entry.to_string().contains("phrase"), "{entry}");
        assert_eq!(sysadmin.post("/api/v1/staff", &new).await.problem(422, "invalid_input").rule("/user_name"), Some("taken"));

        let log_in = async || app.nobody().post("/api/v1/auth/staff", &json!({ "user_name": "li.na", "password": FIRST })).await;
        let person = app.with_token(&log_in().await.text_at("/access_token"));
        person.get("/api/v1/tickets").await.problem(403, "forbidden");
        let id = made.text_at("/id");
        let grants = format!("/api/v1/staff/{id}/grants");
        let yangqiao = app.unit(YANGQIAO).await;
        let grant = json!({ "role": "handler", "unit_id": yangqiao["id"], "posts": ["mediator"] });
        sysadmin.post(&grants, &grant).await.problem(403, "forbidden");
        let given = secadmin.post(&grants, &grant).await;
        given.expect(201);
        audited(&app, "grant_role", "security_admin", &made.body["id"]).await;
        person.get("/api/v1/tickets").await.expect(200);
        app.pass("reference").await;
        // She covers the post now, as one of those does who did before: sooner or later it is her turn.
        let mut turns = 0;
        while registered(&app, "羊桥社区", "120302").await.body["route"]["person"]["id"] != made.body["id"] {
            turns += 1;
            assert!(turns < 60, "it never is her turn");
        }

        for (wrong, pointer, rule) in [
            (grant.clone(), "/role", "taken"),
            (json!({ "role": "resident", "unit_id": yangqiao["id"] }), "/role", "one_of"),
            (json!({ "role": "handler", "unit_id": uuid::Uuid::nil() }), "/unit_id", "unknown"),
            (json!({ "role": "unit_lead", "unit_id": yangqiao["id"], "posts": ["astronaut"] }), "/posts/0", "unknown"),
            (json!({ "role": "unit_lead", "unit_id": yangqiao["id"], "valid_to": "2020-01-01" }), "/valid_to", "range"),
        ] {
            let answer = secadmin.post(&grants, &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
        }
        let last = json!({ "role": "handler", "unit_id": app.unit(JIANAN).await["id"], "valid_from": "2026-11-25", "valid_to": "2026-11-25" });
        secadmin.post(&grants, &last).await.expect(201);

        let path = format!("{grants}/{}", given.text_at("/id"));
        secadmin.send(secadmin.request("DELETE", &path)).await.expect(204);
        audited(&app, "revoke_role", "security_admin", &made.body["id"]).await;
        person.get("/api/v1/tickets").await.problem(403, "forbidden");
        app.turn(TimeDelta::hours(16));
        let person = app.with_token(&log_in().await.text_at("/access_token"));
        let me = person.get("/api/v1/me").await;
        assert_eq!((&me.body["roles"][0]["unit_name"], me.body["roles"].as_array().unwrap().len()), (&json!("迦南社区"), 1), "for a day");
        app.turn(TimeDelta::days(1));
        app.with_token(&log_in().await.text_at("/access_token")).get("/api/v1/tickets").await.problem(403, "forbidden");
    }

    /// System, security and audit are for three different people, and nobody serves themselves.
    async fn three_administrators_are_three_people(app: TestApp) {
        let secadmin = app.staff("secadmin").await;
        let district = app.unit("440703").await;
        let id_of = async |user_name: &str| {
            let found = secadmin.get(&format!("/api/v1/staff?q={user_name}")).await;
            found.body["items"][0]["id"].as_str().unwrap().to_owned()
        };
        for (user_name, role) in [("sysadmin", "auditor"), ("sysadmin", "security_admin"), ("auditor", "system_admin")] {
            let path = format!("/api/v1/staff/{}/grants", id_of(user_name).await);
            let answer = secadmin.post(&path, &json!({ "role": role, "unit_id": district["id"] })).await;
            assert!(answer.problem(422, "invalid_input").rule("/role").is_some(), "{user_name} {role}");
        }
        let own = id_of("secadmin").await;
        secadmin.post(&format!("/api/v1/staff/{own}/grants"), &json!({ "role": "operator", "unit_id": district["id"] })).await.problem(403, "forbidden");
        secadmin.change("POST", &format!("/api/v1/staff/{own}/disable"), "\"1\"", &json!({})).await.problem(403, "forbidden");
        secadmin.post(&format!("/api/v1/staff/{own}/password"), &json!({ "password": FIRST })).await.problem(403, "forbidden");
        assert_eq!((entries(&app, "grant_role").await, entries(&app, "disable_staff").await), (0, 0));
        for other in ["sysadmin", "secadmin", "operator", "supervisor"] {
            app.staff(other).await.get("/api/v1/audit").await.problem(403, "forbidden");
        }
    }
}
