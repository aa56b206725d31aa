//! Somebody who sends requests, and the answers that they get.

use crate::tell;
use anyhow::{Context, bail, ensure};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static KEYS: AtomicU64 = AtomicU64::new(1);

/// A key that no request had before.
pub fn fresh_key() -> String {
    format!(
        "walk-{}-{}",
        std::process::id(),
        KEYS.fetch_add(1, Ordering::Relaxed)
    )
}

/// Somebody.
#[derive(Clone)]
pub struct Client {
    who: String,
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// An answer.
pub struct Answer {
    request: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: Value,
}

impl Client {
    pub fn new(who: &str, base: &str, token: Option<String>, http: reqwest::Client) -> Self {
        Self {
            who: who.to_owned(),
            base: base.to_owned(),
            token,
            http,
        }
    }

    /// A request, to be finished by the caller.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("Accept-Language", "en");
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and tells of it as `what`.
    pub async fn send(&self, what: &str, request: RequestBuilder) -> anyhow::Result<Answer> {
        let answer = self.quiet_send(what, request).await?;
        tell::request(&self.who, &answer.request, answer.status);
        Ok(answer)
    }

    async fn quiet_send(&self, what: &str, request: RequestBuilder) -> anyhow::Result<Answer> {
        let what = short(what);
        let response = request.send().await.with_context(|| what.clone())?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?.to_vec();
        Ok(Answer {
            request: what,
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            bytes,
        })
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(&format!("GET {path}"), self.request(Method::GET, path))
            .await
    }

    /// A look that is part of another step.
    pub async fn quiet_get(&self, path: &str) -> anyhow::Result<Answer> {
        self.quiet_send(&format!("GET {path}"), self.request(Method::GET, path))
            .await
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.post_with(path, body, &fresh_key()).await
    }

    pub async fn post_with(&self, path: &str, body: &Value, key: &str) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path).json(body);
        self.send(&format!("POST {path}"), request.header("Idempotency-Key", key))
            .await
    }

    /// A request that is part of another step.
    pub async fn quiet_post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path).json(body);
        let request = request.header("Idempotency-Key", fresh_key());
        self.quiet_send(&format!("POST {path}"), request).await
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(&format!("DELETE {path}"), self.request(Method::DELETE, path))
            .await
    }

    /// Acts on a ticket as clients do: look first, then name the version that was seen.
    pub async fn act(&self, id: &str, action: Value) -> anyhow::Result<Answer> {
        let seen = self.quiet_get(&format!("/api/v1/tickets/{id}")).await?;
        let etag = seen
            .headers
            .get("etag")
            .and_then(|tag| tag.to_str().ok())
            .unwrap_or("\"0\"");
        self.act_on(id, action, Some(etag)).await
    }

    /// Acts on the version that `etag` names.
    pub async fn act_on(&self, id: &str, action: Value, etag: Option<&str>) -> anyhow::Result<Answer> {
        let path = format!("/api/v1/tickets/{id}/actions");
        let word = action["action"].as_str().unwrap_or_default().to_owned();
        let mut request = self.request(Method::POST, &path).json(&action);
        request = request.header("Idempotency-Key", fresh_key());
        if let Some(etag) = etag {
            request = request.header("If-Match", etag);
        }
        self.send(&format!("POST {path} {word}"), request).await
    }

    /// Sends a file as a browser's form does.
    pub async fn upload(&self, name: &str, media_type: &str, content: &[u8]) -> anyhow::Result<Answer> {
        const BOUNDARY: &str = "walkthrough-boundary";
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {media_type}\r\n\r\n"
        );
        let mut body = head.into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let request = self
            .request(Method::POST, "/api/v1/attachments")
            .header(
                "Content-Type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .header("Idempotency-Key", fresh_key())
            .body(body);
        self.send(&format!("POST /api/v1/attachments {name}"), request)
            .await
    }

    /// The newest message of this template in one's inbox; people are told a moment after it happened.
    pub async fn told(&self, template: &str) -> anyhow::Result<String> {
        until(&format!("the message {template}"), || async {
            let inbox = self.quiet_get("/api/v1/notices?limit=20").await?.expect(200)?;
            let found = inbox
                .items()?
                .iter()
                .find(|notice| notice["template"] == template);
            Ok(found
                .and_then(|notice| notice["text"].as_str())
                .map(str::to_owned))
        })
        .await
    }
}

impl Answer {
    /// Checks the status.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        let text = String::from_utf8_lossy(&self.bytes);
        ensure!(
            self.status == status,
            "{} → {} instead of {status}: {text}",
            self.request,
            self.status
        );
        Ok(self)
    }

    /// Checks that it is this problem (RFC 9457), and tells what it says.
    pub fn problem(self, status: u16, code: &str) -> anyhow::Result<Self> {
        let answer = self.expect(status)?;
        same(&answer.request, answer.body["code"].as_str(), Some(code))?;
        let kind = answer
            .headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok());
        same("content type", kind, Some("application/problem+json"))?;
        let mut said = answer.body.clone();
        if let Some(members) = said.as_object_mut() {
            for known in ["type", "status", "title", "code", "request_id"] {
                members.remove(known);
            }
        }
        let title = answer.text_at("/title")?;
        let rest = if said == json!({}) {
            String::new()
        } else {
            format!(" {said}")
        };
        tell::shows(&format!("{code}: {title}{rest}"));
        Ok(answer)
    }

    /// A text in the body.
    pub fn text_at(&self, pointer: &str) -> anyhow::Result<&str> {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.with_context(|| format!("{}: no {pointer} in {}", self.request, self.body))
    }

    /// The rows of a page.
    pub fn items(&self) -> anyhow::Result<&Vec<Value>> {
        let items = self.body["items"].as_array();
        items.with_context(|| format!("{}: no page: {}", self.request, self.body))
    }

    /// Whether a text stands anywhere in the body.
    pub fn holds(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.bytes).contains(text)
    }
}

/// Checks that something is as expected.
pub fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> anyhow::Result<()> {
    ensure!(found == expected, "{what}: {found:?} instead of {expected:?}");
    Ok(())
}

/// Waits for what happens by itself.
pub async fn until<T, F>(what: &str, look: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    for _ in 0..600 {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{what} did not come within half a minute")
}

/// Long ids and tokens in a path, cut short for reading.
fn short(what: &str) -> String {
    let parts = what.split('/').map(|part| {
        let (word, rest) = part
            .split_once([' ', '?'])
            .map_or((part, ""), |(word, _)| (word, &part[word.len()..]));
        let chars = word.chars().count();
        if chars >= 32 {
            let end: String = word.chars().skip(chars - 4).collect();
            format!("…{end}{rest}")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}
