//! Families of refresh tokens, and what ends a log-in at once: on every instance, at the next request.

use super::{all_alike, log_in, logged_in, person, refresh, second_instance};
use crate::on_both;
use crate::support::Client;
use chrono::TimeDelta;
use hotline::demo::PASSWORD;
use serde_json::json;

on_both! {
    /// Each use gives the next token; a lost answer can be asked for again, a stolen token ends the family.
    async fn a_refresh_token_works_once(app: TestApp) {
        let (_, tokens) = logged_in(&app, "operator").await;
        let first = tokens["refresh_token"].as_str().unwrap();
        app.turn(TimeDelta::seconds(599));
        let second = refresh(&app, first).await;
        second.expect(200);
        let successor = second.text_at("/refresh_token");
        assert_ne!(successor, first);

        app.turn(TimeDelta::seconds(10));
        let again = refresh(&app, first).await;
        again.expect(200);
        assert_eq!(again.text_at("/refresh_token"), successor, "the very same one within the grace");
        let operator = app.with_token(&again.text_at("/access_token"));
        operator.get("/api/v1/tickets").await.expect(200);

        app.turn(TimeDelta::seconds(1));
        refresh(&app, first).await.problem(401, "refresh_reused");
        operator.get("/api/v1/tickets").await.problem(401, "session_revoked");
        refresh(&app, &successor).await.problem(401, "token_invalid");
        refresh(&app, first).await.problem(401, "token_invalid");
    }

    /// Within the grace, too, a token that is two uses old ends the family.
    async fn an_older_token_ends_the_family(app: TestApp) {
        let (_, tokens) = logged_in(&app, "operator").await;
        let first = tokens["refresh_token"].as_str().unwrap();
        let second = refresh(&app, first).await.text_at("/refresh_token");
        let third = refresh(&app, &second).await;
        refresh(&app, first).await.problem(401, "refresh_reused");
        app.with_token(&third.text_at("/access_token")).get("/api/v1/me").await.problem(401, "session_revoked");
        refresh(&app, &third.text_at("/refresh_token")).await.problem(401, "token_invalid");
    }

    /// What is no token of ours opens nothing; one that was not used for too long is over.
    async fn a_refresh_token_is_ours_and_fresh(app: TestApp) {
        let (_, tokens) = logged_in(&app, "operator").await;
        let good = tokens["refresh_token"].as_str().unwrap();
        let nobodys = format!("hlr_{}_{}", "0".repeat(32), "A".repeat(43));
        for bad in ["", "x", "hlr_", "hlr__", &good[4..], &good.to_uppercase(), &nobodys, &tokens["access_token"].to_string()] {
            refresh(&app, bad).await.problem(401, "token_invalid");
        }
        refresh(&app, good).await.expect(200);
        let (_, tokens) = logged_in(&app, "operator").await;
        app.turn(TimeDelta::seconds(app.app.kit().config.auth.refresh_ttl_s));
        refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.problem(401, "token_invalid");
    }

    /// Fifty at once with one token get one successor, which works.
    async fn refreshing_at_once_gives_one_successor(app: TestApp) {
        let (_, tokens) = logged_in(&app, "operator").await;
        let tries = (0..50).map(|_| {
            let (client, body) = (app.nobody(), json!({ "refresh_token": tokens["refresh_token"] }));
            tokio::spawn(async move { client.post("/api/v1/auth/refresh", &body).await })
        });
        let answers = futures_util::future::join_all(tries).await;
        let successors: Vec<String> = answers.into_iter().map(|answer| {
            let answer = answer.unwrap();
            answer.expect(200);
            answer.text_at("/refresh_token")
        }).collect();
        assert!(all_alike(&successors));
        let next = refresh(&app, &successors[0]).await;
        next.expect(200);
        app.with_token(&next.text_at("/access_token")).get("/api/v1/tickets").await.expect(200);
    }

    /// A log-out ends this log-in and no other, here and on the other instance.
    async fn a_log_out_bites_at_once(app: TestApp) {
        let (one, tokens) = logged_in(&app, "operator").await;
        let (other, _) = logged_in(&app, "operator").await;
        let elsewhere = Client::new(&second_instance(&app).await, Some(one.token().to_owned()));
        elsewhere.get("/api/v1/tickets").await.expect(200);
        one.post("/api/v1/auth/logout", &json!({})).await.expect(204);
        one.get("/api/v1/tickets").await.problem(401, "session_revoked");
        elsewhere.get("/api/v1/tickets").await.problem(401, "session_revoked");
        one.post("/api/v1/auth/logout", &json!({})).await.problem(401, "session_revoked");
        refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.problem(401, "token_invalid");
        other.get("/api/v1/tickets").await.expect(200);
    }

    /// Who is disabled is out with all their log-ins, and does not come in again.
    async fn disabling_bites_at_once(app: TestApp) {
        let (one, tokens) = logged_in(&app, "callback").await;
        let (two, _) = logged_in(&app, "callback").await;
        let row = person(&app, "callback").await;
        let secadmin = app.staff("secadmin").await;
        let path = format!("/api/v1/staff/{}/disable", row["id"].as_str().unwrap());
        secadmin.change("POST", &path, "\"99\"", &json!({})).await.problem(412, "stale_version");
        one.get("/api/v1/tickets").await.expect(200);
        secadmin.change("POST", &path, &format!("\"{}\"", row["version"]), &json!({})).await.expect(200);
        for client in [one, two] {
            client.get("/api/v1/tickets").await.problem(401, "session_revoked");
        }
        refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.problem(401, "token_invalid");
        log_in(&app, "callback", PASSWORD).await.problem(401, "credentials_wrong");
    }

    /// Another password, given by the security administrator, ends all log-ins.
    async fn a_reset_password_bites_at_once(app: TestApp) {
        let (one, _) = logged_in(&app, "callback").await;
        let id = person(&app, "callback").await["id"].as_str().unwrap().to_owned();
        let secadmin = app.staff("secadmin").await;
        let path = format!("/api/v1/staff/{id}/password");
        secadmin.post(&path, &json!({ "password": "callback" })).await.problem(422, "invalid_input");
        one.get("/api/v1/tickets").await.expect(200);
        secadmin.post(&path, &json!({ "password": "a quite different phrase" })).await.expect(200);
        one.get("/api/v1/tickets").await.problem(401, "session_revoked");
        log_in(&app, "callback", PASSWORD).await.problem(401, "credentials_wrong");
        log_in(&app, "callback", "a quite different phrase").await.expect(200);
    }

    /// A role that is taken back, or given, counts at the next request of the same token.
    async fn a_change_of_role_bites_at_once(app: TestApp) {
        // Held since yesterday, it ends; held since today, it would be as if it had never been.
        app.turn(TimeDelta::days(1));
        let (agent, _) = logged_in(&app, "callback").await;
        let elsewhere = Client::new(&second_instance(&app).await, Some(agent.token().to_owned()));
        elsewhere.get("/api/v1/tickets").await.expect(200);
        let row = person(&app, "callback").await;
        let (id, grant) = (row["id"].as_str().unwrap(), &row["grants"][0]);
        let secadmin = app.staff("secadmin").await;
        let path = format!("/api/v1/staff/{id}/grants/{}", grant["id"].as_str().unwrap());
        secadmin.send(secadmin.request("DELETE", &path)).await.expect(204);
        agent.get("/api/v1/tickets").await.problem(403, "forbidden");
        elsewhere.get("/api/v1/tickets").await.problem(403, "forbidden");

        let given = json!({ "role": "auditor", "unit_id": grant["unit_id"] });
        secadmin.post(&format!("/api/v1/staff/{id}/grants"), &given).await.expect(201);
        agent.get("/api/v1/audit").await.expect(200);
        elsewhere.get("/api/v1/audit").await.expect(200);
    }

    /// Who holds no role any more still sees who they are, and logs out; they may do nothing else.
    async fn without_a_role_one_sees_oneself_and_logs_out(app: TestApp) {
        app.turn(TimeDelta::days(1));
        let (agent, tokens) = logged_in(&app, "callback").await;
        let row = person(&app, "callback").await;
        let (id, grant) = (&row["id"], row["grants"][0]["id"].as_str().unwrap());
        let secadmin = app.staff("secadmin").await;
        let path = format!("/api/v1/staff/{}/grants/{grant}", id.as_str().unwrap());
        secadmin.send(secadmin.request("DELETE", &path)).await.expect(204);

        let me = agent.get("/api/v1/me").await;
        me.expect(200);
        assert_eq!((&me.body["kind"], &me.body["id"], &me.body["roles"]), (&json!("staff"), id, &json!([])));
        for path in ["/api/v1/tickets", "/api/v1/notices", "/api/v1/staff"] {
            agent.get(path).await.problem(403, "forbidden");
        }
        let password = json!({ "current": PASSWORD, "new": "a quite different phrase" });
        agent.post("/api/v1/me/password", &password).await.problem(403, "forbidden");
        agent.post("/api/v1/me/second-factor", &json!({})).await.problem(403, "forbidden");

        let next = refresh(&app, tokens["refresh_token"].as_str().unwrap()).await;
        next.expect(200);
        agent.post("/api/v1/auth/logout", &json!({})).await.expect(204);
        agent.get("/api/v1/me").await.problem(401, "session_revoked");
        refresh(&app, &next.text_at("/refresh_token")).await.problem(401, "token_invalid");
    }

    /// Ten minutes, by the clock.
    async fn an_access_token_ends_by_the_clock(app: TestApp) {
        let (operator, _) = logged_in(&app, "operator").await;
        app.turn(TimeDelta::milliseconds(599_999));
        operator.get("/api/v1/tickets").await.expect(200);
        app.turn(TimeDelta::milliseconds(1));
        operator.get("/api/v1/tickets").await.problem(401, "token_expired");
        // Where nobody need log in, it does no harm.
        operator.get("/api/v1/units").await.expect(200);
    }
}
