//! The bare driver: statements run by sqlx itself, on the same database, with the same durability, without a web
//! server, without checks, without a pool of jobs: what is left when everything that is ours is taken away.

use anyhow::{bail, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use hotline::platform::clock::Clock;
use hotline::platform::db::written_out;
use hotline::platform::id::IdGen;
use sea_orm::{DbBackend, Statement, Value};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{PgPool, Postgres, Row, Sqlite, SqlitePool, TypeInfo, ValueRef};
use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What is bound to a mark of a statement.
#[derive(Clone, Debug)]
enum Slot {
    /// The same for each request.
    Given(Value),
    /// The nth id that a request makes.
    Id(usize),
    /// A text that must be unique.
    Text,
    /// Bytes that must be unique.
    Key,
    /// A number that grows each time the cases were used up.
    Version(i64),
    /// A number that is unique.
    Serial,
}

/// A statement to be run.
#[derive(Clone, Debug)]
pub struct Step {
    sql: &'static str,
    slots: Vec<Slot>,
    reads: bool,
}

/// What one request does.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Statements on a reading connection.
    pub before: Vec<Step>,
    /// Statements of one transaction; none for a request that only reads.
    pub within: Vec<Step>,
}

/// What differs from request to request, found in the rows that a real one wrote.
#[derive(Clone, Debug, Default)]
pub struct Differs {
    /// Ids that it made.
    pub ids: HashSet<Uuid>,
    /// A unique text.
    pub text: Option<String>,
    /// Unique bytes.
    pub key: Option<Vec<u8>>,
    /// The version that it saw, and the one that it left.
    pub versions: Option<(i64, i64)>,
    /// A unique number.
    pub serial: Option<i64>,
}

/// Makes steps of statements.
#[derive(Default)]
pub struct Steps {
    texts: HashMap<String, &'static str>,
    ids: Vec<Uuid>,
}

impl Steps {
    /// A step; its text is kept for good, once for all cases.
    pub fn step(&mut self, statement: Statement, differs: &Differs) -> Step {
        let statement = written_out(statement);
        let reads = statement.sql.starts_with("SELECT") || statement.sql.starts_with("\nSELECT");
        let sql = *self
            .texts
            .entry(statement.sql)
            .or_insert_with_key(|sql| sql.clone().leak());
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        let slots = values
            .into_iter()
            .map(|value| self.slot(value, differs))
            .collect();
        Step { sql, slots, reads }
    }

    fn slot(&mut self, value: Value, differs: &Differs) -> Slot {
        match &value {
            Value::Uuid(Some(id)) if differs.ids.contains(id) => {
                let known = self.ids.iter().position(|known| known == id);
                Slot::Id(known.unwrap_or_else(|| {
                    self.ids.push(*id);
                    self.ids.len() - 1
                }))
            }
            Value::String(Some(text)) if differs.text.as_ref() == Some(text) => Slot::Text,
            Value::Bytes(Some(bytes)) if differs.key.as_ref() == Some(bytes) => Slot::Key,
            Value::BigInt(Some(n)) if differs.serial == Some(*n) => Slot::Serial,
            Value::BigInt(Some(n))
                if differs
                    .versions
                    .is_some_and(|(seen, left)| *n == seen || *n == left) =>
            {
                Slot::Version(*n)
            }
            _ => Slot::Given(value),
        }
    }

    /// How many ids a request makes.
    pub fn ids(&self) -> usize {
        self.ids.len()
    }
}

/// What one request binds where requests differ.
struct Fresh {
    ids: Vec<Uuid>,
    serial: u64,
    round: i64,
}

impl Fresh {
    fn value(&self, slot: &Slot) -> Value {
        let serial = i64::try_from(self.serial).unwrap_or(i64::MAX);
        match slot {
            Slot::Given(value) => value.clone(),
            Slot::Id(nth) => Value::Uuid(self.ids.get(*nth).copied()),
            Slot::Text => Value::String(Some(format!("bare-{}", self.serial))),
            Slot::Key => {
                let mut key = vec![0; 24];
                key.extend(self.serial.to_be_bytes());
                Value::Bytes(Some(key))
            }
            Slot::Version(n) => Value::BigInt(Some(n + self.round)),
            Slot::Serial => Value::BigInt(Some(serial)),
        }
    }
}

