//! What came of reading a file: how many things were made or changed, and which lines were wrong.

use super::error::Fields;
use serde::Serialize;
use std::fmt;

/// What came of an import. One with errors has written nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Things that were not there before.
    pub created: usize,
    /// Things that were there and differ now.
    pub updated: usize,
    /// Things that are as the file says.
    pub unchanged: usize,
    /// Lines that are wrong, all of them.
    pub errors: Vec<LineError>,
}

/// A line that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// Which: the line's code or key.
    pub line: String,
    /// Why.
    pub message: String,
}

/// What an import did with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there before.
    Created,
    /// It was there and differs now.
    Updated,
    /// It is as the file says.
    Unchanged,
}

impl ImportReport {
    /// Counts a thing.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Updated => self.updated += 1,
            Outcome::Unchanged => self.unchanged += 1,
        }
    }

    /// Notes that a line is wrong.
    pub fn refuse(&mut self, line: impl Into<String>, message: impl Into<String>) {
        self.errors.push(LineError {
            line: line.into(),
            message: message.into(),
        });
    }

    /// Notes every mistake of a line.
    pub fn refuse_fields(&mut self, line: &str, fields: Fields) {
        for error in fields.into_errors() {
            self.refuse(line, error.to_string());
        }
    }

    /// Whether every line was right.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// Whether anything was written.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.created + self.updated > 0
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return write!(
                f,
                "{} created, {} updated, {} unchanged",
                self.created, self.updated, self.unchanged
            );
        }
        write!(f, "nothing written, {} error(s)", self.errors.len())?;
        for LineError { line, message } in &self.errors {
            write!(f, "\n  {line}: {message}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::error::Rule;

    #[test]
    fn a_report_with_errors_lists_them_and_says_that_nothing_was_written() {
        let mut report = ImportReport::default();
        report.count(Outcome::Created);
        report.count(Outcome::Unchanged);
        assert_eq!(report.to_string(), "1 created, 0 updated, 1 unchanged");
        let mut fields = Fields::default();
        fields.add("/name", Rule::Required);
        fields.add("/code", Rule::Taken);
        report.refuse_fields("0101", fields);
        assert_eq!(
            report.to_string(),
            "nothing written, 2 error(s)\n  0101: /name is required\n  0101: /code exists already"
        );
    }
}
