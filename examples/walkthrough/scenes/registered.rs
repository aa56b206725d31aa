//! A ticket, as the walk keeps it in mind.

use crate::client::{Answer, Client};
use crate::service::Service;
use crate::tell;
use anyhow::bail;
use serde_json::Value;

/// A ticket that was registered.
pub struct Registered {
    /// Key.
    pub id: String,
    /// The number that people read out.
    pub number: String,
    /// The signed receipt.
    pub receipt: Value,
}

impl Registered {
    /// From the answer to `POST /tickets`.
    pub fn from(answer: &Answer) -> anyhow::Result<Self> {
        let kept = Self {
            id: answer.text_at("/ticket/id")?.to_owned(),
            number: answer.text_at("/ticket/number")?.to_owned(),
            receipt: answer.body["receipt"].clone(),
        };
        let ticket = &answer.body["ticket"];
        tell::says(&format!(
            "number 工单编号 {} · state {}",
            kept.number, ticket["state"]
        ));
        if let Some(unit) = ticket["unit_name"].as_str() {
            let promised = ticket["promised_at"].as_str().unwrap_or("no time");
            tell::says(&format!("with {unit}, an answer is promised by {promised}"));
        }
        Ok(kept)
    }

    /// Where it is.
    pub fn path(&self) -> String {
        format!("{}/{}", super::TICKETS, self.id)
    }

    /// Whoever of the community's two handlers has it.
    pub async fn handler(&self, service: &Service) -> anyhow::Result<Client> {
        for letter in ["a", "b"] {
            let handler = service
                .staff(&format!("handler-{letter}-{}", super::COMMUNITY))
                .await?;
            let me = handler.quiet_get("/api/v1/me").await?.expect(200)?;
            let seen = handler.quiet_get(&self.path()).await?.expect(200)?;
            if seen.body["staff_id"] == me.body["id"] {
                return Ok(handler);
            }
        }
        bail!("no handler of the community has {}", self.number)
    }
}
