//! A transaction as a command sees it.

use super::Source;
use super::limit::written_out;
use super::pieces::{MOST, pieces};
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code};
use crate::platform::id::IdGen;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, CommonTableExpression, InsertStatement, WithClause};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult,
    QueryResult, QueryTrait, Statement, StatementBuilder,
};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// A command's transaction: a connection, the time of the command, ids, and rows to be inserted at its end.
#[derive(Clone)]
pub struct Tx {
    conn: Arc<DatabaseTransaction>,
    now: DateTime<Utc>,
    ids: IdGen,
    wrote: Arc<AtomicBool>,
    staged: Arc<Mutex<Staged>>,
    /// Its place in the batch, and what each command of the batch holds.
    nth: usize,
    held: Held,
    alone: Arc<AtomicBool>,
}

/// What the commands of a batch hold, and which of them does.
pub(super) type Held = Arc<Mutex<HashMap<Uuid, usize>>>;

impl Tx {
    pub(super) fn new(conn: Arc<DatabaseTransaction>, source: &Source, nth: usize, held: &Held) -> Self {
        Self {
            nth,
            held: Arc::clone(held),
            alone: Arc::default(),
            conn,
            now: source.clock.now(),
            ids: source.ids.clone(),
            wrote: Arc::default(),
            staged: Arc::default(),
        }
    }

    /// The time of this command.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The maker of ids.
    #[must_use]
    pub fn ids(&self) -> &IdGen {
        &self.ids
    }

    /// Puts a row aside, to be inserted with all others of its table when the command has ended, with those of a whole
    /// batch of commands. Rows of a table keep their order; tables keep the order in which they were first staged,
    /// unless PostgreSQL writes those of one command in one statement.
    pub fn stage<A>(&self, row: A)
    where
        A: ActiveModelTrait + Send + Sync + 'static,
    {
        self.wrote.store(true, Ordering::Relaxed);
        self.staged().push(row);
    }

    /// Says that this command changes a thing and may put rows of it aside. A later command of its batch that says the
    /// same would not see them: it runs alone, after the batch.
    ///
    /// # Errors
    /// To be handed on, so that it does.
    pub fn hold(&self, thing: Uuid) -> Result<(), AppError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if *held.entry(thing).or_insert(self.nth) == self.nth {
            return Ok(());
        }
        self.alone.store(true, Ordering::Relaxed);
        Err(AppError::new(Code::Conflict).repeatable())
    }

    /// Whether it must run alone.
    pub(super) fn wants_to_be_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed) && !self.wrote()
    }

    /// Waits for everybody who was let through with this key before, until their transactions have ended: for what
    /// is looked for and made if it is not there, where no row can be locked. The embedded database has one writer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn one_at_a_time(&self, key: &[u8]) -> Result<(), DbErr> {
        let backend = self.conn.get_database_backend();
        if backend != DbBackend::Postgres {
            return Ok(());
        }
        // Keys made in one millisecond begin alike.
        let number = sha256(&[key])
            .iter()
            .take(8)
            .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
        let sql = "SELECT pg_advisory_xact_lock($1)";
        let statement = Statement::from_sql_and_values(backend, sql, [number.into()]);
        self.conn.query_one_raw(statement).await?;
        Ok(())
    }

    pub(super) fn wrote(&self) -> bool {
        self.wrote.load(Ordering::Relaxed)
    }

    pub(super) fn take_staged(&self) -> Staged {
        std::mem::take(&mut *self.staged())
    }

    fn staged(&self) -> MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, statement: &Statement) {
        let verb = statement.sql.trim_start().get(..6).unwrap_or_default();
        if ["INSERT", "UPDATE", "DELETE"]
            .iter()
            .any(|write| verb.eq_ignore_ascii_case(write))
        {
            self.wrote.store(true, Ordering::Relaxed);
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.conn.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement);
        self.conn.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.wrote.store(true, Ordering::Relaxed);
        self.conn.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement);
        self.conn.query_one_raw(written_out(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement);
        self.conn.query_all_raw(written_out(statement)).await
    }
}

