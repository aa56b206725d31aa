//! What a source file names: a small reader of Rust that knows comments, texts, paths and balanced groups.

use std::collections::{BTreeMap, BTreeSet};

/// A file as the rules look at it.
pub struct Code {
    /// The text without comments, and without what stands in quotation marks.
    pub plain: String,
    /// Texts in quotation marks.
    pub texts: Vec<String>,
    /// Paths below the crate's root: `crate::a::b`, `super` that climbs out, groups taken apart.
    pub crate_paths: Vec<Vec<String>>,
    tokens: Vec<String>,
}

/// Reads a file that lies `depth` modules below the root.
pub fn read(text: &str, depth: usize) -> Code {
    let (plain, texts) = strip(text);
    let tokens = tokens(&plain);
    let crate_paths = crate_paths(&tokens, depth);
    Code {
        plain,
        texts,
        crate_paths,
        tokens,
    }
}

impl Code {
    /// Whether a word stands in the code.
    pub fn has_word(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token == word)
    }

    /// Paths that begin with a crate's name, groups taken apart.
    pub fn paths_below(&self, name: &str) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for at in 0..self.tokens.len() {
            let begins = self.tokens[at] == name
                && self.tokens.get(at + 1).is_some_and(|next| next == "::")
                && (at == 0 || self.tokens[at - 1] != "::");
            if begins {
                let mut found = Vec::new();
                tree(&self.tokens, at, &[], &mut found);
                all.extend(found.into_iter().map(|(path, _)| path));
            }
        }
        all
    }

    /// Names under which a file knows parts of the crate `entity`.
    fn entity_names(&self) -> BTreeMap<String, Vec<String>> {
        let mut names = BTreeMap::new();
        for at in 0..self.tokens.len() {
            let used = self.tokens[at] == "entity" && at > 0 && self.tokens[at - 1] == "use";
            if !used {
                continue;
            }
            let mut found = Vec::new();
            tree(&self.tokens, at, &[], &mut found);
            for (path, alias) in found {
                let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
                names.insert(name, path);
            }
        }
        names
    }

    /// Tables that a file writes: by an active model, or by a statement that inserts, updates or deletes.
    pub fn written_tables(&self) -> BTreeSet<String> {
        let names = self.entity_names();
        let mut written = BTreeSet::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let (path, after) = straight(&self.tokens, at);
            let whole = match names.get(&path[0]) {
                Some(known) => known.iter().cloned().chain(path.into_iter().skip(1)).collect(),
                None => path,
            };
            if let [root, table, part, rest @ ..] = whole.as_slice()
                && root == "entity"
            {
                let verb = rest.first().map(String::as_str).unwrap_or_default();
                let writes = ["insert", "update", "delete"]
                    .iter()
                    .any(|word| verb.starts_with(word));
                if part == "ActiveModel" || (part == "Entity" && writes) {
                    written.insert(table.clone());
                }
            }
            at = after.max(at + 1);
        }
        for (path, _) in names.into_iter().map(|(name, path)| (path, name)) {
            if let [_, table, part] = path.as_slice()
                && part == "ActiveModel"
            {
                written.insert(table.clone());
            }
        }
        for text in &self.texts {
            written.extend(written_by(text));
        }
        written
    }
}

/// The table that a statement in a text writes.
fn written_by(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let table = match words.as_slice() {
        ["UPDATE", table, ..] | ["INSERT", "INTO", table, ..] | ["DELETE", "FROM", table, ..] => table,
        _ => return None,
    };
    let name = table.split('(').next().unwrap();
    Some(name.to_owned())
}

/// Takes comments and texts out.
fn strip(text: &str) -> (String, Vec<String>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut plain, mut texts) = (String::with_capacity(text.len()), Vec::new());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        match rest {
            ['/', '/', ..] => at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => at += comment(rest),
            ['"', ..] => {
                let (length, inner) = quoted(rest);
                texts.push(inner);
                plain.push(' ');
                at += length;
            }
            ['r', '"', ..] | ['r', '#', '"', ..] | ['r', '#', '#', '"', ..] => {
                let (length, inner) = raw(rest);
                texts.push(inner);
                plain.push(' ');
                at += length;
            }
            // A character, not a lifetime.
            ['\'', '\\', ..] => at += 2 + rest[2..].iter().skip(1).position(|c| *c == '\'').unwrap_or(0) + 2,
            ['\'', _, '\'', ..] => at += 3,
            [c, ..] => {
                plain.push(*c);
                at += 1;
            }
            [] => {}
        }
    }
    (plain, texts)
}

