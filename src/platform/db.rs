//! The database: `Db::read` for questions, `Db::write` for commands. The only door to a transaction.
//!
//! A command is data plus a function of `(&Tx, &data)`. It may run more than once: PostgreSQL asks for a
//! repeat after a conflict, and each command of a failed batch runs again, alone.

mod group;
mod limit;
mod pieces;
mod postgres;
mod reader;
pub mod schema;
mod search;
mod sqlite;
mod tx;

use super::clock::Clock;
use super::config::DatabaseConfig;
use super::error::{AppError, Code};
use super::id::IdGen;
use super::jobs::Kick;
use futures_util::future::BoxFuture;
pub use limit::written_out;
pub use pieces::{padded, pieces};
pub use reader::{ReadPool, Reader};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, SqlErr, Statement};
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;
pub use tx::{Tx, together};

/// A command's way of running: a function without state of its own, so that it can run again.
pub type Body<I, T> = for<'t> fn(&'t Tx, &'t I) -> BoxFuture<'t, Result<T, AppError>>;

type Erased = Box<dyn Any + Send>;
type Job = Arc<dyn for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<Erased, AppError>> + Send + Sync>;

/// The database. Clones share pools and writer.
#[derive(Clone)]
pub struct Db {
    engine: Arc<Engine>,
    reserved: Arc<Engine>,
}

struct Engine {
    read: ReadPool,
    backend: Backend,
    kick: Kick,
    /// Turns of questions over months of rows.
    long: Arc<Semaphore>,
}

/// Readers and writer, and those for what must not wait.
struct Opened {
    ordinary: (DatabaseConnection, Backend),
    reserved: (DatabaseConnection, Backend),
}

enum Backend {
    Sqlite(group::Writer),
    Postgres(Box<postgres::Postgres>),
}

/// What makes a transaction besides its connection.
#[derive(Clone)]
struct Source {
    clock: Clock,
    ids: IdGen,
}

impl Db {
    /// Opens the database, brings its schema up to date when `migrate` says so, and starts the writer.
    ///
    /// # Errors
    /// When the database can't be reached, its settings are unsafe, or its schema does not fit.
    pub async fn open(
        config: &DatabaseConfig,
        clock: Clock,
        kick: Kick,
        migrate: bool,
    ) -> anyhow::Result<Self> {
        let source = Source {
            ids: IdGen::new(clock.clone()),
            clock,
        };
        let opened = if config.is_sqlite() {
            sqlite::open(config, source, migrate).await?
        } else {
            postgres::open(config, source, migrate).await?
        };
        Ok(Self::of(
            opened,
            &kick,
            &Arc::new(Semaphore::new(reader::LONG_QUESTIONS)),
        ))
    }

    fn of(opened: Opened, kick: &Kick, long: &Arc<Semaphore>) -> Self {
        let engine = |(read, backend)| {
            Arc::new(Engine {
                read: ReadPool(read),
                backend,
                kick: kick.clone(),
                long: Arc::clone(long),
            })
        };
        Self {
            engine: engine(opened.ordinary),
            reserved: engine(opened.reserved),
        }
    }

    /// The same database by connections and a queue that nothing else uses: for what must not wait, however much
    /// everybody else asks.
    #[must_use]
    pub fn reserved(&self) -> Self {
        Self {
            engine: Arc::clone(&self.reserved),
            reserved: Arc::clone(&self.reserved),
        }
    }

    /// The same database for one of `workers` threads that serve requests. A connection to PostgreSQL belongs to the
    /// thread that opened it: used by another, each answer wakes both. So every worker has connections of its own, made
    /// when they are needed. Those of the embedded database are threads themselves, and shared.
    #[must_use]
    pub fn for_worker(&self, config: &DatabaseConfig, workers: usize) -> Self {
        let Backend::Postgres(postgres) = &self.engine.backend else {
            return self.clone();
        };
        let workers = u32::try_from(workers).unwrap_or(u32::MAX);
        let opened = postgres.apart(config.connections, workers);
        Self::of(opened, &self.engine.kick, &self.engine.long)
    }

    /// A connection for questions. On SQLite it can't write.
    #[must_use]
    pub fn read(&self) -> &ReadPool {
        &self.engine.read
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(self.engine.backend, Backend::Sqlite(_))
    }

    /// Runs a command in one transaction that owns all it writes: what is not in it did not happen.
    /// Answers after the commit is durable.
    ///
    /// # Errors
    /// The command's own, or that the database is busy or away.
    pub async fn write<I, T>(&self, name: &'static str, input: I, body: Body<I, T>) -> Result<T, AppError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let begun = Instant::now();
        let input = Arc::new(input);
        let job: Job = Arc::new(move |tx: &Tx| {
            let input = Arc::clone(&input);
            let tx = tx.clone();
            Box::pin(async move {
                let done: Erased = Box::new(body(&tx, &input).await?);
                Ok(done)
            })
        });
        let outcome = match &self.engine.backend {
            Backend::Sqlite(writer) => writer.run(job).await,
            Backend::Postgres(postgres) => postgres.writer.run(job).await,
        };
        let result = match &outcome {
            Ok(_) => "done",
            Err(error) if error.code().status().is_server_error() => "failed",
            Err(_) => "refused",
        };
        metrics::histogram!("hotline_write_seconds", "name" => name, "result" => result)
            .record(begun.elapsed().as_secs_f64());
        let done = outcome?;
        self.engine.kick.all();
        done.downcast::<T>()
            .map(|done| *done)
            .map_err(|_| AppError::new(Code::Internal))
    }

    /// Asks whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), AppError> {
        let statement = Statement::from_string(self.read().get_database_backend(), "SELECT 1");
        self.read().query_one_raw(statement).await?;
        Ok(())
    }

    /// The database's own time; `None` on SQLite, whose clock is ours.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>, AppError> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let sql = "SELECT clock_timestamp() AS now";
        let statement = Statement::from_string(self.read().get_database_backend(), sql);
        let row = self.read().query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get("", "now")).transpose()?)
    }
}

/// Brings the schema up to date, or checks that it is. A schema newer than this program is refused.
async fn prepare_schema(db: &DatabaseConnection, migrate: bool) -> anyhow::Result<()> {
    if migrate {
        return schema::up(db).await;
    }
    let standing = schema::standing(db).await?;
    anyhow::ensure!(
        standing.unknown.is_empty(),
        "the database is newer than this program: it does not know {}",
        standing.unknown.join(", ")
    );
    anyhow::ensure!(
        standing.pending.is_empty(),
        "the database lacks {} migration(s): run `hotline migrate up`",
        standing.pending.len()
    );
    Ok(())
}

/// Whether running the command again may help: a conflict of two writers, not a mistake.
fn may_repeat(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
        || sql_state(error).is_some_and(|state| matches!(state.as_str(), "40001" | "40P01" | "55P03"))
}

fn sql_state(error: &DbErr) -> Option<String> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => inner
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

impl From<DbErr> for AppError {
    fn from(error: DbErr) -> Self {
        let away = matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_))
            || matches!(&error, DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))
                if inner.as_database_error().is_none() && matches!(**inner, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_)))
            || sql_state(&error)
                .is_some_and(|state| state == "5" || state.starts_with("57P") || state.starts_with("08"));
        let code = if away {
            Code::Unavailable
        } else if may_repeat(&error) {
            Code::Conflict
        } else {
            Code::Internal
        };
        let repeat = may_repeat(&error);
        let error = Self::new(code).because(error);
        if repeat { error.repeatable() } else { error }
    }
}