/// Rows put aside, table by table, in the order in which the tables first came.
#[derive(Default)]
pub(super) struct Staged(Vec<Box<dyn Table>>);

impl Staged {
    fn push<A>(&mut self, row: A)
    where
        A: ActiveModelTrait + Send + Sync + 'static,
    {
        let rows = Rows(vec![row]);
        match self
            .0
            .iter_mut()
            .find(|table| table.row_type() == TypeId::of::<A>())
        {
            Some(table) => table.append(Box::new(rows)),
            None => self.0.push(Box::new(rows)),
        }
    }

    /// Adds another command's rows behind these.
    pub(super) fn merge(&mut self, other: Self) {
        for table in other.0 {
            match self.0.iter_mut().find(|mine| mine.row_type() == table.row_type()) {
                Some(mine) => mine.append(table.into_any()),
                None => self.0.push(table),
            }
        }
    }

    /// Writes the rows of a batch table by table: in statements of few lengths, or on PostgreSQL, where each costs a
    /// round trip, in one a table.
    pub(super) async fn insert(self, conn: &DatabaseTransaction) -> Result<(), DbErr> {
        let far = conn.get_database_backend() == DbBackend::Postgres;
        for table in self.0 {
            if far && table.len() <= MOST {
                conn.execute(&table.in_one()).await?;
                continue;
            }
            for insert in table.in_pieces() {
                conn.execute(&insert).await?;
            }
        }
        Ok(())
    }

    /// Writes the rows of one command; on PostgreSQL, where each statement costs a round trip, all tables in one
    /// statement. Keys are checked at its end, but its parts run in no order that is promised: a table whose rows need
    /// several would lose theirs.
    pub(super) async fn insert_of_one(self, conn: &DatabaseTransaction) -> Result<(), DbErr> {
        let backend = conn.get_database_backend();
        let few = self.0.iter().all(|table| table.len() <= MOST);
        if backend != DbBackend::Postgres || !few {
            return self.insert(conn).await;
        }
        let mut inserts: Vec<InsertStatement> = self.0.into_iter().map(Table::in_one).collect();
        if let Some(last) = inserts.pop() {
            conn.execute_raw(together(backend, inserts, last)).await?;
        }
        Ok(())
    }
}

/// `WITH a AS (INSERT …), b AS (INSERT …) INSERT …`.
#[must_use]
pub fn together(backend: DbBackend, rest: Vec<InsertStatement>, last: InsertStatement) -> Statement {
    if rest.is_empty() {
        return StatementBuilder::build(&last, &backend);
    }
    let mut with = WithClause::new();
    for (n, insert) in rest.into_iter().enumerate() {
        let part = CommonTableExpression::new()
            .table_name(Alias::new(format!("part_{n}")))
            .query(insert)
            .to_owned();
        with.cte(part);
    }
    StatementBuilder::build(&last.with(with), &backend)
}

trait Table: Send {
    fn row_type(&self) -> TypeId;
    fn append(&mut self, other: Box<dyn Any>);
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
    fn len(&self) -> usize;
    fn in_one(self: Box<Self>) -> InsertStatement;
    fn in_pieces(self: Box<Self>) -> Vec<InsertStatement>;
}

struct Rows<A>(Vec<A>);

impl<A> Table for Rows<A>
where
    A: ActiveModelTrait + Send + Sync + 'static,
{
    fn row_type(&self) -> TypeId {
        TypeId::of::<A>()
    }

    fn append(&mut self, other: Box<dyn Any>) {
        if let Ok(other) = other.downcast::<Self>() {
            self.0.extend(other.0);
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn in_one(self: Box<Self>) -> InsertStatement {
        A::Entity::insert_many(self.0).into_query()
    }

    fn in_pieces(self: Box<Self>) -> Vec<InsertStatement> {
        pieces(self.0)
            .map(|rows| A::Entity::insert_many(rows).into_query())
            .collect()
    }
}
