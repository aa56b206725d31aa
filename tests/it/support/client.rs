//! Somebody with a token, and the answers that they get.

use reqwest::header::HeaderMap;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static KEYS: AtomicU64 = AtomicU64::new(1);

/// Somebody.
#[derive(Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    fn of(status: u16, headers: HeaderMap, text: String) -> Self {
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            body,
            text,
        }
    }

    /// Checks the status; shows the body if it is another one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Checks that it is this problem: status, code, media type, and nothing that tells of the inside.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> &Self {
        self.expect(status);
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert_eq!(self.body["type"], format!("urn:hotline:problem:{code}"));
        assert_eq!(self.headers["content-type"], "application/problem+json");
        for inside in ["SELECT", "src/", "panicked", "sqlx"] {
            assert!(!self.text.contains(inside), "{}", self.text);
        }
        self
    }

    /// The rule that a field breaks, by its pointer.
    pub fn rule(&self, pointer: &str) -> Option<&str> {
        let errors = self.body["errors"].as_array()?;
        errors.iter().find(|error| error["pointer"] == pointer)?["rule"].as_str()
    }

    /// The version in the `ETag`.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_owned()
    }

    /// A text of the body.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.text))
            .to_owned()
    }
}

impl Client {
    /// Reads a stream from `after` on until it has told so much, or a while is over.
    pub async fn heard(&self, path: &str, after: Option<&str>, wanted: &str) -> String {
        let mut request = self.request("GET", path).header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let mut answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut text = String::new();
        let reading = async {
            while let Ok(Some(part)) = answer.chunk().await {
                text.push_str(&String::from_utf8_lossy(&part));
                if text.contains(wanted) {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(10), reading).await;
        text
    }

    pub fn new(base: &str, token: Option<String>) -> Self {
        // Sooner than the service closes what is idle (30 s): a request that meets the close would be lost.
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_idle_timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            base: base.to_owned(),
            token,
            http,
        }
    }

    /// Somebody else, by the same connections.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// A request to be finished by the test.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_default();
        Answer::of(status, headers, text)
    }

    /// Sends a request to a service that may die before it has answered; an answer that came in part is none.
    pub async fn try_send(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        Some(Answer::of(status, headers, text))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// A POST with a key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            self.request("POST", path)
                .header("Idempotency-Key", fresh_key())
                .json(body),
        )
        .await
    }

    /// A POST with a given key.
    pub async fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send(
            self.request("POST", path)
                .header("Idempotency-Key", key)
                .json(body),
        )
        .await
    }

    /// A change of a version that was seen: PATCH, PUT, or a POST with a key of its own.
    pub async fn change(&self, method: &str, path: &str, etag: &str, body: &Value) -> Answer {
        let request = self
            .request(method, path)
            .header("If-Match", etag)
            .header("Idempotency-Key", fresh_key());
        self.send(request.json(body)).await
    }

    /// Acts on a ticket of which the newest version is read first.
    pub async fn act(&self, ticket: &str, action: &Value) -> Answer {
        let seen = self.get(&format!("/api/v1/tickets/{ticket}")).await;
        let etag = seen
            .headers
            .get("etag")
            .map_or("\"0\"".to_owned(), |tag| tag.to_str().unwrap().to_owned());
        self.change(
            "POST",
            &format!("/api/v1/tickets/{ticket}/actions"),
            &etag,
            action,
        )
        .await
    }
}

/// A key that no other request has.
pub fn fresh_key() -> String {
    format!("test-{}", KEYS.fetch_add(1, Ordering::SeqCst))
}
