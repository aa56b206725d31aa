//! What came of an import.

/// How many things an import made, changed and left, and which lines it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Made.
    pub created: usize,
    /// Changed.
    pub updated: usize,
    /// Left as they were.
    pub unchanged: usize,
    /// Lines that were refused.
    pub errors: Vec<LineError>,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Which line.
    pub line: String,
    /// Why.
    pub message: String,
}