fn comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn quoted(rest: &[char]) -> (usize, String) {
    let (mut at, mut inner) = (1, String::new());
    while at < rest.len() {
        match rest[at] {
            '\\' => {
                // A line that goes on.
                if rest.get(at + 1) == Some(&'\n') {
                    inner.push(' ');
                }
                at += 2;
            }
            '"' => return (at + 1, inner),
            c => {
                inner.push(c);
                at += 1;
            }
        }
    }
    (at, inner)
}

fn raw(rest: &[char]) -> (usize, String) {
    let marks = rest.iter().skip(1).take_while(|c| **c == '#').count();
    let begin = marks + 2;
    let mut end = begin;
    while end < rest.len() {
        let closes =
            rest[end] == '"' && rest[end + 1..].iter().take(marks).filter(|c| **c == '#').count() == marks;
        if closes {
            break;
        }
        end += 1;
    }
    (end + 1 + marks, rest[begin..end.min(rest.len())].iter().collect())
}

/// Words, `::`, and single signs.
fn tokens(plain: &str) -> Vec<String> {
    let chars: Vec<char> = plain.chars().collect();
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        if word(&chars[at]) {
            let length = chars[at..].iter().take_while(|c| word(c)).count();
            tokens.push(chars[at..at + length].iter().collect());
            at += length;
        } else if chars[at..].starts_with(&[':', ':']) {
            tokens.push("::".into());
            at += 2;
        } else {
            if !chars[at].is_whitespace() {
                tokens.push(chars[at].to_string());
            }
            at += 1;
        }
    }
    tokens
}

type Found = Vec<(Vec<String>, Option<String>)>;

/// Takes a path with its groups apart, beginning at a word; what comes after it.
fn tree(tokens: &[String], mut at: usize, before: &[String], found: &mut Found) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    let next = if tokens[at] == "," {
                        at + 1
                    } else {
                        tree(tokens, at, &path, found)
                    };
                    at = next.max(at + 1);
                }
                return at + 1;
            }
            Some(word) if word == "*" || word.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                // `a::{self}` is `a`.
                if word != "self" || path.is_empty() {
                    path.push(word.to_owned());
                }
                at += 1;
            }
            _ => return at,
        }
        if tokens.get(at).is_some_and(|token| token == "::")
            && tokens.get(at + 1).is_some_and(|token| token != "<")
        {
            at += 1;
            continue;
        }
        let alias = (tokens.get(at).is_some_and(|token| token == "as")).then(|| tokens.get(at + 1).cloned());
        let after = if alias.is_some() { at + 2 } else { at };
        found.push((path, alias.flatten()));
        return after;
    }
}

/// A path without groups; what comes after it.
fn straight(tokens: &[String], mut at: usize) -> (Vec<String>, usize) {
    let mut path = vec![tokens[at].clone()];
    at += 1;
    while tokens.get(at).is_some_and(|token| token == "::") && tokens.get(at + 1).is_some() {
        path.push(tokens[at + 1].clone());
        at += 2;
    }
    (path, at)
}

/// Paths below the root. `super` climbs; modules written within a file count.
fn crate_paths(tokens: &[String], depth: usize) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    // For each open brace, whether it is a module's.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at].as_str();
        match token {
            "{" => braces.push(at >= 2 && tokens[at - 2] == "mod"),
            "}" => {
                braces.pop();
            }
            "crate" | "super" if at == 0 || tokens[at - 1] != "::" => {
                let inner = braces.iter().filter(|module| **module).count();
                let mut begin = at;
                let mut climbed = 0;
                while tokens[begin] == "super" && tokens.get(begin + 1).is_some_and(|next| next == "::") {
                    climbed += 1;
                    begin += 2;
                }
                let root = token == "crate" || climbed >= depth + inner;
                if root {
                    collect_below(tokens, at, begin, &mut all);
                }
            }
            _ => {}
        }
        at += 1;
    }
    all
}

fn collect_below(tokens: &[String], at: usize, begin: usize, all: &mut Vec<Vec<String>>) {
    if tokens[at] == "crate" {
        // `pub(crate)` and `pub(in crate::a)` name nothing but a reach.
        let visibility = at > 0 && (tokens[at - 1] == "(" || tokens[at - 1] == "in");
        match tokens.get(at + 1).map(String::as_str) {
            Some("::") if visibility && tokens[at - 1] == "in" => {}
            Some("::") => {
                let mut found = Vec::new();
                tree(tokens, at + 2, &[], &mut found);
                all.extend(found.into_iter().map(|(path, _)| path));
            }
            _ if visibility => {}
            _ => all.push(vec!["crate".into(), "as".into()]),
        }
        return;
    }
    let mut found = Vec::new();
    tree(tokens, begin, &[], &mut found);
    all.extend(found.into_iter().map(|(path, _)| path));
}
