//! Files that belong to tickets. The row is written before the file and says so when the file is there, so that a
//! process that dies in between leaves a row to clean up, never a file that nobody knows. Owns `attachment`.

pub mod commands;
mod jobs;
pub mod rules;
pub mod store;

pub use jobs::jobs;
