//! Many who listen to the stream of events.

use super::since;
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// For each of them, how long after its commit each event was there, in milliseconds.
pub struct Listeners(Vec<Arc<Mutex<Vec<f64>>>>);

impl Listeners {
    /// Lets so many listen.
    pub async fn start(base: &str, token: &str, count: usize) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut all = Vec::new();
        for _ in 0..count {
            let request = http
                .get(format!("{base}/api/v1/events?types=ticket.*"))
                .bearer_auth(token)
                .header("Accept", "text/event-stream");
            let answer = request.send().await.context("nobody answers")?;
            ensure!(answer.status() == 200, "{}", answer.status());
            let heard = Arc::new(Mutex::new(Vec::new()));
            all.push(Arc::clone(&heard));
            tokio::spawn(async move {
                let (mut stream, mut text) = (answer.bytes_stream(), String::new());
                while let Some(Ok(bytes)) = stream.next().await {
                    let now = Utc::now();
                    text.push_str(&String::from_utf8_lossy(&bytes));
                    while let Some(end) = text.find('\n') {
                        let line: String = text.drain(..=end).collect();
                        if let Some(data) = line.strip_prefix("data:")
                            && let Some(at) = timestamp(data)
                        {
                            heard.lock().unwrap().push(since(at, now));
                        }
                    }
                }
            });
        }
        Ok(Self(all))
    }

    /// All delays, and how many events were heard by who heard least and most.
    pub fn heard(&self) -> (Vec<f64>, usize, usize) {
        let counts: Vec<usize> = self.0.iter().map(|one| one.lock().unwrap().len()).collect();
        let all = self
            .0
            .iter()
            .flat_map(|one| one.lock().unwrap().clone())
            .collect();
        let (least, most) = (counts.iter().min(), counts.iter().max());
        (all, least.copied().unwrap_or(0), most.copied().unwrap_or(0))
    }
}

fn timestamp(data: &str) -> Option<DateTime<Utc>> {
    let event: Value = serde_json::from_str(data).ok()?;
    event["timestamp"].as_str()?.parse().ok()
}
