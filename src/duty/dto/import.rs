//! Wire shapes of an import.

use crate::platform::report::{ImportReport, LineError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only look what would be done, and what is wrong.
    #[serde(default)]
    #[param(required = false)]
    pub dry_run: bool,
}

/// What came of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportOut {
    /// Whether it only was looked at: nothing is written.
    pub dry_run: bool,
    /// Shifts that were not there before.
    #[schema(example = 28)]
    pub created: usize,
    /// Shifts that were there with other people.
    pub updated: usize,
    /// Shifts that are as the file says.
    pub unchanged: usize,
    /// Lines that are wrong, all of them; nothing is written as long as there is one.
    pub errors: Vec<LineOut>,
}

/// A line that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineOut {
    /// Which.
    #[schema(example = "line 3")]
    pub line: String,
    /// Why.
    #[schema(example = "unit_code names nothing that exists")]
    pub message: String,
}

impl ImportOut {
    /// From the report.
    pub fn new(report: ImportReport, dry_run: bool) -> Self {
        let line = |LineError { line, message }| LineOut { line, message };
        Self {
            dry_run,
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            errors: report.errors.into_iter().map(line).collect(),
        }
    }
}
