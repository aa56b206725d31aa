//! Wire shapes of handovers.

use crate::callbell::calls::handover::Offer;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Utc};
use entity::callbell_handover;
use entity::id::{CallHandoverId, CallId, StaffId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const NOTE_MAX: usize = 500;
const CALLS_MAX: usize = 50;

/// Open calls for a colleague.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallHandoverIn {
    /// Who is to take them over.
    pub to: StaffId,
    /// Which; all that you have unless given.
    pub calls: Option<Vec<CallId>>,
    /// What they should know.
    #[schema(example = "老人已送医，家属在途，钥匙在值班室")]
    pub note: Option<String>,
}

impl CallHandoverIn {
    /// Checks the fields.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(self) -> Result<Offer, AppError> {
        let mut fields = Fields::default();
        let note = fields.optional("/note", self.note.as_deref(), NOTE_MAX);
        if self.calls.as_ref().is_some_and(|calls| calls.len() > CALLS_MAX) {
            fields.add("/calls", Rule::TooMany(CALLS_MAX));
        }
        fields.finish()?;
        Ok(Offer {
            to: self.to,
            calls: self.calls,
            note,
        })
    }
}

/// A handover of open calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallHandoverOut {
    /// Key.
    pub id: CallHandoverId,
    /// Who has them.
    pub from_id: StaffId,
    /// Their name.
    #[schema(example = "值班员（示例）")]
    pub from_name: String,
    /// Who is to take them over.
    pub to_id: StaffId,
    /// Which.
    pub calls: Vec<CallId>,
    /// What they should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was offered.
    pub offered_at: DateTime<Utc>,
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<DateTime<Utc>>,
    /// Those that were still to be taken over then.
    pub taken: Vec<CallId>,
}

impl From<callbell_handover::Model> for CallHandoverOut {
    fn from(row: callbell_handover::Model) -> Self {
        Self {
            id: row.id,
            from_id: row.from_id,
            from_name: row.from_name,
            to_id: row.to_id,
            calls: serde_json::from_value(row.calls).unwrap_or_default(),
            note: row.note,
            offered_at: row.offered_at,
            accepted_at: row.accepted_at,
            taken: serde_json::from_value(row.taken).unwrap_or_default(),
        }
    }
}

/// Which handovers to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallHandoversQuery {
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}
