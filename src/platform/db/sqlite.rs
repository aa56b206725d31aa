//! The embedded database: one writer that commits in groups, a pool of readers that can't write.
//!
//! The writer takes up to 64 waiting commands into one `BEGIN IMMEDIATE`, so that one sync serves them all.
//! A command that is refused before it wrote answers with its batch; one that fails after it wrote rolls the
//! batch back, and then each runs alone.

use super::tx::Staged;
use super::{Backend, Erased, Job, Source, Tx};
use crate::platform::config::DatabaseConfig;
use crate::platform::error::{AppError, Code};
use anyhow::{Context, ensure};
use futures_util::FutureExt;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

const BATCH: usize = 64;
const QUEUE: usize = 1024;
const ATTEMPTS: usize = 4;

/// Memory of a connection for pages, in KiB with a minus sign. What readers miss lies in the system's cache. The
/// writer's must hold what a batch of registrations touches: some fifty pages each, all over the indexes.
const READER_CACHE: &str = "-2000";
const WRITER_CACHE: &str = "-16000";
/// Pages in the log before they are written into the database, 4 KiB each: a page that changed often in the meantime
/// is written once.
const CHECKPOINT_PAGES: &str = "4000";

struct Waiting {
    job: Job,
    answer: oneshot::Sender<Result<Erased, AppError>>,
}

/// The way into the writer task.
pub(super) struct Writer(mpsc::Sender<Waiting>);

impl Writer {
    pub(super) async fn run(&self, job: Job) -> Result<Erased, AppError> {
        let (answer, wait) = oneshot::channel();
        self.0
            .send(Waiting { job, answer })
            .await
            .map_err(|_| AppError::new(Code::Unavailable))?;
        wait.await.map_err(|_| AppError::new(Code::Unavailable))?
    }
}

pub(super) async fn open(
    config: &DatabaseConfig,
    source: Source,
    migrate: bool,
) -> anyhow::Result<(DatabaseConnection, Backend)> {
    if let Some(folder) = config.sqlite_path().and_then(std::path::Path::parent) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    let write = connect(config, 1, false).await?;
    super::prepare_schema(&write, migrate).await?;
    assert_durable(&write).await?;
    let read = connect(config, config.read_connections, true).await?;
    let (sender, queue) = mpsc::channel(QUEUE);
    tokio::spawn(work(write, source, queue));
    Ok((read, Backend::Sqlite(Writer(sender))))
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

async fn work(db: DatabaseConnection, source: Source, mut queue: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        metrics::histogram!("hotline_write_batch").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        let jobs: Vec<Job> = batch.iter().map(|waiting| Arc::clone(&waiting.job)).collect();
        match run_together(&db, &source, &jobs).await {
            Ok(outcomes) => {
                for (waiting, outcome) in batch.drain(..).zip(outcomes) {
                    // Nobody waits any more when the client went away; the commit stands all the same.
                    let _ = waiting.answer.send(outcome);
                }
            }
            Err(_) => {
                for waiting in batch.drain(..) {
                    let outcome = run_alone(&db, &source, &waiting.job).await;
                    let _ = waiting.answer.send(outcome);
                }
            }
        }
    }
}

/// Runs commands in one transaction. An error means that nothing was written and each must run alone.
async fn run_together(
    db: &DatabaseConnection,
    source: &Source,
    jobs: &[Job],
) -> Result<Vec<Result<Erased, AppError>>, AppError> {
    let conn = begin(db).await?;
    let mut staged = Staged::default();
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        let tx = Tx::new(Arc::clone(&conn), source);
        let outcome = attempt(job, &tx).await;
        if let Err(error) = outcome {
            if tx.wrote() || error.is_repeatable() {
                return Err(error);
            }
            outcomes.push(Err(error));
        } else {
            staged.merge(tx.take_staged());
            outcomes.push(outcome);
        }
    }
    finish(conn, staged).await?;
    Ok(outcomes)
}

async fn run_alone(db: &DatabaseConnection, source: &Source, job: &Job) -> Result<Erased, AppError> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let conn = begin(db).await?;
        let tx = Tx::new(Arc::clone(&conn), source);
        let outcome = match attempt(job, &tx).await {
            Ok(done) => {
                let staged = tx.take_staged();
                drop(tx);
                finish(conn, staged).await.map(|()| done)
            }
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if left > 0 && error.is_repeatable() => {}
            outcome => return outcome,
        }
    }
}

/// A panic in a command fails that command, not the writer.
async fn attempt(job: &Job, tx: &Tx) -> Result<Erased, AppError> {
    AssertUnwindSafe(job(tx))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            tracing::error!("a command panicked");
            Err(AppError::new(Code::Internal))
        })
}

#[expect(clippy::disallowed_methods, reason = "the one door to a transaction")]
async fn begin(db: &DatabaseConnection) -> Result<Arc<DatabaseTransaction>, AppError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(Arc::new(db.begin_with_options(options).await?))
}

async fn finish(conn: Arc<DatabaseTransaction>, staged: Staged) -> Result<(), AppError> {
    staged.insert(&conn).await?;
    match Arc::into_inner(conn) {
        Some(conn) => Ok(conn.commit().await?),
        // A command kept its transaction for later: it must not, and nothing is committed.
        None => Err(AppError::new(Code::Internal)),
    }
}
