//! Wire shapes of exports.

use super::rules::mark;
use crate::platform::crypto::hex;
use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::personal::mask_numbers;
use crate::tickets::dto::{TicketFilters, TicketsQuery};
use chrono::{DateTime, Utc};
use entity::export;
use entity::id::ExportId;
use entity::kind::{FileFormat, WorkState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A list to be written into a file.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportIn {
    /// `csv`: words and names as in this document, UTF-8. `xlsx`: in Chinese, for people; further sheets past 1,048,576 lines.
    pub format: FileFormat,
    /// What it is for, in 3 to 200 characters: it is kept in the audit log.
    #[schema(example = "月度督办例会材料")]
    pub reason: String,
    /// The tickets of `GET /tickets` with these filters: all of them, newest first.
    pub tickets: TicketFilters,
}

/// A list that is asked for.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// The kind of file.
    pub format: FileFormat,
    /// What for; numbers of persons masked.
    pub reason: String,
    /// What is listed.
    pub filters: TicketFilters,
}

impl ExportIn {
    /// Checks what can be checked without the database.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(self) -> Result<NewExport, AppError> {
        let mut fields = Fields::default();
        let reason = fields.text("/reason", &self.reason, 200);
        if !reason.is_empty() && reason.chars().count() < 3 {
            fields.add("/reason", Rule::TooShort(3));
        }
        fields.finish()?;
        Ok(NewExport {
            format: self.format,
            reason: mask_numbers(&reason),
            filters: self.tickets,
        })
    }
}

impl NewExport {
    /// The same as a query.
    pub fn query(&self) -> TicketsQuery {
        self.filters.clone().into()
    }
}

/// Which exports to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportsQuery {
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// A list on its way into a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportOut {
    /// Key.
    pub id: ExportId,
    /// How far it is.
    pub state: WorkState,
    /// The kind of file.
    pub format: FileFormat,
    /// What it is for.
    #[schema(example = "月度督办例会材料")]
    pub reason: String,
    /// What stands in the column `mark` of each line: it leads back here.
    #[schema(example = "0123456789ab")]
    pub mark: String,
    /// Lines that are written.
    pub written: i64,
    /// Lines that there were when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<i64>,
    /// Where the file is, once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/api/v1/exports/01a2f0c4-7d00-7000-8000-0123456789ab/file")]
    pub file: Option<String>,
    /// How large the file is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// SHA-256 of the file, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why it failed: a problem's `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "forbidden")]
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// When it is removed, with its file.
    pub expires_at: DateTime<Utc>,
}

impl From<export::Model> for ExportOut {
    fn from(row: export::Model) -> Self {
        let file = (row.state == WorkState::Done).then(|| format!("/api/v1/exports/{}/file", row.id));
        Self {
            id: row.id,
            state: row.state,
            format: row.format,
            reason: row.reason,
            mark: mark(row.id),
            written: row.written,
            expected: row.expected,
            file,
            size_bytes: row.size_bytes,
            sha256: row.sha256.as_deref().map(hex),
            failure: row.failure,
            created_at: row.created_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
        }
    }
}
