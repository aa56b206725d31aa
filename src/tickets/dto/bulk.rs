//! One action on many tickets.

use super::ActionIn;
use crate::platform::error::{AppError, Fields, Rule};
use entity::id::TicketId;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Tickets of one request at most.
const MOST: usize = 100;

/// What is to be done, to which tickets.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tickets": [{"id": "01a2f0c4-7d00-7000-8000-0123456789ab", "version": 1}], "action": {"action": "dispatch", "unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "reason": "占道经营由综合执法队负责"}}))]
pub struct BulkIn {
    /// One to a hundred, each with the version that was seen.
    pub tickets: Vec<BulkTicket>,
    /// What.
    #[schema(value_type = ActionIn)]
    pub action: ActionIn,
}

/// A ticket as it was seen.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkTicket {
    /// Which.
    pub id: TicketId,
    /// Its version.
    pub version: i64,
}

impl BulkIn {
    /// Checks the action and the list.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn check(&self) -> Result<(), AppError> {
        self.action.check()?;
        let mut fields = Fields::default();
        if self.tickets.is_empty() {
            fields.add("/tickets", Rule::Required);
        }
        if self.tickets.len() > MOST {
            fields.add("/tickets", Rule::TooMany(MOST));
        }
        let mut seen = HashSet::new();
        for (at, ticket) in self.tickets.iter().enumerate().take(MOST) {
            if !seen.insert(ticket.id) {
                fields.add(format!("/tickets/{at}/id"), Rule::Unexpected);
            }
        }
        fields.finish()
    }
}

/// What came of each.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkOut {
    /// How many were done.
    pub done: usize,
    /// In the order of the request.
    pub items: Vec<OutcomeOut>,
}

/// What came of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeOut {
    /// Which.
    pub id: TicketId,
    /// As the answer of a single action would have it.
    #[schema(example = 200)]
    pub status: u16,
    /// Its version now, if it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Why not: the code of the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "stale_version")]
    pub code: Option<String>,
    /// The same in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl OutcomeOut {
    /// It was done.
    pub fn done(id: TicketId, version: Option<i64>) -> Self {
        Self {
            id,
            status: 200,
            version,
            code: None,
            title: None,
        }
    }

    /// It was refused.
    pub fn refused(id: TicketId, error: &AppError) -> Self {
        let code = error.code();
        Self {
            id,
            status: code.status().as_u16(),
            version: None,
            code: Some(code.word().to_owned()),
            title: Some(code.title().zh),
        }
    }
}
