//! House rules that the compiler does not hold: who may name whom, who writes which table, what rules may touch, where
//! time comes from, how long a file gets. Read from the sources, tried on bad examples of their own.

mod mentions;

use mentions::{Code, read};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Lines of a file at most.
const LINES: usize = 600;

/// A source file: its path below `src/`, its top module, its text and its code.
struct Source {
    path: String,
    module: String,
    text: String,
    code: Code,
}

impl Source {
    fn new(path: &str, text: String) -> Self {
        let parts: Vec<&str> = path
            .trim_end_matches(".rs")
            .split('/')
            .filter(|part| *part != "mod")
            .collect();
        let code = read(&text, parts.len());
        Self {
            path: path.to_owned(),
            module: parts[0].to_owned(),
            text,
            code,
        }
    }

    fn is_rules(&self) -> bool {
        self.path
            .split('/')
            .skip(1)
            .any(|part| part == "rules" || part == "rules.rs")
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// All of `src/`, without the two roots.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&folder(), &mut files);
    let mut sources: Vec<Source> = files
        .iter()
        .map(|file| {
            let path = file
                .strip_prefix(folder())
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            Source::new(&path, std::fs::read_to_string(file).unwrap())
        })
        .filter(|source| source.path != "lib.rs" && source.path != "main.rs")
        .collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > 150, "{}", sources.len());
    sources
}

/// The tier of each module: groups of `lib.rs` in their order.
fn tiers(lib: &str) -> BTreeMap<String, usize> {
    let mut tiers = BTreeMap::new();
    for (group, tier) in lib.split("\n\n").zip(0..) {
        for line in group.lines() {
            let name = line
                .strip_prefix("pub mod ")
                .or_else(|| line.strip_prefix("mod "));
            if let Some(name) = name.and_then(|rest| rest.strip_suffix(';')) {
                tiers.insert(name.to_owned(), tier);
            }
        }
    }
    tiers
}

/// Where a module names one that does not stand above it.
fn breaches(tiers: &BTreeMap<String, usize>, source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mine = tiers.get(&source.module);
    for path in &source.code.crate_paths {
        let named = path[0].as_str();
        let fits = match (mine, tiers.get(named)) {
            _ if named == source.module => true,
            (Some(mine), Some(theirs)) => theirs < mine,
            _ => false,
        };
        if !fits {
            found.push(format!("{} names {}", source.path, path.join("::")));
        }
    }
    found
}

