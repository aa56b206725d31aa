//! Wire shapes of events.

use super::rules::Types;
use crate::platform::error::{AppError, Rule};
use chrono::{DateTime, Utc};
use entity::event;
use entity::id::EventId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Something that happened. The same in the list, in the stream and as the body of a webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01a2f0c4-7d00-7000-8000-0123456789ab", "type": "ticket.dispatched", "timestamp": "2026-11-24T01:00:00Z", "position": 4211, "subject_kind": "ticket", "subject_id": "01a2f0c4-7d00-7000-8000-0123456789ac", "unit_path": "/440703/440703002/440703002101/", "data": {"from": "registered", "to": "dispatched", "round": 1}}))]
pub struct EventOut {
    /// Key; in a webhook `webhook-id`, too.
    pub id: EventId,
    /// What happened: the thing and the word of its timeline.
    #[schema(example = "ticket.dispatched")]
    pub r#type: String,
    /// When.
    pub timestamp: DateTime<Utc>,
    /// The place in the log: it grows with each event and is never given twice.
    #[schema(example = 4211)]
    pub position: i64,
    /// The kind of thing that it happened to: `ticket`, `call`, `bell_alarm`, `phone_call`, `webhook`.
    #[schema(example = "ticket")]
    pub subject_kind: String,
    /// The thing.
    pub subject_id: Uuid,
    /// The unit that had it in hands then, else the place that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/440703/440703002/440703002101/")]
    pub unit_path: Option<String>,
    /// More, in ids and words; what is in it depends on the type. New members may come.
    #[schema(value_type = Object, example = json!({ "from": "registered", "to": "dispatched", "round": 1 }))]
    pub data: Value,
}

impl From<&event::Model> for EventOut {
    fn from(row: &event::Model) -> Self {
        Self {
            id: row.id,
            r#type: row.kind.clone(),
            timestamp: row.at,
            position: row.position.unwrap_or(0),
            subject_kind: row.subject_kind.clone(),
            subject_id: row.subject_id,
            unit_path: row.unit_path.clone(),
            data: row.data.clone(),
        }
    }
}

/// A part of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// What the caller may see of it, oldest first.
    pub items: Vec<EventOut>,
    /// `after` of the next question. Keep it: who goes on from there misses nothing and gets nothing twice.
    #[schema(example = 4211)]
    pub next_after: i64,
    /// Whether there is more to be had at once.
    pub more: bool,
}

/// Which events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Those after this position; from the first one unless given. Not for the stream, which takes `Last-Event-ID`.
    pub after: Option<i64>,
    /// Types, parted by commas: `ticket.closed,call.*`. All unless given.
    pub types: Option<String>,
    /// Of one thing only.
    pub subject_id: Option<Uuid>,
    /// Events of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// For the stream: what there is, and then the end.
    pub once: Option<bool>,
}

impl EventsQuery {
    /// The types.
    pub fn types(&self) -> Result<Types, AppError> {
        let Some(given) = &self.types else {
            return Ok(Types::kept(vec!["*".to_owned()]));
        };
        let patterns: Vec<String> = given.split(',').map(|part| part.trim().to_owned()).collect();
        Types::parse(&patterns).map_err(|_| AppError::field("?types", Rule::Unknown))
    }

    /// The position after which to begin.
    pub fn after(&self) -> Result<i64, AppError> {
        match self.after.unwrap_or(0) {
            after @ 0.. => Ok(after),
            _ => Err(AppError::field("?after", Rule::Range("0..".to_owned()))),
        }
    }
}
