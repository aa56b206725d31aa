//! People who take calls on, deal with them and close them, so that they don't pile up.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use hotline::platform::clock::Clock;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Seconds for which a call rings before somebody takes it on.
const RUNG_S: i64 = 2;
/// How often they look at the list: a console that follows the stream would look less.
const LOOK: Duration = Duration::from_millis(100);
/// How many calls are dealt with side by side.
const AT_ONCE: usize = 8;

/// People at work.
pub struct People {
    stop: CancellationToken,
    working: tokio::task::JoinHandle<anyhow::Result<()>>,
}

#[derive(Clone)]
struct Person {
    http: reqwest::Client,
    base: String,
    token: String,
    keys: Arc<AtomicU64>,
}

impl Person {
    async fn log_in(base: &str, name: &str, keys: &Arc<AtomicU64>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let body = json!({ "user_name": name, "password": hotline::demo::PASSWORD });
        let answer = http
            .post(format!("{base}/api/v1/auth/staff"))
            .json(&body)
            .send()
            .await?;
        let answer: Value = answer.json().await?;
        Ok(Self {
            http,
            base: base.to_owned(),
            token: answer["access_token"].as_str().context("no log-in")?.to_owned(),
            keys: Arc::clone(keys),
        })
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<u16> {
        let key = format!(
            "bench-{}-{}",
            std::process::id(),
            self.keys.fetch_add(1, Ordering::Relaxed)
        );
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        let answer = request.header("Idempotency-Key", key).json(body).send().await?;
        Ok(answer.status().as_u16())
    }

    /// All pages of a list.
    async fn calls(&self, which: &str) -> anyhow::Result<Vec<Value>> {
        let path = format!("{}/api/v1/callbell/calls?limit=100&which={which}", self.base);
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let request = self.http.get(format!("{path}{cursor}")).bearer_auth(&self.token);
            let page: Value = request.send().await?.json().await?;
            all.extend(page["items"].as_array().context("no list")?.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }
}

impl People {
    /// Logs two in, who begin.
    pub async fn at_work(base: &str) -> anyhow::Result<Self> {
        let keys = Arc::default();
        let handler = Person::log_in(base, "handler-a-440703002101", &keys).await?;
        let supervisor = Person::log_in(base, "supervisor", &keys).await?;
        let stop = CancellationToken::new();
        let working = tokio::spawn(work(handler, supervisor, stop.clone()));
        Ok(Self { stop, working })
    }

    /// They deal with what is left, and end.
    pub async fn go_home(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.working.await?
    }
}

async fn work(handler: Person, supervisor: Person, stop: CancellationToken) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut next = tokio::time::interval(LOOK);
    next.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let calls = handler.calls("unfinished").await?;
        // Who takes a call on before anybody was rung leaves nothing to measure.
        let now = clock.now();
        let rung = |call: &Value| {
            let opened = call["opened_at"]
                .as_str()
                .and_then(|at| at.parse::<DateTime<Utc>>().ok());
            opened.is_some_and(|at| now - at > TimeDelta::seconds(RUNG_S))
        };
        let left = calls.len();
        let calls: Vec<Value> = calls.into_iter().filter(rung).collect();
        stream::iter(calls)
            .map(|call| deal(&handler, &supervisor, call))
            .buffer_unordered(AT_ONCE)
            .for_each(|done| async move {
                // Somebody was quicker: it is among the next ones.
                let _ = done;
            })
            .await;
        if left == 0 && stop.is_cancelled() {
            return Ok(());
        }
        next.tick().await;
    }
}

async fn deal(handler: &Person, supervisor: &Person, call: Value) -> anyhow::Result<()> {
    let path = format!(
        "/api/v1/callbell/calls/{}",
        call["id"].as_str().unwrap_or_default()
    );
    if call["state"] != "resolved" {
        handler
            .post(&format!("{path}/actions"), &json!({ "action": "acknowledge" }))
            .await?;
        let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "测量：已处置" });
        handler.post(&format!("{path}/actions"), &resolve).await?;
        let report = json!({ "action": "report", "text": "测量" });
        if call["late"] == true {
            handler.post(&format!("{path}/actions"), &report).await?;
        }
    }
    supervisor.post(&format!("{path}/close"), &json!({})).await?;
    Ok(())
}