#[test]
fn modules_name_only_those_above() {
    let lib = std::fs::read_to_string(folder().join("lib.rs")).unwrap();
    let tiers = tiers(&lib);
    let sources = sources();
    let modules: BTreeSet<&str> = sources.iter().map(|source| source.module.as_str()).collect();
    let listed: BTreeSet<&str> = tiers.keys().map(String::as_str).collect();
    assert_eq!(modules, listed, "lib.rs lists every module");
    let named: usize = sources.iter().map(|source| source.code.crate_paths.len()).sum();
    assert!(named > 800, "{named} mentions");
    let found: Vec<String> = sources
        .iter()
        .flat_map(|source| breaches(&tiers, source))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn bad_examples_of_tiers_are_seen() {
    let tiers = tiers("//! x\n\npub mod low;\n\npub mod mid;\npub mod other;\n\npub mod top;\n");
    let count = |path: &str, text: &str| breaches(&tiers, &Source::new(path, text.to_owned())).len();
    assert_eq!(count("mid/mod.rs", "use crate::low::x; use crate::mid::y;"), 0);
    assert_eq!(count("mid/mod.rs", "use crate::top::x;"), 1);
    assert_eq!(
        count("mid/a.rs", "use crate::other::x;"),
        1,
        "nor of one's own group"
    );
    assert_eq!(
        count(
            "low.rs",
            "use crate::{\n    low::a,\n    mid::{\n        b,\n        c::d,\n    },\n};"
        ),
        2
    );
    assert_eq!(count("low.rs", "fn f() { crate::top::go(); }"), 1);
    assert_eq!(count("low.rs", "fn f() -> $crate::top::T {}"), 1);
    assert_eq!(
        count("low/a/b.rs", "use super::super::super::top::go;"),
        1,
        "climbing out"
    );
    assert_eq!(
        count("low/a/b.rs", "use super::super::top::go;"),
        0,
        "stays within"
    );
    assert_eq!(count("low.rs", "mod tests { use super::*; }"), 0);
    assert_eq!(count("low.rs", "use super::top;"), 1);
    assert_eq!(count("low.rs", "use crate::*;"), 1);
    assert_eq!(count("low.rs", "use crate as all;"), 1);
    assert_eq!(
        count(
            "low.rs",
            "// crate::top::x\n/* crate::top::x */ const A: &str = \"crate::top::x\";"
        ),
        0
    );
    assert_eq!(
        count("low.rs", "pub(crate) fn f() {} pub(in crate::low) fn g() {}"),
        0
    );
    assert_eq!(
        count("stray.rs", "use crate::low::x;"),
        1,
        "a module that lib.rs does not list"
    );
}

const IMPURE: &[&str] = &[
    "sea_orm",
    "actix_web",
    "tokio",
    "reqwest",
    "async",
    "store",
    "Tx",
    "Db",
    "Kit",
];

/// What rules touch that they may not.
fn impurities(source: &Source) -> Vec<String> {
    if !source.is_rules() {
        return Vec::new();
    }
    let words = IMPURE
        .iter()
        .filter(|word| source.code.has_word(word))
        .map(|word| (*word).to_owned());
    let paths = source.code.crate_paths.iter().filter(|path| {
        path[0] == "platform"
            && path
                .get(1)
                .is_none_or(|part| part == "db" || part == "clock" || part == "*")
    });
    let entities = source
        .code
        .paths_below("entity")
        .into_iter()
        .filter(|path| path.get(1).is_none_or(|part| part != "id" && part != "kind"));
    words
        .chain(paths.map(|path| path.join("::")))
        // Rows are what stores hand out; the chain is made over an entry as it is kept.
        .chain(
            entities
                .filter(|path| path.join("::") != "entity::ticket_entry")
                .map(|path| path.join("::")),
        )
        .map(|what| format!("{} touches {what}", source.path))
        .collect()
}

#[test]
fn rules_are_pure() {
    let sources = sources();
    assert!(sources.iter().filter(|source| source.is_rules()).count() > 15);
    let found: Vec<String> = sources.iter().flat_map(impurities).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn bad_examples_of_rules_are_seen() {
    let count = |path: &str, text: &str| impurities(&Source::new(path, text.to_owned())).len();
    for bad in [
        "use sea_orm::EntityTrait;",
        "pub async fn f() {}",
        "use super::store::find;",
        "use crate::platform::{clock::Clock, error::AppError};",
        "use crate::{\n    platform::{\n        db::Tx as T,\n    },\n};",
        "use entity::{\n    id::UnitId,\n    unit,\n};",
    ] {
        assert!(count("low/rules/x.rs", bad) > 0, "{bad}");
        assert!(count("low/rules.rs", bad) > 0, "{bad}");
        assert_eq!(count("low/store.rs", bad), 0, "{bad}");
    }
    assert_eq!(
        count(
            "low/rules.rs",
            "//! async, tokio\nuse entity::kind::Role; // store::find"
        ),
        0
    );
}

/// Tables and the modules that own them, as the modules' documentation says.
fn owners(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| source.path == format!("{}/mod.rs", source.module))
    {
        let doc: Vec<&str> = source
            .text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .collect();
        let doc = doc.join(" ");
        let Some((_, owned)) = doc.split_once("Owns `") else {
            continue;
        };
        let sentence = owned.split('.').next().unwrap();
        for table in format!("`{sentence}").split('`').skip(1).step_by(2) {
            owners
                .entry(table.to_owned())
                .or_default()
                .push(source.module.clone());
        }
    }
    owners
}

fn tables() -> BTreeSet<String> {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("entity/src/lib.rs");
    let lib = std::fs::read_to_string(lib).unwrap();
    let modules = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    modules
        .filter(|name| *name != "id" && *name != "kind")
        .map(str::to_owned)
        .collect()
}

/// Files that write a table of another module, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Departments come with the catalogue's file; the rows go through `orgs::store`.
    ("catalog/import/write.rs", "unit"),
    // Who is disabled is logged out in the same transaction, and `auth` stands above `staff`.
    ("staff/store.rs", "session"),
];

