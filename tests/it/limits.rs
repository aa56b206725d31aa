//! How much one program may ask, what a request says of its trace, and how answers are packed.

use crate::support::{Client, TestApp, on_each};
use hotline::platform::config::Config;
use serde_json::json;

fn few(config: &mut Config) {
    config.limits.client_per_minute = 3;
    config.limits.resident_per_minute = 2;
}

async fn program(app: &TestApp) -> Client {
    app.program(&app.client(json!(["tickets:read"])).await).await
}

/// A program is told what is left, and when to come again; others and staff go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_much_is_told_when_to_come_again() {
    on_each(async |backend| {
        let app = TestApp::start_with(backend, few).await;
        let (one, other) = (program(&app).await, program(&app).await);
        for left in [2, 1, 0] {
            let answer = one.get("/api/v1/tickets").await;
            answer.expect(200);
            assert_eq!(answer.headers["ratelimit-policy"], "\"client\";q=3;w=60");
            let said = answer.headers["ratelimit"].to_str().unwrap();
            assert!(said.starts_with(&format!("\"client\";r={left};t=")), "{said}");
        }
        let refused = one.get("/api/v1/tickets").await;
        refused.problem(429, "rate_limited");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        other.get("/api/v1/tickets").await.expect(200);
        let resident = app.resident("13900000001").await;
        for status in [200, 200, 429] {
            resident.get("/api/v1/tickets").await.expect(status);
        }
        let operator = app.staff("operator").await;
        for _ in 0..5 {
            let answer = operator.get("/api/v1/tickets").await;
            answer.expect(200);
            assert!(!answer.headers.contains_key("ratelimit"));
        }
        app.stop().await;
    })
    .await;
}

/// A trace goes on, and its id is the request's unless the client names one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_on() {
    on_each(async |backend| {
        let app = TestApp::start(backend).await;
        let nobody = app.nobody();
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let request = || {
            nobody
                .request("GET", "/api/v1/units")
                .header("traceparent", format!("00-{id}-00f067aa0ba902b7-01"))
        };
        let traced = nobody.send(request()).await;
        assert_eq!(traced.headers["x-request-id"], id);
        let ours = traced.headers["traceparent"].to_str().unwrap();
        assert!(
            ours.starts_with(&format!("00-{id}-"))
                && ours.ends_with("-01")
                && !ours.contains("00f067aa0ba902b7"),
            "{ours}"
        );
        let named = nobody.send(request().header("x-request-id", "my-own-id-1")).await;
        assert_eq!(named.headers["x-request-id"], "my-own-id-1");
        let begun = nobody.get("/api/v1/units").await;
        let (trace, id) = (
            begun.headers["traceparent"].to_str().unwrap(),
            begun.headers["x-request-id"].to_str().unwrap(),
        );
        assert_eq!(trace.split('-').nth(1), Some(id));
        app.stop().await;
    })
    .await;
}

/// Answers are packed as the client likes it best.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_packed() {
    on_each(async |backend| {
        let app = TestApp::start(backend).await;
        let nobody = app.nobody();
        for (likes, packed) in [("gzip", "gzip"), ("zstd", "zstd"), ("gzip;q=0.5, zstd", "zstd")] {
            let request = nobody
                .request("GET", "/api/v1/units")
                .header("accept-encoding", likes);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.headers()["content-encoding"], packed, "{likes}");
        }
        app.stop().await;
    })
    .await;
}
