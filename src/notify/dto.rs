//! Wire shapes of messages.

use chrono::{DateTime, Utc};
use entity::id::{NoticeId, TicketId};
use entity::kind::{Lane, NoticeChannel, NoticeState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A message in somebody's inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeOut {
    /// Key.
    pub id: NoticeId,
    /// What it is: one word.
    #[schema(example = "ticket_received")]
    pub template: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<TicketId>,
    /// The text.
    #[schema(example = "您的诉求已受理。")]
    pub text: String,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
}

/// A message that could not be sent: neither text nor address are shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadNoticeOut {
    /// Key.
    pub id: NoticeId,
    /// How it should have been sent.
    pub channel: NoticeChannel,
    /// Its lane.
    pub lane: Lane,
    /// What it is.
    #[schema(example = "ticket.dispatched")]
    pub template: String,
    /// Where it stands.
    pub state: NoticeState,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
}

/// Which messages to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticesQuery {
    /// Only those not read yet.
    pub unread: Option<bool>,
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeadQuery {
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}
