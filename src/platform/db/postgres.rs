//! PostgreSQL: a pool; each command in a transaction of its own, run again after a conflict.

use super::{Backend, Erased, Job, Source, Tx};
use crate::platform::config::DatabaseConfig;
use crate::platform::error::{AppError, Code};
use anyhow::{Context, ensure};
use futures_util::FutureExt;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, Statement,
    TransactionTrait,
};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

const ATTEMPTS: usize = 5;

/// The pool, and what makes transactions.
pub(super) struct Writer {
    pool: DatabaseConnection,
    source: Source,
}

pub(super) async fn open(
    config: &DatabaseConfig,
    source: Source,
    migrate: bool,
) -> anyhow::Result<(DatabaseConnection, Backend)> {
    let mut options = ConnectOptions::new(config.url.clone());
    options
        .min_connections(1)
        .max_connections(config.connections)
        .acquire_timeout(Duration::from_millis(config.acquire_timeout_ms))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|postgres| {
            postgres
                .statement_cache_capacity(256)
                .options([("timezone", "UTC")])
        });
    let pool = Database::connect(options)
        .await
        .context("can't reach the PostgreSQL database")?;
    // The lock of migrations and what they do need a connection each; this pool may have one alone.
    let apart = super::schema::connect(&config.url).await?;
    super::prepare_schema(&apart, migrate).await?;
    apart.close().await?;
    assert_durable(&pool).await?;
    let writer = Writer {
        pool: pool.clone(),
        source,
    };
    Ok((pool, Backend::Postgres(writer)))
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