/// Who writes what they do not own. The demonstration fills everything.
fn trespasses(owners: &BTreeMap<String, Vec<String>>, source: &Source) -> Vec<String> {
    if source.module == "demo" {
        return Vec::new();
    }
    let written = source.code.written_tables();
    let strange = written.into_iter().filter(|table| {
        let known = EXCEPTIONS.contains(&(source.path.as_str(), table.as_str()));
        !known
            && owners
                .get(table)
                .is_some_and(|owners| !owners.contains(&source.module))
    });
    strange
        .map(|table| format!("{} writes {table}", source.path))
        .collect()
}

#[test]
fn a_table_is_written_by_its_owner_alone() {
    let sources = sources();
    let owners = owners(&sources);
    let owned: BTreeSet<String> = owners.keys().cloned().collect();
    assert_eq!(owned, tables(), "each table is owned, and nothing else");
    let shared: Vec<_> = owners.iter().filter(|(_, owners)| owners.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:?}");
    let writes: usize = sources
        .iter()
        .map(|source| source.code.written_tables().len())
        .sum();
    assert!(writes > 40, "{writes}");
    let found: Vec<String> = sources
        .iter()
        .flat_map(|source| trespasses(&owners, source))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    for (path, table) in EXCEPTIONS {
        let needed = sources
            .iter()
            .any(|source| source.path == *path && source.code.written_tables().contains(*table));
        assert!(needed, "{path} writes {table} no more: take the exception out");
    }
}

#[test]
fn bad_examples_of_writing_are_seen() {
    let owners = BTreeMap::from([
        ("unit".to_owned(), vec!["orgs".to_owned()]),
        ("staff".to_owned(), vec!["staff".to_owned()]),
    ]);
    let count = |path: &str, text: &str| trespasses(&owners, &Source::new(path, text.to_owned())).len();
    for bad in [
        "use entity::unit; fn f() { tx.stage(unit::ActiveModel { }); }",
        "fn f() { entity::unit::Entity::insert(row); }",
        "use entity::{\n    id::UnitId,\n    unit as row,\n};\nfn f() { row::Entity::delete_by_id(id); }",
        "use entity::unit::{self, ActiveModel};",
        "use entity::unit::Entity as Units; fn f() { Units::update_many(); }",
        "use entity::unit; fn f() { unit::Entity::update_many()\n    .exec(tx); }",
        "fn f() { tx.execute_raw(\"UPDATE unit SET name = ''\"); }",
    ] {
        assert_eq!(count("tickets/store.rs", bad), 1, "{bad}");
        assert_eq!(count("orgs/store.rs", bad), 0, "{bad}");
    }
    assert_eq!(
        count(
            "tickets/store.rs",
            "use entity::unit; fn f() { unit::Entity::find(); }"
        ),
        0
    );
    assert_eq!(
        count(
            "tickets/store.rs",
            "use crate::staff; fn f() { staff::commands::insert(); }"
        ),
        0
    );
}

#[test]
fn time_and_chance_come_from_the_platform() {
    let banned = [
        "Utc::now",
        "Local::now",
        "SystemTime",
        "now_v7",
        "new_v4",
        "rand::",
        "OsRng",
    ];
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.module != "platform") {
        found.extend(
            banned
                .iter()
                .filter(|word| source.code.plain.contains(*word))
                .map(|word| format!("{} uses {word}", source.path)),
        );
        // A probe asks its own server, and a simulator is another program than the server that it speaks to.
        let client = source.path == "cli/healthcheck.rs" || source.module == "simulate";
        if source.code.has_word("reqwest") && !client {
            found.push(format!("{} talks HTTP by itself", source.path));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut found = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LINES {
            found.push(format!("{} has {lines} lines; split it by verb", source.path));
        }
        if !source.text.starts_with("//! ") {
            found.push(format!("{} does not begin with what it is", source.path));
        }
        let room = source.path.ends_with("/mod.rs") && source.path.matches('/').count() == 1;
        // The reference data is one small value, and the demonstration one small program.
        if room
            && !["reference", "demo", "cli"].contains(&source.module.as_str())
            && source.code.has_word("fn")
        {
            found.push(format!("{} has logic", source.path));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Rows stay inside: what goes over the wire has shapes of its own.
#[test]
fn rows_are_not_for_the_wire() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("entity/src");
    for table in tables() {
        let text = std::fs::read_to_string(folder.join(format!("{table}.rs"))).unwrap();
        for word in ["Serialize", "Deserialize", "ToSchema"] {
            assert!(!text.contains(word), "entity/src/{table}.rs derives {word}");
        }
    }
}
