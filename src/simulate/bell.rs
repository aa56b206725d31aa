//! A call-bell: it signs what it says, and sends the same again until it has heard that it was taken (SS 91100 §4.4: after
//! 5 to 20 seconds, for at least three minutes).

use crate::demo::generate::dice::Dice;
use crate::platform::crypto::signed::{self, Signed};
use anyhow::Context;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A bell and the secret that it signs with.
#[derive(Clone, Debug)]
pub struct Bell {
    /// What stands on it.
    pub serial: String,
    secret: Vec<u8>,
}

impl Bell {
    /// A bell with its secret as it was told: `whsec_` and base64.
    ///
    /// # Errors
    /// When the secret can't be read.
    pub fn new(serial: &str, secret: &str) -> anyhow::Result<Self> {
        let secret =
            signed::secret(secret.trim()).context("a secret is whsec_ and base64 of 24 to 64 bytes")?;
        Ok(Self {
            serial: serial.trim().to_owned(),
            secret,
        })
    }
}

/// The way from the bells to the service, and how bad it is.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where the service answers.
    pub base: String,
    /// How many of a hundred messages are lost, half of them on the way back.
    pub loss: usize,
    /// How many of a hundred messages arrive twice.
    pub twice: usize,
    /// How long a bell waits before it sends the same again, at least and at most.
    pub again: (Duration, Duration),
    /// How long it tries.
    pub patience: Duration,
}

/// How a message fared.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// From the first attempt until the bell knew that it was taken; none where it never did.
    pub taken_after: Option<Duration>,
    /// How often it was sent, what was lost among it.
    pub attempts: u64,
    /// How often it was lost, on the way there or back.
    pub lost: u64,
    /// What the service answered when it took it.
    pub answer: Value,
    /// The statuses of answers that were no yes.
    pub refused: Vec<u16>,
}

impl Bell {
    /// Says something until it is taken, or for as long as the line's patience lasts.
    ///
    /// # Errors
    /// When the service answers that the message is at fault: sending it again would not help.
    pub async fn say(
        &self,
        http: &reqwest::Client,
        line: &Line,
        dice: &mut Dice,
        (event, kind): (&str, &str),
    ) -> anyhow::Result<Fate> {
        let body = json!({ "event_id": event, "device_id": self.serial, "kind": kind }).to_string();
        let begun = Instant::now();
        let mut fate = Fate::default();
        loop {
            fate.attempts += 1;
            let lost = dice.percent(line.loss);
            let on_the_way_back = lost && dice.percent(50);
            fate.lost += u64::from(lost);
            if !lost || on_the_way_back {
                let sent = self.send(http, line, event, &body);
                let answer = if dice.percent(line.twice) {
                    let (first, _) = tokio::join!(sent, self.send(http, line, event, &body));
                    first
                } else {
                    sent.await
                };
                match answer {
                    Some((200..=299, answer)) if !lost => {
                        fate.taken_after = Some(begun.elapsed());
                        fate.answer = answer;
                        return Ok(fate);
                    }
                    Some((status @ 400..=499, answer)) if status != 429 => {
                        anyhow::bail!("{event} of {}: {status} {answer}", self.serial);
                    }
                    Some((status, _)) if !lost => fate.refused.push(status),
                    _ => {}
                }
            }
            if begun.elapsed() >= line.patience {
                return Ok(fate);
            }
            let (least, most) = line.again;
            let spread = usize::try_from((most.saturating_sub(least)).as_millis()).unwrap_or(0);
            let more = u64::try_from(dice.below(spread + 1)).unwrap_or(0);
            tokio::time::sleep(least + Duration::from_millis(more)).await;
        }
    }

    /// Sends a message once; the status and the body, where there was an answer.
    async fn send(
        &self,
        http: &reqwest::Client,
        line: &Line,
        event: &str,
        body: &str,
    ) -> Option<(u16, Value)> {
        // The device's own clock: the service does not judge by it.
        let signed = Signed {
            id: event,
            timestamp: "0",
            body: body.as_bytes(),
        };
        let request = http
            .post(format!("{}/api/v1/callbell/events", line.base))
            .header("content-type", "application/json")
            .header("webhook-id", signed.id)
            .header("webhook-timestamp", signed.timestamp)
            .header("webhook-signature", signed.sign(&self.secret))
            .body(body.to_owned());
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }
}
