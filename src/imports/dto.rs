//! Wire shapes of imports.

use chrono::{DateTime, Utc};
use entity::id::ImportId;
use entity::kind::{FileFormat, ImportKind, LineOutcome, WorkState};
use entity::{import, import_line};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// How to read a file.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileImportQuery {
    /// Only tells what would come of each line.
    pub dry_run: Option<bool>,
}

/// Which imports to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileImportsQuery {
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Which lines of a report to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileImportLinesQuery {
    /// Only lines of which this came.
    pub outcome: Option<LineOutcome>,
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// A file on its way into the database.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FileImportOut {
    /// Key.
    pub id: ImportId,
    /// What its lines are about.
    pub kind: ImportKind,
    /// How far it is.
    pub state: WorkState,
    /// The kind of file.
    pub format: FileFormat,
    /// Whether nothing is written but the report.
    pub dry_run: bool,
    /// How large the file is, in bytes.
    pub size_bytes: i64,
    /// Lines that are dealt with, the head not counted.
    pub lines: i64,
    /// Of these, what was not there before.
    pub created: i64,
    /// What was there already, or stood in the file before.
    pub unchanged: i64,
    /// What is wrong.
    pub refused: i64,
    /// Why it failed: a problem's `code`. `malformed_body`: the file can't be read, or its head is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "malformed_body")]
    pub failure: Option<String>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// When its report is removed. The file goes as soon as it is read.
    pub expires_at: DateTime<Utc>,
}

impl From<import::Model> for FileImportOut {
    fn from(row: import::Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            format: row.format,
            dry_run: row.dry_run,
            size_bytes: row.size_bytes.unwrap_or(0),
            lines: row.lines,
            created: row.created,
            unchanged: row.unchanged,
            refused: row.refused,
            failure: row.failure,
            created_at: row.created_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
        }
    }
}

/// What came of a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FileImportLineOut {
    /// Its number in the file: the head is the first.
    #[schema(example = 17)]
    pub line: i64,
    /// What came of it.
    pub outcome: LineOutcome,
    /// What was made or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<Uuid>,
    /// What is wrong with it, by its columns; or which line was the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "unit_code is no community or village of today")]
    pub message: Option<String>,
}

impl From<import_line::Model> for FileImportLineOut {
    fn from(row: import_line::Model) -> Self {
        Self {
            line: row.line,
            outcome: row.outcome,
            subject_id: row.subject_id,
            message: row.message,
        }
    }
}
