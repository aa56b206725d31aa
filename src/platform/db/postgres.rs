//! PostgreSQL: pools of connections, one for background work and one for each thread that serves requests; and beside
//! each a small one for what must not wait.

use super::group::{Lanes, Writer};
use super::{Backend, Opened, Source};
use crate::platform::config::DatabaseConfig;
use anyhow::{Context, ensure};
use sea_orm::{ConnectionTrait, DatabaseConnection, SqlxPostgresConnector, Statement};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// One connection of so many is for background work; the workers share the others.
const JOBS_SHARE: u32 = 4;

/// One connection of so many of a worker is for writing.
const WRITERS_SHARE: u32 = 4;
/// Commands of requests that share a transaction, at most: they wait for each other's rows.
const BATCH: usize = 16;

/// Connections of background work, beside all others, to read and to write what must not wait.
const RESERVED_JOBS: u32 = 2;
/// The same of a thread that serves requests.
const RESERVED_WORKER: u32 = 1;

/// What writes, and what more connections are made from.
#[derive(Clone)]
pub(super) struct Postgres {
    pub(super) writer: Writer,
    source: Source,
    options: PgConnectOptions,
    patience: Duration,
}

pub(super) async fn open(config: &DatabaseConfig, source: Source, migrate: bool) -> anyhow::Result<Opened> {
    let options = PgConnectOptions::from_str(&config.url)?
        .statement_cache_capacity(256)
        .options([
            ("timezone", "UTC"),
            // Many short questions: compiling one, or waking workers for it, takes longer than answering it; and rows
            // that an index names lie in memory or on a disk that does not seek.
            ("jit", "off"),
            ("max_parallel_workers_per_gather", "0"),
            ("random_page_cost", "1.1"),
        ])
        .disable_statement_logging();
    let patience = Duration::from_millis(config.acquire_timeout_ms);
    let connections = config.connections.div_ceil(JOBS_SHARE);
    let pool = pool(&options, patience, connections);
    // The lock of migrations and what they do need a connection each; this pool may have one alone.
    let apart = super::schema::connect(&config.url)
        .await
        .context("can't reach the PostgreSQL database")?;
    super::prepare_schema(&apart, migrate).await?;
    apart.close().await?;
    assert_durable(&pool).await?;
    // Background work takes its rows by hundreds already.
    let lanes = Lanes {
        count: connections,
        batch: 1,
        even: true,
    };
    let postgres = Postgres {
        writer: Writer::start(&pool, &source, lanes),
        source,
        options,
        patience,
    };
    Ok(Opened {
        reserved: postgres.reserved(RESERVED_JOBS, 1),
        ordinary: (pool, Backend::Postgres(Box::new(postgres))),
    })
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

impl Postgres {
    /// With connections of its own: one part of `parts` of those that workers have.
    pub(super) fn apart(&self, connections: u32, parts: u32) -> Opened {
        let theirs = (connections - connections.div_ceil(JOBS_SHARE)) / parts.max(1);
        let writers = theirs.div_ceil(WRITERS_SHARE);
        Opened {
            ordinary: self.over((writers, theirs.saturating_sub(writers)), BATCH),
            reserved: self.reserved(RESERVED_WORKER, BATCH),
        }
    }

    fn reserved(&self, connections: u32, batch: usize) -> (DatabaseConnection, Backend) {
        self.over((connections, connections), batch)
    }

    /// Over new connections, to write and to read. Apart, so that who holds a connection to read with and waits for a
    /// command does not wait for itself.
    fn over(&self, (writers, readers): (u32, u32), batch: usize) -> (DatabaseConnection, Backend) {
        let lanes = Lanes {
            count: writers,
            batch,
            even: true,
        };
        let write = pool(&self.options, self.patience, writers);
        let postgres = Self {
            writer: Writer::start(&write, &self.source, lanes),
            ..self.clone()
        };
        let read = pool(&self.options, self.patience, readers);
        (read, Backend::Postgres(Box::new(postgres)))
    }
}
