//! A telephone exchange: calls that ring, are answered, transferred and ended, told over a line that mixes up, doubles and
//! loses messages; what is lost is told again. Follows docs/telephony.md and knows no more.

use crate::demo::generate::dice::Dice;
use anyhow::{Context, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::Client;
use serde::Serialize;
use serde_json::{Value, json};

/// What is told of a call at most so often, until it is heard.
const TRIES: usize = 20;

/// How calls go.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Where the service answers.
    pub base: String,
    /// The exchange's client and its secret.
    pub client: (String, String),
    /// So many calls.
    pub calls: usize,
    /// Who answers: user names, in turn.
    pub agents: Vec<String>,
    /// Of a hundred calls so many are not answered.
    pub abandoned: usize,
    /// Of a hundred answered calls so many are passed on.
    pub transferred: usize,
    /// Of a hundred messages so many are lost, half of them on the way back.
    pub loss: usize,
    /// Of a hundred messages so many arrive twice.
    pub twice: usize,
    /// Whether the events of a call are told in any order.
    pub mixed: bool,
    /// The same seed makes the same calls.
    pub seed: u64,
    /// When the first call rings; they follow each other by seconds.
    pub from: DateTime<Utc>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Calls.
    pub calls: usize,
    /// Of these, answered.
    pub answered: usize,
    /// Of these, not answered.
    pub abandoned: usize,
    /// Events that the service heard.
    pub heard: usize,
    /// Messages that were sent for them.
    pub sent: usize,
    /// Calls of which the service knows something else in the end.
    pub wrong: usize,
}

/// Tells of calls until the service has heard of all.
///
/// # Errors
/// When the service refuses an event, or does not answer.
pub async fn run(exchange: &Exchange) -> anyhow::Result<Told> {
    let http = Client::builder().no_proxy().build()?;
    let token = token(&http, exchange).await?;
    let mut dice = Dice(exchange.seed);
    let mut told = Told::default();
    for nth in 0..exchange.calls {
        let (mut events, state) = call(exchange, nth, &mut dice);
        if exchange.mixed {
            mix(&mut events, &mut dice);
        }
        let mut last = Value::Null;
        for event in &events {
            last = tell(&http, exchange, &token, event, &mut dice, &mut told).await?;
        }
        told.calls += 1;
        told.answered += usize::from(state == "ended");
        told.abandoned += usize::from(state == "abandoned");
        told.wrong += usize::from(last["state"] != state);
    }
    Ok(told)
}

async fn token(http: &Client, exchange: &Exchange) -> anyhow::Result<String> {
    let form = [("grant_type", "client_credentials"), ("scope", "calls:write")];
    let request = http.post(format!("{}/oauth/token", exchange.base)).form(&form);
    let answer = request
        .basic_auth(&exchange.client.0, Some(&exchange.client.1))
        .send()
        .await?;
    let status = answer.status();
    let body: Value = answer.json().await?;
    ensure!(status.is_success(), "no token: {status} {body}");
    Ok(body["access_token"].as_str().context("no token")?.to_owned())
}

/// The events of a call in their order, and where it stands after them.
fn call(exchange: &Exchange, nth: usize, dice: &mut Dice) -> (Vec<Value>, &'static str) {
    let id = format!("sim-{}-{nth}", exchange.seed);
    let caller = format!("139{:08}", dice.below(100_000_000));
    let mut at = exchange.from + TimeDelta::seconds(i64::try_from(nth).unwrap_or(0));
    let mut events = Vec::new();
    let mut add = |event: &str, at: DateTime<Utc>, more: Value| {
        let mut body = json!({ "call_id": id, "event": event, "at": at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "caller": caller, "line": "12345" });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        events.push(body);
    };
    let agent = |step: usize| exchange.agents.get((nth + step) % exchange.agents.len().max(1));
    add("ringing", at, json!({}));
    let wait = i64::try_from(1 + dice.below(30)).unwrap_or(1);
    at += TimeDelta::seconds(wait);
    if dice.percent(exchange.abandoned) {
        add("ended", at, json!({}));
        return (events, "abandoned");
    }
    add("answered", at, json!({ "agent": agent(0) }));
    if dice.percent(exchange.transferred) {
        at += TimeDelta::seconds(20);
        add("transferred", at, json!({ "agent": agent(1) }));
    }
    at += TimeDelta::seconds(60);
    add("ended", at, json!({ "recording": format!("rec/{id}.wav") }));
    (events, "ended")
}

/// Tells of an event until it is heard, and gives the answer.
async fn tell(
    http: &Client,
    exchange: &Exchange,
    token: &str,
    event: &Value,
    dice: &mut Dice,
    told: &mut Told,
) -> anyhow::Result<Value> {
    for _ in 0..TRIES {
        told.sent += 1;
        let lost = dice.percent(exchange.loss);
        if lost && dice.percent(50) {
            continue;
        }
        let mut answer = send(http, exchange, token, event).await?;
        if dice.percent(exchange.twice) {
            told.sent += 1;
            answer = send(http, exchange, token, event).await?;
        }
        if !lost {
            told.heard += 1;
            return Ok(answer);
        }
    }
    anyhow::bail!("{event} was never heard")
}

async fn send(http: &Client, exchange: &Exchange, token: &str, event: &Value) -> anyhow::Result<Value> {
    let request = http
        .post(format!("{}/api/v1/calls/events", exchange.base))
        .bearer_auth(token);
    let answer = request.json(event).send().await?;
    let status = answer.status();
    let body: Value = answer.json().await?;
    ensure!(status.is_success(), "{event}: {status} {body}");
    Ok(body)
}

fn mix(events: &mut [Value], dice: &mut Dice) {
    for at in (1..events.len()).rev() {
        events.swap(at, dice.below(at + 1));
    }
}
