//! A reading connection kept for several questions. A question through the pool borrows a connection for itself and
//! hands it back, and sqlx tests each that is handed back: as many round trips again as there were questions.

use super::Db;
use super::limit::written_out;
use crate::platform::error::{AppError, Code};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, Statement, Value,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit};

/// The pool for questions: each borrows a connection for itself. On SQLite it can't write.
pub struct ReadPool(pub(super) DatabaseConnection);

#[async_trait::async_trait]
impl ConnectionTrait for ReadPool {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(written_out(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(written_out(statement)).await
    }
}

/// A connection for questions of one request. Not to be kept while waiting for a write: both may come from one pool.
pub struct Reader {
    held: Held,
    /// What a long question holds, so that few run side by side.
    _permit: Option<OwnedSemaphorePermit>,
}

/// Long questions that run side by side: the other connections are for those who wait for an answer on the telephone.
pub(super) const LONG_QUESTIONS: usize = 2;
/// How long a long question waits for its turn.
const LONG_WAIT: Duration = Duration::from_secs(30);

enum Held {
    Sqlite(Mutex<PoolConnection<Sqlite>>),
    Postgres(Mutex<PoolConnection<Postgres>>),
}

impl Db {
    /// A connection for several questions.
    ///
    /// # Errors
    /// When none is free in time.
    pub async fn reader(&self) -> Result<Reader, AppError> {
        self.borrow(None).await
    }

    /// A connection for questions over months of rows. Few run at a time, so that however many are asked, the others
    /// find a connection.
    ///
    /// # Errors
    /// `Unavailable` when its turn does not come, or no connection is free in time.
    pub async fn long_reader(&self) -> Result<Reader, AppError> {
        let turn = Arc::clone(&self.engine.long).acquire_owned();
        match tokio::time::timeout(LONG_WAIT, turn).await {
            Ok(Ok(permit)) => self.borrow(Some(permit)).await,
            _ => Err(AppError::new(Code::Unavailable).retry_after(LONG_WAIT.as_secs())),
        }
    }

    async fn borrow(&self, permit: Option<OwnedSemaphorePermit>) -> Result<Reader, AppError> {
        let read = &self.read().0;
        let held = if self.is_sqlite() {
            let pool = read.get_sqlite_connection_pool();
            Held::Sqlite(Mutex::new(pool.acquire().await.map_err(unavailable)?))
        } else {
            let pool = read.get_postgres_connection_pool();
            Held::Postgres(Mutex::new(pool.acquire().await.map_err(unavailable)?))
        };
        Ok(Reader {
            held,
            _permit: permit,
        })
    }
}

fn unavailable(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn parts(statement: Statement) -> (AssertSqlSafe<String>, SqlxValues) {
    let statement = written_out(statement);
    let values = statement
        .values
        .unwrap_or_else(|| sea_orm::Values(Vec::<Value>::new()));
    (AssertSqlSafe(statement.sql), SqlxValues(values))
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        match &self.held {
            Held::Sqlite(_) => DbBackend::Sqlite,
            Held::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a reader can't write".to_owned()))
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a reader can't write".to_owned()))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        match &self.held {
            Held::Sqlite(conn) => {
                let query = sqlx::query_with::<Sqlite, _>(sql, values);
                let row = query.fetch_optional(&mut **conn.lock().await).await;
                Ok(row.map_err(failed)?.map(Into::into))
            }
            Held::Postgres(conn) => {
                let query = sqlx::query_with::<Postgres, _>(sql, values);
                let row = query.fetch_optional(&mut **conn.lock().await).await;
                Ok(row.map_err(failed)?.map(Into::into))
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        match &self.held {
            Held::Sqlite(conn) => {
                let query = sqlx::query_with::<Sqlite, _>(sql, values);
                let rows = query.fetch_all(&mut **conn.lock().await).await;
                Ok(rows.map_err(failed)?.into_iter().map(Into::into).collect())
            }
            Held::Postgres(conn) => {
                let query = sqlx::query_with::<Postgres, _>(sql, values);
                let rows = query.fetch_all(&mut **conn.lock().await).await;
                Ok(rows.map_err(failed)?.into_iter().map(Into::into).collect())
            }
        }
    }
}
