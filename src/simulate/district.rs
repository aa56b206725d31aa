//! Bells for a simulation, registered as people register them.

use super::bell::Bell;
use anyhow::{Context, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many are registered side by side.
const AT_ONCE: usize = 8;

struct Office {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Office {
    async fn ask(&self, request: reqwest::RequestBuilder) -> anyhow::Result<(u16, Value)> {
        let answer = request.bearer_auth(&self.token).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    async fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        self.ask(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn post(&self, path: &str, key: String, body: &Value) -> anyhow::Result<(u16, Value)> {
        let request = self.http.post(format!("{}{path}", self.base));
        self.ask(request.header("Idempotency-Key", key).json(body)).await
    }
}

/// Registers so many bells in a community by somebody who may, and hands their secrets over. One that is there already
/// gets a new secret.
///
/// # Errors
/// When the log-in is refused, the community is not known, or a bell can't be registered.
pub async fn register(
    base: &str,
    (user, password): (&str, &str),
    unit_code: &str,
    (prefix, bells): (&str, usize),
) -> anyhow::Result<Vec<Bell>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let login = http
        .post(format!("{base}/api/v1/auth/staff"))
        .json(&json!({ "user_name": user, "password": password }));
    let login: Value = login.send().await?.json().await?;
    let token = login["access_token"]
        .as_str()
        .context("the log-in was refused")?
        .to_owned();
    let office = Arc::new(Office {
        http,
        base: base.to_owned(),
        token,
    });
    let (_, units) = office.get("/api/v1/units").await?;
    let units = units["items"].as_array().context("no units")?;
    let unit = units.iter().find(|unit| unit["code"] == unit_code);
    let unit = unit.with_context(|| format!("there is no unit {unit_code}"))?["id"].clone();
    stream::iter(0..bells)
        .map(|nth| {
            let (office, unit, serial) = (Arc::clone(&office), unit.clone(), format!("{prefix}-{nth}"));
            async move { one(&office, &unit, &serial).await }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn one(office: &Office, unit: &Value, serial: &str) -> anyhow::Result<Bell> {
    let body = json!({ "serial": serial, "kind": "bell", "unit_id": unit, "heartbeat_s": 60 });
    let key = |what: &str| format!("simulate-{what}-{serial}");
    let (status, made) = office
        .post("/api/v1/callbell/devices", key("register"), &body)
        .await?;
    let made = if status == 422 {
        let (_, known) = office
            .get(&format!("/api/v1/callbell/devices?q={serial}"))
            .await?;
        let known = known["items"]
            .as_array()
            .and_then(|items| items.iter().find(|one| one["serial"] == serial));
        let id = known
            .and_then(|one| one["id"].as_str())
            .context("a serial that is taken elsewhere")?
            .to_owned();
        let path = format!("/api/v1/callbell/devices/{id}/secret");
        office
            .post(&path, format!("{}-{id}", key("secret")), &json!({}))
            .await?
            .1
    } else {
        ensure!(status == 201, "{serial} was not registered: {status} {made}");
        made
    };
    let secret = made["secret"]
        .as_str()
        .with_context(|| format!("{serial} has no secret: {made}"))?;
    Bell::new(serial, secret)
}
