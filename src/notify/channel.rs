//! The ways to a person.
//!
//! The SMS gateway is the operator's own and speaks this contract: `POST` of JSON
//! `{"id", "phone" (E.164), "text", "template", "channel" ("sms" or "voice"), "lane"}` with `Idempotency-Key: <id>` and, if configured, a bearer token.
//! Any 2xx means that the message was taken; the same key must not be sent twice.

use crate::platform::config::MailConfig;
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

/// A way to a person. Another one (a vendor's push service) is a type that implements this, and a line in
/// [`Channels::of`].
#[async_trait::async_trait]
trait Channel: Send + Sync {
    /// Hands a message over. What has the same id may come twice: after a crash nobody knows whether it went out.
    ///
    /// # Errors
    /// Why not; without the address or the text.
    async fn send(&self, row: &notice::Model, address: &str, body: String) -> anyhow::Result<()>;
}

/// The ways that are configured.
#[derive(Clone)]
pub struct Channels {
    kit: Kit,
    gateway: Arc<Gateway>,
    webhook: Arc<Webhook>,
    mail: Arc<Mail>,
}

impl Channels {
    /// By the configuration.
    ///
    /// # Errors
    /// When the mail server's address or the sender can't be read.
    pub fn new(kit: Kit) -> anyhow::Result<Self> {
        Ok(Self {
            gateway: Arc::new(Gateway(kit.clone())),
            webhook: Arc::new(Webhook(kit.clone())),
            mail: Arc::new(Mail::new(&kit.config.mail)?),
            kit,
        })
    }

    fn of(&self, channel: NoticeChannel) -> &dyn Channel {
        match channel {
            NoticeChannel::Sms | NoticeChannel::Voice => &*self.gateway,
            NoticeChannel::Webhook => &*self.webhook,
            NoticeChannel::Email => &*self.mail,
            NoticeChannel::InApp => &Inbox,
        }
    }

    /// Sends one message.
    ///
    /// # Errors
    /// Why it could not be sent; without the address or the text.
    pub async fn send(&self, row: &notice::Model) -> anyhow::Result<()> {
        let (address, body) = super::store::open(&self.kit.vault, row)?;
        let channel = self.of(row.channel);
        channel.send(row, &address.unwrap_or_default(), body).await
    }
}

/// The inbox: it is read, not sent to.
struct Inbox;

#[async_trait::async_trait]
impl Channel for Inbox {
    async fn send(&self, _: &notice::Model, _: &str, _: String) -> anyhow::Result<()> {
        Ok(())
    }
}

/// A signed POST: headers and signature by Standard Webhooks, the id being the message's own.
struct Webhook(Kit);

#[async_trait::async_trait]
impl Channel for Webhook {
    async fn send(&self, row: &notice::Model, url: &str, body: String) -> anyhow::Result<()> {
        let Self(kit) = self;
        let secret = signed::secret(kit.config.callbell.webhook_secret.expose_secret());
        let secret = secret.context("no secret for webhooks is configured")?;
        let (id, timestamp) = (row.id.to_string(), kit.now().timestamp().to_string());
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
        let (status, _) = kit.outbound.post_signed(url, &headers, body).await?;
        anyhow::ensure!(status.is_success(), "the webhook answered {status}");
        Ok(())
    }
}

/// The operator's gateway to telephones, for texts and for what is read aloud.
struct Gateway(Kit);

#[async_trait::async_trait]
impl Channel for Gateway {
    async fn send(&self, row: &notice::Model, phone: &str, text: String) -> anyhow::Result<()> {
        let Self(kit) = self;
        let settings = &kit.config.sms;
        if settings.log_only {
            tracing::info!(target: "hotline::sms", phone = mask_phone(phone), text, "SMS (demonstration, not sent)");
            return Ok(());
        }
        anyhow::ensure!(!settings.url.is_empty(), "no SMS gateway is configured");
        let body = json!({ "id": row.id, "phone": phone, "text": text, "template": row.template, "channel": row.channel, "lane": row.lane });
        let token = Some(settings.token.expose_secret()).filter(|token| !token.is_empty());
        let key = row.id.to_string();
        let status = kit.outbound.post_json(&settings.url, token, &key, &body).await?;
        anyhow::ensure!(status.is_success(), "the SMS gateway answered {status}");
        Ok(())
    }
}

/// The mail server, where there is one, and whom mails are from.
struct Mail(Option<(AsyncSmtpTransport<Tokio1Executor>, Mailbox)>);

impl Mail {
    fn new(settings: &MailConfig) -> anyhow::Result<Self> {
        let url = settings.url.expose_secret();
        if url.is_empty() {
            return Ok(Self(None));
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.build();
        Ok(Self(Some((transport, settings.from.parse()?))))
    }
}

#[async_trait::async_trait]
impl Channel for Mail {
    async fn send(&self, _: &notice::Model, address: &str, body: String) -> anyhow::Result<()> {
        let Self(Some((transport, from))) = self else {
            anyhow::bail!("no mail server is configured")
        };
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
