//! PostgreSQL: a pool; each command in a transaction of its own, run again after a conflict.

use super::{Backend, Erased, Job, Source, Tx};
use crate::platform::config::DatabaseConfig;
use crate::platform::error::{AppError, Code};
use anyhow::{Context, ensure};
use futures_util::FutureExt;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqlxPostgresConnector, Statement,
    TransactionTrait,
};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

const ATTEMPTS: usize = 5;

/// One connection of so many is for background work; the workers share the others.
const JOBS_SHARE: u32 = 4;

/// The pool, and what makes transactions.
pub(super) struct Writer {
    pool: DatabaseConnection,
    source: Source,
    options: PgConnectOptions,
    patience: Duration,
}

pub(super) async fn open(
    config: &DatabaseConfig,
    source: Source,
    migrate: bool,
) -> anyhow::Result<(DatabaseConnection, Backend)> {
    let options = PgConnectOptions::from_str(&config.url)?
        .statement_cache_capacity(256)
        .options([("timezone", "UTC")])
        .disable_statement_logging();
    let patience = Duration::from_millis(config.acquire_timeout_ms);
    let pool = pool(&options, patience, config.connections.div_ceil(JOBS_SHARE));
    // The lock of migrations and what they do need a connection each; this pool may have one alone.
    let apart = super::schema::connect(&config.url)
        .await
        .context("can't reach the PostgreSQL database")?;
    super::prepare_schema(&apart, migrate).await?;
    apart.close().await?;
    assert_durable(&pool).await?;
    let writer = Writer {
        pool: pool.clone(),
        source,
        options,
        patience,
    };
    Ok((pool, Backend::Postgres(Box::new(writer))))
}

/// Opens nothing yet: connections are made when they are asked for.
fn pool(options: &PgConnectOptions, patience: Duration, connections: u32) -> DatabaseConnection {
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(patience)
        .test_before_acquire(false)
        .connect_lazy_with(options.clone());
    SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
}

/// Promises of durability are checked; `fsync` is the operator's, and reported by `hotline check`.
async fn assert_durable(pool: &DatabaseConnection) -> anyhow::Result<()> {
    let sql = "SELECT current_setting('synchronous_commit') AS value, current_setting('server_encoding') AS encoding";
    let row = pool
        .query_one_raw(Statement::from_string(pool.get_database_backend(), sql))
        .await?;
    let row = row.context("no answer")?;
    let synchronous: String = row.try_get("", "value")?;
    ensure!(
        synchronous != "off",
        "PostgreSQL runs with synchronous_commit=off: acknowledged writes could be lost"
    );
    let encoding: String = row.try_get("", "encoding")?;
    ensure!(
        encoding == "UTF8",
        "the PostgreSQL database is encoded in {encoding}, not UTF8"
    );
    Ok(())
}

impl Writer {
    /// With connections of its own: one part of `parts` of those that workers have.
    pub(super) fn apart(&self, connections: u32, parts: u32) -> (DatabaseConnection, Self) {
        let theirs = connections - connections.div_ceil(JOBS_SHARE);
        let pool = pool(&self.options, self.patience, theirs / parts.max(1));
        let writer = Self {
            pool: pool.clone(),
            source: self.source.clone(),
            options: self.options.clone(),
            patience: self.patience,
        };
        (pool, writer)
    }

    pub(super) async fn run(&self, job: Job) -> Result<Erased, AppError> {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.once(&job).await {
                Err(error) if left > 0 && error.is_repeatable() => {}
                outcome => return outcome,
            }
        }
    }

    async fn once(&self, job: &Job) -> Result<Erased, AppError> {
        let conn = begin(&self.pool).await?;
        let tx = Tx::new(Arc::clone(&conn), &self.source);
        let done = AssertUnwindSafe(job(&tx))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| {
                tracing::error!("a command panicked");
                Err(AppError::new(Code::Internal))
            })?;
        let staged = tx.take_staged();
        drop(tx);
        staged.insert(&conn).await?;
        match Arc::into_inner(conn) {
            Some(conn) => conn.commit().await?,
            None => return Err(AppError::new(Code::Internal)),
        }
        Ok(done)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one door to a transaction")]
async fn begin(pool: &DatabaseConnection) -> Result<Arc<DatabaseTransaction>, AppError> {
    Ok(Arc::new(pool.begin().await?))
}
