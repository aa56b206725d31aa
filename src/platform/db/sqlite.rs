//! The embedded database: one writer that commits in groups, a pool of readers that can't write.

use super::group::{Lanes, Writer};
use super::{Backend, Opened, Source};
use crate::platform::config::DatabaseConfig;
use anyhow::{Context, ensure};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use std::time::Duration;

/// One writer, since there is one place to write; sixty-four commands share a sync.
const LANES: Lanes = Lanes {
    count: 1,
    batch: 64,
    even: false,
};

/// Readers for what must not wait.
const RESERVED_READERS: u32 = 2;

/// Memory of a connection for pages, in KiB with a minus sign. What readers miss lies in the system's cache. The
/// writer's must hold what a batch of registrations touches: some fifty pages each, all over the indexes.
const READER_CACHE: &str = "-2000";
const WRITER_CACHE: &str = "-8000";
/// Pages in the log, 4 KiB each, after which the writer itself copies what is left of them into the database, within a
/// commit, so that the log starts anew. Most are in the database by then.
const CHECKPOINT_PAGES: &str = "10000";
/// How often a connection beside the writer copies the log into the database. A commit waits for it no longer than for
/// the disk.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn open(config: &DatabaseConfig, source: Source, migrate: bool) -> anyhow::Result<Opened> {
    if let Some(folder) = config.sqlite_path().and_then(std::path::Path::parent) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    let write = connect(config, 1, false).await?;
    super::prepare_schema(&write, migrate).await?;
    assert_durable(&write).await?;
    let (writer, first) = Writer::start_two(&write, &source, LANES);
    tokio::spawn(copy_log(connect(config, 1, false).await?, writer.ended()));
    Ok(Opened {
        ordinary: (
            connect(config, config.read_connections, true).await?,
            Backend::Sqlite(writer),
        ),
        reserved: (
            connect(config, RESERVED_READERS, true).await?,
            Backend::Sqlite(first),
        ),
    })
}

async fn connect(
    config: &DatabaseConfig,
    connections: u32,
    read_only: bool,
) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(config.url.clone());
    options
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(Duration::from_millis(config.acquire_timeout_ms))
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(!read_only)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .statement_cache_capacity(256)
                .pragma("temp_store", "MEMORY");
            if read_only {
                sqlite
                    .pragma("query_only", "ON")
                    .pragma("cache_size", READER_CACHE)
            } else {
                sqlite
                    .pragma("cache_size", WRITER_CACHE)
                    .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            }
        });
    Database::connect(options)
        .await
        .context("can't open the SQLite database")
}

/// Copies the log into the database until the writer has ended.
async fn copy_log(db: DatabaseConnection, ended: impl Fn() -> bool) {
    while !ended() {
        tokio::time::sleep(CHECKPOINT_EVERY).await;
        // What is not copied here, the writer copies.
        if let Err(error) = db.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await {
            tracing::warn!(%error, "the log can't be copied into the database beside the writer");
        }
    }
}

/// Promises of durability are checked, not assumed.
async fn assert_durable(db: &DatabaseConnection) -> anyhow::Result<()> {
    let ask = async |pragma: &str| -> anyhow::Result<String> {
        let sql = format!("SELECT CAST({pragma} AS TEXT) AS value FROM pragma_{pragma}");
        let row = db
            .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
            .await?;
        Ok(row.context("no answer")?.try_get("", "value")?)
    };
    let journal = ask("journal_mode").await?;
    ensure!(
        journal == "wal",
        "the SQLite database is not in WAL mode but in {journal}: its file system may not allow it"
    );
    let synchronous = ask("synchronous").await?;
    ensure!(
        synchronous == "2",
        "the SQLite database would not sync each commit (synchronous={synchronous})"
    );
    ensure!(
        ask("foreign_keys").await? == "1",
        "the SQLite database does not check foreign keys"
    );
    Ok(())
}
