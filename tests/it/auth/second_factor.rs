//! The second factor: without it some roles wait; with it a code works once.

use crate::on_both;
use crate::support::{Answer, Backend, Client, TestApp};
use chrono::TimeDelta;
use hotline::demo::PASSWORD;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// An authenticator: the code of a secret, `steps` of thirty seconds from now.
fn code(app: &TestApp, secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = app.clock.now().timestamp() + 30 * steps;
    totp.generate(now.try_into().unwrap()).to_string()
}

/// A code that is none of the three that are taken now.
fn wrong_code(app: &TestApp, secret: &str) -> String {
    let taken: Vec<String> = (-1..=1).map(|steps| code(app, secret, steps)).collect();
    (0..4)
        .map(|n| format!("{n:06}"))
        .find(|code| !taken.contains(code))
        .unwrap()
}

async fn log_in(app: &TestApp, code: Option<&str>) -> Answer {
    let body = json!({ "user_name": "supervisor", "password": PASSWORD, "totp": code });
    app.nobody().post("/api/v1/auth/staff", &body).await
}

/// Enrols; the secret.
async fn enrol(app: &TestApp, supervisor: &Client) -> String {
    let begun = supervisor.post("/api/v1/me/second-factor", &json!({})).await;
    begun.expect(200);
    assert_eq!(begun.body["enrolled"], false);
    let secret = begun.text_at("/secret");
    let prove = |code: String| json!({ "secret": secret, "code": code });
    let wrong = supervisor
        .post("/api/v1/me/second-factor", &prove(wrong_code(app, &secret)))
        .await;
    wrong.problem(401, "code_wrong");
    log_in(app, None).await.expect(200);
    let right = supervisor
        .post("/api/v1/me/second-factor", &prove(code(app, &secret, 0)))
        .await;
    assert_eq!(right.expect(200).body, json!({ "enrolled": true }));
    supervisor
        .post("/api/v1/me/second-factor", &prove(code(app, &secret, 0)))
        .await
        .problem(409, "conflict");
    secret
}

/// Where a second factor is asked for, a supervisor without one can enrol and nothing else.
async fn without_it_a_role_waits(backend: Backend) {
    let app = TestApp::start_with(backend, |config| config.auth.second_factor = true).await;
    let supervisor = app.staff("supervisor").await;
    let me = supervisor.get("/api/v1/me").await;
    assert_eq!(me.body["roles"][0]["withheld"], true);
    let doors = [
        "/api/v1/tickets",
        "/api/v1/queues",
        "/api/v1/staff",
        "/api/v1/deadline-policies",
    ];
    for door in doors {
        supervisor.get(door).await.problem(401, "second_factor_required");
    }
    let operator = app.staff("operator").await;
    operator.get("/api/v1/tickets").await.expect(200);
    for (user_name, door) in [
        ("sysadmin", "/api/v1/settings"),
        ("secadmin", "/api/v1/clients"),
        ("auditor", "/api/v1/audit"),
    ] {
        app.staff(user_name)
            .await
            .get(door)
            .await
            .problem(401, "second_factor_required");
    }

    let secret = enrol(&app, &supervisor).await;
    supervisor
        .get("/api/v1/tickets")
        .await
        .problem(401, "second_factor_required");
    log_in(&app, None).await.problem(401, "second_factor_required");
    app.turn(TimeDelta::seconds(30));
    let answer = log_in(&app, Some(&code(&app, &secret, 0))).await;
    answer.expect(200);
    let supervisor = app.with_token(&answer.text_at("/access_token"));
    assert_eq!(
        supervisor.get("/api/v1/me").await.body["roles"][0]["withheld"],
        false
    );
    for door in doors {
        supervisor.get(door).await.expect(200);
    }
    // What a refresh gives is of the same log-in.
    let next = super::refresh(&app, &answer.text_at("/refresh_token")).await;
    app.with_token(&next.text_at("/access_token"))
        .get("/api/v1/tickets")
        .await
        .expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_it_a_role_waits_sqlite() {
    without_it_a_role_waits(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_it_a_role_waits_postgres() {
    if Backend::postgres_is_there() {
        without_it_a_role_waits(Backend::Postgres).await;
    }
}

on_both! {
    /// A code of thirty seconds, one step either way, and none twice.
    async fn a_code_is_not_played_again(app: TestApp) {
        let secret = enrol(&app, &app.staff("supervisor").await).await;
        log_in(&app, Some(&code(&app, &secret, 0))).await.problem(401, "code_wrong");
        app.turn(TimeDelta::seconds(90));
        for wrong in [wrong_code(&app, &secret), code(&app, &secret, -2), code(&app, &secret, 2)] {
            log_in(&app, Some(&wrong)).await.problem(401, "code_wrong");
        }
        let late = code(&app, &secret, -1);
        log_in(&app, Some(&late)).await.expect(200);
        log_in(&app, Some(&late)).await.problem(401, "code_wrong");
        let early = code(&app, &secret, 1);
        log_in(&app, Some(&early)).await.expect(200);
        for older in [late, code(&app, &secret, 0), early] {
            log_in(&app, Some(&older)).await.problem(401, "code_wrong");
        }
    }

    /// Ten at once with one code are one log-in.
    async fn a_code_is_not_played_at_once(app: TestApp) {
        let secret = enrol(&app, &app.staff("supervisor").await).await;
        app.turn(TimeDelta::seconds(60));
        let body = json!({ "user_name": "supervisor", "password": PASSWORD, "totp": code(&app, &secret, 0) });
        let tries = (0..4).map(|_| {
            let (client, body): (Client, Value) = (app.nobody(), body.clone());
            tokio::spawn(async move { client.post("/api/v1/auth/staff", &body).await.status })
        });
        let mut statuses: Vec<u16> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401]);
    }

    /// Who knows the password guesses five codes; showing the password alone in between wins no more.
    async fn codes_are_not_guessed(app: TestApp) {
        let secret = enrol(&app, &app.staff("supervisor").await).await;
        app.turn(TimeDelta::seconds(60));
        for _ in 0..5 {
            log_in(&app, Some(&wrong_code(&app, &secret))).await.problem(401, "code_wrong");
            log_in(&app, None).await.problem(401, "second_factor_required");
        }
        let throttled = log_in(&app, Some(&code(&app, &secret, 0))).await;
        throttled.problem(429, "throttled");
        assert_eq!(throttled.headers["retry-after"], "1");
        app.turn(TimeDelta::seconds(1));
        log_in(&app, Some(&code(&app, &secret, 0))).await.expect(200);
    }
}
