//! Wire shapes of webhooks.

use super::commands::{Change, NewWebhook};
use super::sign;
use crate::events::rules::Types;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Utc};
use entity::id::{ClientId, EventId, UnitId, WebhookId, WebhookMessageId};
use entity::kind::{MessageState, Signing, WebhookState};
use entity::{webhook, webhook_attempt, webhook_message};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const URL_MAX: usize = 2_000;
const DESCRIPTION_MAX: usize = 200;
const TYPES_MAX: usize = 100;

/// Another system that hears of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookOut {
    /// Key.
    pub id: WebhookId,
    /// Where messages go.
    #[schema(example = "https://partner.example.org/hotline")]
    pub url: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Events of this unit and those below it.
    pub unit_id: UnitId,
    /// The unit's path.
    #[schema(example = "/440703/")]
    pub unit_path: String,
    /// Types of events, or their beginnings.
    #[schema(value_type = Vec<String>, example = json!(["ticket.*"]))]
    pub types: serde_json::Value,
    /// How messages are signed.
    pub signing: Signing,
    /// The public key by which messages are verified (`whpk_…`); only with `ed25519`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Until when the secret before this one signs, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_until: Option<DateTime<Utc>>,
    /// Whether it is told anything.
    pub state: WebhookState,
    /// Why it is off: `gone` (it answered 410), `failing` (for five days), `by hand`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_reason: Option<String>,
    /// Since when it takes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    /// The place in the event log up to which messages are written for it.
    pub position: i64,
    /// Whose it is, where a client made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl WebhookOut {
    /// As it is shown.
    pub fn of(vault: &Vault, row: &webhook::Model) -> Result<Self, AppError> {
        Ok(Self {
            id: row.id,
            url: row.url.clone(),
            description: row.description.clone(),
            unit_id: row.unit_id,
            unit_path: row.unit_path.clone(),
            types: row.types.clone(),
            signing: row.signing,
            public_key: sign::public_key(vault, row)?,
            former_until: row.former_until,
            state: row.state,
            off_reason: row.off_reason.clone(),
            failing_since: row.failing_since,
            position: row.position,
            client_id: row.client_id,
            created_at: row.created_at,
        })
    }
}

/// A webhook and its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookSecretOut {
    /// The webhook.
    pub webhook: WebhookOut,
    /// `whsec_…`, told this once: keep it. With `ed25519` the public key, `whpk_…`.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=")]
    pub secret: String,
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://partner.example.org/hotline", "unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "types": ["ticket.*"]}))]
pub struct WebhookIn {
    /// Where messages go, by POST: `https://…`. Private networks are refused unless the administrator allows the host.
    #[schema(example = "https://partner.example.org/hotline", max_length = 2000)]
    pub url: String,
    /// What it is for.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// Events of this unit and those below it. A client may leave it out: its own.
    pub unit_id: Option<UnitId>,
    /// Types of events: `ticket.closed`; all of a kind of thing: `ticket.*`; `*`.
    #[schema(example = json!(["ticket.*"]), max_items = 100)]
    pub types: Vec<String>,
    /// How messages are signed; `hmac` unless given.
    pub signing: Option<Signing>,
}

fn types(fields: &mut Fields, given: &[String]) -> Types {
    if given.is_empty() {
        fields.add("/types", Rule::Required);
    }
    if given.len() > TYPES_MAX {
        fields.add("/types", Rule::TooMany(TYPES_MAX));
    }
    Types::parse(given).unwrap_or_else(|at| {
        fields.add(format!("/types/{at}"), Rule::Unknown);
        Types::kept(Vec::new())
    })
}

impl WebhookIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewWebhook, AppError> {
        let mut fields = Fields::default();
        let new = NewWebhook {
            url: fields.text("/url", &self.url, URL_MAX),
            description: fields.optional("/description", self.description.as_deref(), DESCRIPTION_MAX),
            unit_id: self.unit_id,
            types: types(&mut fields, &self.types),
            signing: self.signing.unwrap_or(Signing::Hmac),
        };
        fields.finish()?;
        Ok(new)
    }
}

/// Changes of a webhook: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"types": ["ticket.*", "call.*"], "state": "active"}))]
pub struct WebhookPatch {
    /// Where messages go.
    #[schema(max_length = 2000)]
    pub url: Option<String>,
    /// What it is for; an empty text removes it.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// Types of events, from what is not written yet.
    #[schema(max_items = 100)]
    pub types: Option<Vec<String>>,
    /// `off` stops messages; `active` goes on where it was.
    pub state: Option<WebhookState>,
    /// With `active`: what happened while it was off is left out.
    #[serde(default)]
    pub skip: bool,
}

impl WebhookPatch {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut fields = Fields::default();
        let change = Change {
            url: self.url.map(|url| fields.text("/url", &url, URL_MAX)),
            description: self.description.map(|text| {
                fields
                    .optional("/description", Some(&text), DESCRIPTION_MAX)
                    .unwrap_or_default()
            }),
            types: self.types.map(|given| types(&mut fields, &given)),
            state: self.state,
            skip: self.skip,
        };
        if change.skip && change.state != Some(WebhookState::Active) {
            fields.add("/skip", Rule::Unexpected);
        }
        fields.finish()?;
        Ok(change)
    }
}

/// What a webhook is told, and how far that got.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookMessageOut {
    /// Key.
    pub id: WebhookMessageId,
    /// The event, and `webhook-id` of each attempt.
    pub event_id: EventId,
    /// The type of the event.
    #[schema(example = "ticket.dispatched")]
    pub r#type: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// How far it got.
    pub state: MessageState,
    /// When it is sent, or sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was delivered, or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// The attempts so far, oldest first.
    pub attempts: Vec<WebhookAttemptOut>,
}

/// An attempt to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAttemptOut {
    /// Its number.
    pub attempt: i32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Milliseconds that it took.
    pub took_ms: i32,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The first 512 bytes of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

impl WebhookMessageOut {
    /// With those of the attempts that are its own.
    pub fn of(row: webhook_message::Model, attempts: &[webhook_attempt::Model]) -> Self {
        let mine = attempts.iter().filter(|attempt| attempt.message_id == row.id);
        Self {
            id: row.id,
            event_id: row.event_id,
            r#type: row.kind,
            subject_id: row.subject_id,
            state: row.state,
            next_at: (row.state == MessageState::Pending).then_some(row.next_at),
            created_at: row.created_at,
            ended_at: row.ended_at,
            attempts: mine
                .map(|attempt| WebhookAttemptOut {
                    attempt: attempt.attempt,
                    at: attempt.at,
                    took_ms: attempt.took_ms,
                    status: attempt.status,
                    error: attempt.error.clone(),
                    answer: attempt.answer.clone(),
                })
                .collect(),
        }
    }
}

/// How many messages go out once more.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResentOut {
    /// Messages.
    #[schema(example = 12)]
    pub messages: u64,
}

/// Which of the messages that were given up go out once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"since": "2026-11-24T01:00:00Z"}))]
pub struct ResendIn {
    /// Those written since then; all unless given.
    pub since: Option<DateTime<Utc>>,
}

/// Which webhooks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhooksQuery {
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which messages to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Those that got so far.
    pub state: Option<MessageState>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}
