//! A database for each test, copied from a template that is made once: the demonstration district.

use chrono::{DateTime, Utc};
use hotline::app::App;
use hotline::demo;
use hotline::platform::clock::Clock;
use hotline::platform::config::{Config, DEFAULTS};
use hotline::platform::jobs;
use sea_orm::{ConnectionTrait, Database};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// Whether a server is there to test on. Its absence is said aloud; `make test` always brings one.
    pub fn postgres_is_there() -> bool {
        let there = std::env::var_os("TEST_DATABASE_URL").is_some();
        if !there {
            eprintln!("TEST_DATABASE_URL is not set: not run on PostgreSQL");
        }
        there
    }
}

/// Tuesday, 2026-11-24, 09:00 in China: a working day.
pub fn start_of_time() -> DateTime<Utc> {
    "2026-11-24T01:00:00Z".parse().unwrap()
}

/// Settings of a test: everything in one folder, cheap hashing, nothing sent anywhere.
pub fn config(folder: &Path, database: &str) -> Config {
    // A file of its own: instances that start together must not read what another one is just writing.
    let mut toml = tempfile::NamedTempFile::new_in(folder).unwrap();
    std::io::Write::write_all(
        &mut toml,
        format!(
            "[server]\nworkers = 1\nglance_ms = 0\n[database]\nurl = '{database}'\nconnections = 5\nacquire_timeout_ms = 20000\nread_connections = 2\n\
             [secrets]\nmaster_key_file = '{key}'\n[limits]\nclient_per_minute = 0\nresident_per_minute = 0\n[auth]\nargon2_memory_kib = 8\nargon2_passes = 1\n\
             second_factor = false\n[sms]\nlog_only = true\n[blob]\nurl = 'file://{blobs}'\n[log]\nfilter = 'error'\n",
            key = folder.join("master.key").display(),
            blobs = folder.join("attachments").display(),
        )
        .as_bytes(),
    )
    .unwrap();
    assert!(DEFAULTS.contains("[server]"));
    Config::load(Some(toml.path())).unwrap()
}

async fn fill(folder: &Path, url: &str) {
    // An hour before the tests begin: what they do comes later than what they find.
    let earlier = start_of_time() - chrono::TimeDelta::hours(1);
    let clock = Clock::manual(earlier);
    let app = App::open(config(folder, url), clock.clone(), true).await.unwrap();
    demo::seed(app.kit()).await.unwrap();
    // What the import of the calendar has set is over, too.
    clock.advance(chrono::TimeDelta::minutes(1));
    jobs::settle(&app.jobs(false).unwrap()).await;
}

/// Leaks on purpose: the template lives as long as the test process.
static SQLITE: OnceCell<PathBuf> = OnceCell::const_new();
static POSTGRES: OnceCell<(PathBuf, String)> = OnceCell::const_new();

fn url_of(database: &str) -> String {
    let server = std::env::var("TEST_DATABASE_URL").unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{database}")
}

async fn on_server(sql: &str) {
    let server = Database::connect(std::env::var("TEST_DATABASE_URL").unwrap())
        .await
        .unwrap();
    server.execute_unprepared(sql).await.unwrap();
    server.close().await.unwrap();
}

/// A fresh copy of the demonstration district in `folder`; its address.
pub async fn fresh(backend: Backend, folder: &Path) -> String {
    match backend {
        Backend::Sqlite => {
            let template = SQLITE
                .get_or_init(|| async {
                    let folder = tempfile::tempdir().unwrap().keep();
                    let file = folder.join("template.sqlite");
                    fill(&folder, &format!("sqlite://{}", file.display())).await;
                    // One file: what stands in the log is written into the database.
                    let db = Database::connect(format!("sqlite://{}", file.display()))
                        .await
                        .unwrap();
                    db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
                        .await
                        .unwrap();
                    db.close().await.unwrap();
                    folder
                })
                .await;
            std::fs::copy(template.join("template.sqlite"), folder.join("test.sqlite")).unwrap();
            std::fs::copy(template.join("master.key"), folder.join("master.key")).unwrap();
            format!("sqlite://{}", folder.join("test.sqlite").display())
        }
        Backend::Postgres => {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let (keys, template) = POSTGRES
                .get_or_init(|| async {
                    let folder = tempfile::tempdir().unwrap().keep();
                    let name = format!("hotline_template_{}", std::process::id());
                    on_server(&format!("CREATE DATABASE {name}")).await;
                    fill(&folder, &url_of(&name)).await;
                    (folder, name)
                })
                .await;
            let name = format!(
                "hotline_test_{}_{}",
                std::process::id(),
                COUNT.fetch_add(1, Ordering::SeqCst)
            );
            clone_database(&name, template).await;
            std::fs::copy(keys.join("master.key"), folder.join("master.key")).unwrap();
            url_of(&name)
        }
    }
}

/// An empty database; its address.
pub async fn empty(backend: Backend, folder: &Path) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    match backend {
        Backend::Sqlite => format!("sqlite://{}", folder.join("empty.sqlite").display()),
        Backend::Postgres => {
            let count = COUNT.fetch_add(1, Ordering::SeqCst);
            let name = format!("hotline_empty_{}_{count}", std::process::id());
            on_server(&format!("CREATE DATABASE {name}")).await;
            url_of(&name)
        }
    }
}

/// A template can't be copied while somebody is connected to it, and the pool that filled it takes a moment to go.
async fn clone_database(name: &str, template: &str) {
    let server = Database::connect(std::env::var("TEST_DATABASE_URL").unwrap())
        .await
        .unwrap();
    for attempt in 0.. {
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        match server.execute_unprepared(&sql).await {
            Ok(_) => break,
            Err(error) if attempt < 50 && error.to_string().contains("being accessed") => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    server.close().await.unwrap();
}

/// A test that starts its applications itself, on each database that there is.
pub async fn on_each(test: impl AsyncFn(Backend)) {
    test(Backend::Sqlite).await;
    if Backend::postgres_is_there() {
        test(Backend::Postgres).await;
    }
}
