//! Logging in and staying logged in: passwords, codes, second factors, tokens, and how each of them ends.

mod apps;
mod codes;
mod forged;
mod keys;
mod passwords;
mod programs;
mod second_factor;
mod sessions;

use crate::support::{Answer, Client, TestApp};
use hotline::app::App;
use hotline::demo::PASSWORD;
use serde_json::{Value, json};
use std::net::TcpListener;

/// Tries to log a member of staff in.
async fn log_in(app: &TestApp, user_name: &str, password: &str) -> Answer {
    let body = json!({ "user_name": user_name, "password": password });
    app.nobody().post("/api/v1/auth/staff", &body).await
}

/// A member of staff with the tokens of their log-in.
async fn logged_in(app: &TestApp, user_name: &str) -> (Client, Value) {
    let answer = log_in(app, user_name, PASSWORD).await;
    answer.expect(200);
    (app.with_token(&answer.text_at("/access_token")), answer.body)
}

/// Asks for the next tokens.
async fn refresh(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    app.nobody().post("/api/v1/auth/refresh", &body).await
}

/// A member of staff as the administrators see them: key, version, grants.
async fn person(app: &TestApp, user_name: &str) -> Value {
    let found = app
        .staff("secadmin")
        .await
        .get(&format!("/api/v1/staff?q={user_name}"))
        .await;
    let items = found.body["items"].as_array().unwrap();
    let known = items.iter().find(|item| item["user_name"] == user_name);
    known.unwrap_or_else(|| panic!("{}", found.text)).clone()
}

/// A second process on the same database; how it is reached.
async fn second_instance(app: &TestApp) -> String {
    let config = (*app.app.kit().config).clone();
    let second = App::open(config, app.clock.clone(), false).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(second.serve(listener).unwrap());
    base
}

/// Whether all of these are the same.
fn all_alike<T: PartialEq>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}
