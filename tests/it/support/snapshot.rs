//! Texts for people that are checked in: a test compares, and writes them anew when it is told to.

use std::path::Path;

/// Compares a text with `tests/it/snapshots/NAME`. `UPDATE_SNAPSHOTS=1` writes it.
#[track_caller]
pub fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/snapshots")
        .join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == text,
        "{name} is not as checked in; if the change is meant, run the tests once with UPDATE_SNAPSHOTS=1\n{text}"
    );
}
