//! User name and password: one answer to every wrong guess, and a longer wait after each.

use super::{log_in, logged_in, person};
use crate::on_both;
use crate::support::Answer;
use chrono::TimeDelta;
use hotline::demo::PASSWORD;
use serde_json::{Value, json};

const NEW: &str = "a quite different phrase";

/// What a guesser sees of an answer, but for the request's own id.
fn seen(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status, body, names)
}

/// Seconds after which to try again.
#[track_caller]
fn wait_of(answer: &Answer) -> i64 {
    answer.problem(429, "throttled");
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

on_both! {
    /// The right password opens a log-in; anything else gets one and the same answer.
    async fn a_wrong_guess_tells_nothing(app: TestApp) {
        let (operator, tokens) = logged_in(&app, "operator").await;
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
        let me = operator.get("/api/v1/me").await;
        assert_eq!((&me.body["kind"], &me.body["roles"][0]["role"]), (&json!("staff"), &json!("operator")));
        log_in(&app, " OPERATOR ", PASSWORD).await.expect(200);

        let secadmin = app.staff("secadmin").await;
        let gone = person(&app, "analyst").await;
        let path = format!("/api/v1/staff/{}/disable", gone["id"].as_str().unwrap());
        secadmin.change("POST", &path, &format!("\"{}\"", gone["version"]), &json!({})).await.expect(200);

        let wrong = log_in(&app, "operator", "not the password").await;
        wrong.problem(401, "credentials_wrong");
        for (user_name, password) in [
            ("nobody-of-this-name", PASSWORD),
            ("analyst", PASSWORD),
            ("operator", ""),
            ("operator", "DEMONSTRATION ONLY"),
            ("operator", " demonstration only"),
            ("operator", "demonstration only\u{0}"),
        ] {
            let answer = log_in(&app, user_name, password).await;
            assert_eq!(seen(&answer), seen(&wrong), "{user_name} {password:?}");
        }
    }

    /// From the fifth failure on the account waits, each time twice as long, the right password too; then it is over.
    async fn guessing_is_slowed_down(app: TestApp) {
        for user_name in ["operator", "nobody-of-this-name"] {
            for _ in 0..5 {
                log_in(&app, user_name, "wrong").await.problem(401, "credentials_wrong");
            }
            assert_eq!(wait_of(&log_in(&app, user_name, "wrong").await), 1, "{user_name}");
        }
        assert_eq!(wait_of(&log_in(&app, "operator", PASSWORD).await), 1, "even the right one waits");
        log_in(&app, "operator-b", PASSWORD).await.expect(200);

        for wait in [1, 2, 4, 8] {
            assert_eq!(wait_of(&log_in(&app, "operator", PASSWORD).await), wait);
            app.turn(TimeDelta::seconds(wait) - TimeDelta::milliseconds(1));
            wait_of(&log_in(&app, "operator", PASSWORD).await);
            app.turn(TimeDelta::milliseconds(1));
            log_in(&app, "operator", "wrong").await.problem(401, "credentials_wrong");
        }
        app.turn(TimeDelta::seconds(16));
        log_in(&app, "operator", PASSWORD).await.expect(200);
        for _ in 0..5 {
            log_in(&app, "operator", "wrong").await.problem(401, "credentials_wrong");
        }
        assert_eq!(wait_of(&log_in(&app, "operator", "wrong").await), 1, "a success begins anew");
    }

    /// Many guesses at once are no more than five.
    async fn guessing_at_once_gains_nothing(app: TestApp) {
        // The later ones find all connections open.
        for user_name in ["dispatcher", "callback", "nobody-of-this-name", "arbiter"] {
            let guesses = (0..40).map(|n| {
                let client = app.nobody();
                tokio::spawn(async move {
                    let body = json!({ "user_name": user_name, "password": format!("guess {n}") });
                    client.post("/api/v1/auth/staff", &body).await.status
                })
            });
            let mut judged = 0;
            for guess in futures_util::future::join_all(guesses).await {
                match guess.unwrap() {
                    401 => judged += 1,
                    status => assert_eq!(status, 429),
                }
            }
            assert_eq!(judged, 5, "{user_name}");
        }
    }

    /// One's own password is changed by who knows it; the old one is over.
    async fn a_password_is_changed(app: TestApp) {
        let (operator, _) = logged_in(&app, "operator").await;
        let change = |current: &str, new: &str| json!({ "current": current, "new": new });
        operator.post("/api/v1/me/password", &change("wrong", NEW)).await.problem(401, "credentials_wrong");
        operator.post("/api/v1/me/password", &json!({ "new": NEW })).await.problem(422, "invalid_input");
        let short = operator.post("/api/v1/me/password", &change(PASSWORD, "short")).await;
        assert_eq!(short.problem(422, "invalid_input").rule("/new"), Some("too_short"));
        operator.post("/api/v1/me/password", &change(PASSWORD, NEW)).await.expect(204);
        log_in(&app, "operator", PASSWORD).await.problem(401, "credentials_wrong");
        log_in(&app, "operator", NEW).await.expect(200);

        // Whoever changes it often has guessed nothing.
        let (mut old, mut new) = (NEW.to_owned(), String::new());
        for n in 0..8 {
            new = format!("{NEW} {n}");
            operator.post("/api/v1/me/password", &change(&old, &new)).await.expect(204);
            old.clone_from(&new);
        }
        log_in(&app, "operator", &new).await.expect(200);
    }

    /// A resident gives themselves a password, and logs in with it.
    async fn a_resident_logs_in_with_a_password(app: TestApp) {
        let log_in = async |password: &str| {
            let body = json!({ "phone": "+86 139-0000-0001", "password": password });
            app.nobody().post("/api/v1/auth/resident", &body).await
        };
        log_in(NEW).await.problem(401, "credentials_wrong");
        let resident = app.resident("13900000001").await;
        resident.post("/api/v1/me/password", &json!({ "new": NEW })).await.expect(204);
        let answer = log_in(NEW).await;
        answer.expect(200);
        let me = app.with_token(&answer.text_at("/access_token")).get("/api/v1/me").await;
        assert_eq!(me.body["id"], resident.get("/api/v1/me").await.body["id"]);
        resident.post("/api/v1/me/password", &json!({ "new": "another long phrase" })).await.problem(422, "invalid_input");

        for _ in 0..5 {
            log_in("wrong").await.problem(401, "credentials_wrong");
        }
        assert_eq!(wait_of(&log_in(NEW).await), 1);
    }
}
