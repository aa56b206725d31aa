//! What is printed, for people.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

static STEPS: AtomicUsize = AtomicUsize::new(0);
static SCENES: AtomicUsize = AtomicUsize::new(0);

/// The first and the last line.
pub fn title(text: &str) {
    line(&format!("\n{text}"));
}

/// A part of the way.
pub fn scene(text: &str) {
    let n = SCENES.fetch_add(1, Ordering::Relaxed) + 1;
    line(&format!("\n{n}. {text}"));
}

/// A request and its status.
pub fn request(who: &str, what: &str, status: u16) {
    STEPS.fetch_add(1, Ordering::Relaxed);
    line(&format!("   {who:<18} {what} → {status}"));
}

/// What an answer says, in words: values of it lose the quotes that JSON puts around texts.
pub fn says(text: &str) {
    shows(&text.replace('"', ""));
}

/// What an answer says, as it is.
pub fn shows(text: &str) {
    line(&format!("      {text}"));
}

/// How many requests were made.
pub fn steps() -> usize {
    STEPS.load(Ordering::Relaxed)
}

/// Why the walk ended before its end.
pub fn failure(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "\nwalkthrough: NOT as expected: {error:#}");
}

/// A reader who went away is no failure.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
