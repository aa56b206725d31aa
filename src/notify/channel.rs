//! The ways to a person.
//!
//! The SMS gateway is the operator's own and speaks this contract: `POST` of JSON
//! `{"id", "phone" (E.164), "text", "template", "channel" ("sms" or "voice"), "lane"}` with `Idempotency-Key: <id>` and, if configured, a bearer token.
//! Any 2xx means that the message was taken; the same key must not be sent twice.

use crate::platform::crypto::signed::{self, Signed};
use crate::platform::kit::Kit;
use crate::platform::personal::mask_phone;
use anyhow::Context;
use entity::kind::NoticeChannel;
use entity::notice;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use serde_json::json;
use std::sync::Arc;

/// The ways that are configured.
#[derive(Clone)]
pub struct Channels {
    kit: Kit,
    mail: Option<Arc<(AsyncSmtpTransport<Tokio1Executor>, Mailbox)>>,
}

impl Channels {
    /// By the configuration.
    ///
    /// # Errors
    /// When the mail server's address or the sender can't be read.
    pub fn new(kit: Kit) -> anyhow::Result<Self> {
        let settings = &kit.config.mail;
        let url = settings.url.expose_secret();
        let mail = if url.is_empty() {
            None
        } else {
            let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.build();
            Some(Arc::new((transport, settings.from.parse()?)))
        };
        Ok(Self { kit, mail })
    }

    /// Sends one message.
    ///
    /// # Errors
    /// Why it could not be sent; without the address or the text.
    pub async fn send(&self, row: &notice::Model) -> anyhow::Result<()> {
        let (address, body) = super::store::open(&self.kit.vault, row)?;
        let address = address.unwrap_or_default();
        match row.channel {
            NoticeChannel::Sms | NoticeChannel::Voice => self.gateway(row, &address, &body).await,
            NoticeChannel::Webhook => self.webhook(row, &address, body).await,
            NoticeChannel::Email => self.email(&address, body).await,
            NoticeChannel::InApp => Ok(()),
        }
    }

    /// A signed POST: headers and signature by Standard Webhooks, the id being the message's own.
    async fn webhook(&self, row: &notice::Model, url: &str, body: String) -> anyhow::Result<()> {
        let secret = signed::secret(self.kit.config.callbell.webhook_secret.expose_secret());
        let secret = secret.context("no secret for webhooks is configured")?;
        let (id, timestamp) = (row.id.to_string(), self.kit.now().timestamp().to_string());
        let signed = Signed {
            id: &id,
            timestamp: &timestamp,
            body: body.as_bytes(),
        };
        let signature = signed.sign(&secret);
        let headers = [
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", timestamp.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        let status = self.kit.outbound.post_signed(url, &headers, body).await?;
        anyhow::ensure!(status.is_success(), "the webhook answered {status}");
        Ok(())
    }

    async fn gateway(&self, row: &notice::Model, phone: &str, text: &str) -> anyhow::Result<()> {
        let settings = &self.kit.config.sms;
        if settings.log_only {
            tracing::info!(target: "hotline::sms", phone = mask_phone(phone), text, "SMS (demonstration, not sent)");
            return Ok(());
        }
        anyhow::ensure!(!settings.url.is_empty(), "no SMS gateway is configured");
        let body = json!({ "id": row.id, "phone": phone, "text": text, "template": row.template, "channel": row.channel, "lane": row.lane });
        let token = Some(settings.token.expose_secret()).filter(|token| !token.is_empty());
        let status = self
            .kit
            .outbound
            .post_json(&settings.url, token, &row.id.to_string(), &body)
            .await?;
        anyhow::ensure!(status.is_success(), "the SMS gateway answered {status}");
        Ok(())
    }

    async fn email(&self, address: &str, body: String) -> anyhow::Result<()> {
        let Some(mail) = &self.mail else {
            anyhow::bail!("no mail server is configured")
        };
        let (transport, from) = &**mail;
        let to: Mailbox = address
            .parse()
            .map_err(|_| anyhow::anyhow!("the address can't be read"))?;
        let message = Message::builder()
            .from(from.clone())
            .to(to)
            .subject("12345 社区服务热线")
            .body(body)?;
        transport
            .send(message)
            .await
            .map_err(|error| anyhow::anyhow!("the mail server refused: {}", error.is_permanent()))?;
        Ok(())
    }
}
