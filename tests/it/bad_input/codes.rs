//! The table of codes itself.

use hotline::platform::error::Code;
use std::collections::HashSet;
use std::path::Path;

/// The text of every source file but the table's own.
fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("error/code.rs") {
            found.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

fn names(text: &str) -> HashSet<String> {
    let after = text.split("Code::").skip(1);
    after
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric()).collect())
        .collect()
}

#[test]
fn every_code_is_used() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let used = names(&text);
    let unused: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| !used.contains(&format!("{code:?}")))
        .collect();
    assert!(unused.is_empty(), "never used: {unused:?}");
    assert!(
        !names("let x = Code::NotFoundAtAll;").contains("NotFound"),
        "whole names count"
    );
}

#[test]
fn every_code_has_a_word_of_its_own_and_two_texts() {
    let words: HashSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    for code in Code::ALL {
        let snake: String = format!("{code:?}")
            .chars()
            .enumerate()
            .fold(String::new(), |word, (at, c)| {
                let gap = if at > 0 && c.is_ascii_uppercase() { "_" } else { "" };
                format!("{word}{gap}{}", c.to_ascii_lowercase())
            });
        assert_eq!(code.word(), snake);
        let title = code.title();
        assert!(title.en.is_ascii() && !title.zh.is_ascii(), "{code:?}: {title:?}");
        assert!(code.status().is_client_error() || code.status().is_server_error());
    }
}