/// A query with its values, for one of the two drivers.
macro_rules! query {
    ($driver:ty, $step:expr, $fresh:expr) => {{
        let mut query = sqlx::query::<$driver>($step.sql);
        for slot in &$step.slots {
            query = match $fresh.value(slot) {
                Value::Bool(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::BigInt(value) => query.bind(value),
                Value::BigUnsigned(value) => query.bind(value.and_then(|value| i64::try_from(value).ok())),
                Value::Double(value) => query.bind(value),
                Value::String(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
                Value::Json(value) => query.bind(value.map(|value| *value)),
                Value::ChronoDate(value) => query.bind(value),
                Value::ChronoDateTimeUtc(value) => query.bind(value),
                Value::Uuid(value) => query.bind(value),
                other => bail!("a value of another kind: {other:?}"),
            };
        }
        query
    }};
}

macro_rules! request {
    ($driver:ty, $read:expr, $write:expr, $begin:literal, $case:expr, $fresh:expr, $open:ident) => {{
        for step in &$case.before {
            for row in query!($driver, step, $fresh).fetch_all($read).await? {
                $open(&row)?;
            }
        }
        if !$case.within.is_empty() {
            let mut tx = $write.begin_with($begin).await?;
            for step in &$case.within {
                let query = query!($driver, step, $fresh);
                if step.reads {
                    for row in query.fetch_all(&mut *tx).await? {
                        $open(&row)?;
                    }
                } else {
                    let changed = query.execute(&mut *tx).await?.rows_affected();
                    ensure!(changed > 0, "a statement changed nothing: {}", step.sql);
                }
            }
            tx.commit().await?;
        }
    }};
}

/// Reads every value of a row: what nobody looks at need not have been fetched.
fn open_sqlite(row: &SqliteRow) -> anyhow::Result<()> {
    for at in 0..row.len() {
        let value = row.try_get_raw(at)?;
        let kind = value.type_info();
        match kind.name() {
            "NULL" => {}
            "INTEGER" => drop(black_box(row.try_get_unchecked::<i64, _>(at)?)),
            "REAL" => drop(black_box(row.try_get_unchecked::<f64, _>(at)?)),
            "TEXT" => drop(black_box(row.try_get_unchecked::<String, _>(at)?)),
            _ => drop(black_box(row.try_get_unchecked::<Vec<u8>, _>(at)?)),
        }
    }
    Ok(())
}

fn open_postgres(row: &PgRow) -> anyhow::Result<()> {
    for at in 0..row.len() {
        let value = row.try_get_raw(at)?;
        if value.is_null() {
            continue;
        }
        let kind = value.type_info();
        match kind.name() {
            "BOOL" => drop(black_box(row.try_get::<bool, _>(at)?)),
            "INT4" => drop(black_box(row.try_get::<i32, _>(at)?)),
            "INT8" => drop(black_box(row.try_get::<i64, _>(at)?)),
            "FLOAT8" => drop(black_box(row.try_get::<f64, _>(at)?)),
            "UUID" => drop(black_box(row.try_get::<Uuid, _>(at)?)),
            "BYTEA" => drop(black_box(row.try_get::<Vec<u8>, _>(at)?)),
            "TIMESTAMPTZ" => drop(black_box(row.try_get::<DateTime<Utc>, _>(at)?)),
            "DATE" => drop(black_box(row.try_get::<NaiveDate, _>(at)?)),
            "JSONB" => drop(black_box(row.try_get::<serde_json::Value, _>(at)?)),
            _ => drop(black_box(row.try_get::<String, _>(at)?)),
        }
    }
    Ok(())
}

/// Connections as the server has them: on SQLite one that writes and some that read.
#[derive(Clone)]
pub enum Bare {
    /// The embedded database.
    Sqlite { read: SqlitePool, write: SqlitePool },
    /// A server.
    Postgres(PgPool),
}

impl Bare {
    /// Opens the database.
    pub async fn open(url: &str, connections: u32, read_connections: u32) -> anyhow::Result<Self> {
        let patience = Duration::from_secs(30);
        if !url.starts_with("sqlite:") {
            let options: PgConnectOptions = url.parse()?;
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(patience);
            return Ok(Self::Postgres(
                pool.test_before_acquire(false).connect_with(options).await?,
            ));
        }
        let options: SqliteConnectOptions = url.parse()?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("cache_size", "-8000")
            .pragma("temp_store", "MEMORY");
        let pool = |n| {
            SqlitePoolOptions::new()
                .max_connections(n)
                .acquire_timeout(patience)
                .test_before_acquire(false)
        };
        Ok(Self::Sqlite {
            read: pool(read_connections).connect_with(options.clone()).await?,
            write: pool(1).connect_with(options).await?,
        })
    }

    /// Which it is.
    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite { .. } => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn request(&self, case: &Case, fresh: &Fresh) -> anyhow::Result<()> {
        match self {
            Self::Sqlite { read, write } => {
                request!(Sqlite, read, write, "BEGIN IMMEDIATE", case, fresh, open_sqlite)
            }
            Self::Postgres(pool) => request!(Postgres, pool, pool, "BEGIN", case, fresh, open_postgres),
        }
        Ok(())
    }

    /// Runs the cases, over and over, for so many seconds; requests a second, and how many.
    pub async fn run(
        &self,
        load: &Arc<Load>,
        concurrency: usize,
        seconds: u64,
    ) -> anyhow::Result<(f64, f64)> {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(seconds);
        let done = Arc::new(AtomicU64::new(0));
        let workers: Vec<_> = (0..concurrency)
            .map(|_| {
                let (bare, load, done) = (self.clone(), Arc::clone(load), Arc::clone(&done));
                tokio::spawn(async move {
                    while Instant::now() < end {
                        let (case, fresh) = load.next();
                        bare.request(case, &fresh).await?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.await??;
        }
        let count = f64::from(u32::try_from(done.load(Ordering::Relaxed))?);
        Ok((count / begun.elapsed().as_secs_f64(), count))
    }
}

/// Cases in their order, and how far they were used.
pub struct Load {
    /// The cases.
    pub cases: Vec<Case>,
    ids: usize,
    maker: IdGen,
    used: AtomicU64,
    // Numbers and keys stay unique over all loads of all runs.
    base: u64,
}

static LOADS: AtomicU64 = AtomicU64::new(0);

impl Load {
    /// Of these cases, whose steps make so many ids.
    pub fn new(cases: Vec<Case>, ids: usize, maker: IdGen) -> Arc<Self> {
        let second = u64::try_from(Clock::system().now().timestamp()).unwrap_or(0);
        let nth = LOADS.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self {
            cases,
            ids,
            maker,
            used: AtomicU64::new(0),
            base: (second * 1_000 + nth) * 1_000_000,
        })
    }

    fn next(&self) -> (&Case, Fresh) {
        let nth = self.used.fetch_add(1, Ordering::Relaxed);
        let count = u64::try_from(self.cases.len()).unwrap_or(1);
        let at = usize::try_from(nth % count).unwrap_or(0);
        let fresh = Fresh {
            ids: (0..self.ids).map(|_| self.maker.id()).collect(),
            serial: self.base + nth,
            round: i64::try_from(nth / count).unwrap_or(0),
        };
        (&self.cases[at], fresh)
    }

    /// Whether requests write.
    pub fn writes(&self) -> bool {
        self.cases.iter().any(|case| !case.within.is_empty())
    }

    /// Statements of a request, with BEGIN and COMMIT.
    pub fn statements(&self) -> String {
        let case = self.cases.first().cloned().unwrap_or_default();
        match (case.before.len(), case.within.len()) {
            (before, 0) => before.to_string(),
            (before, within) => format!("{before} + {}", within + 2),
        }
    }
}
