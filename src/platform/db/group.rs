//! Commands that wait together are written in one transaction, so that its round trips and its sync serve them all.
//!
//! A command that is refused before it wrote answers with its batch; one that fails after it wrote rolls the batch
//! back, and then each runs alone. One that needs rows which another of the batch has put aside runs after it, alone.

use super::tx::{Held, Staged};
use super::{Erased, Job, Source, Tx};
use crate::platform::error::{AppError, Code};
use futures_util::FutureExt;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Commands that may wait; who comes then waits to be let in.
const QUEUE: usize = 1024;
/// How often a command runs that lost against another one.
const ATTEMPTS: usize = 5;

struct Waiting {
    job: Job,
    answer: oneshot::Sender<Result<Erased, AppError>>,
}

/// How many transactions may be open at a time, and how many commands share one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    pub(super) count: u32,
    pub(super) batch: usize,
    /// Whether only powers of two share one, so that the statements of busy times are of few lengths.
    pub(super) even: bool,
}

/// The way to the tasks that write.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Waiting>);

/// What waits to be written. What must not wait stands in a queue of its own, which is emptied before the other, and
/// shares no transaction with it.
struct Queues {
    reserved: mpsc::Receiver<Waiting>,
    others: mpsc::Receiver<Waiting>,
}

impl Writer {
    /// Starts the tasks, on the runtime of the caller.
    pub(super) fn start(db: &DatabaseConnection, source: &Source, lanes: Lanes) -> Self {
        Self::start_two(db, source, lanes).0
    }

    /// The same, with a second way in that goes first.
    pub(super) fn start_two(db: &DatabaseConnection, source: &Source, lanes: Lanes) -> (Self, Self) {
        let (sender, others) = mpsc::channel(QUEUE);
        let (first, reserved) = mpsc::channel(QUEUE);
        let queues = Arc::new(Mutex::new(Queues { reserved, others }));
        for _ in 0..lanes.count.max(1) {
            let lane = Lane {
                db: db.clone(),
                source: source.clone(),
            };
            tokio::spawn(lane.work(Arc::clone(&queues), lanes));
        }
        (Self(sender), Self(first))
    }

    /// Tells whether nobody can write by this way any more, and does not keep it open.
    pub(super) fn ended(&self) -> impl Fn() -> bool + Send + 'static {
        let way = self.0.downgrade();
        move || way.upgrade().is_none()
    }

    pub(super) async fn run(&self, job: Job) -> Result<Erased, AppError> {
        let (answer, wait) = oneshot::channel();
        self.0
            .send(Waiting { job, answer })
            .await
            .map_err(|_| AppError::new(Code::Unavailable))?;
        wait.await.map_err(|_| AppError::new(Code::Unavailable))?
    }
}

/// A task that writes, one transaction after the other.
struct Lane {
    db: DatabaseConnection,
    source: Source,
}

impl Lane {
    async fn work(self, queues: Arc<Mutex<Queues>>, lanes: Lanes) {
        let mut batch = Vec::new();
        while take(&queues, &mut batch, lanes).await > 0 {
            metrics::histogram!("hotline_write_batch").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            // Whose client has gone away before it began need not begin.
            batch.retain(|waiting| !waiting.answer.is_closed());
            for waiting in self.answer_together(std::mem::take(&mut batch)).await {
                let outcome = self.run_alone(&waiting.job).await;
                // Nobody waits any more when the client went away; the commit stands all the same.
                let _ = waiting.answer.send(outcome);
            }
        }
    }

    /// Answers those of a batch that can share a transaction; gives back those that must run alone.
    async fn answer_together(&self, batch: Vec<Waiting>) -> Vec<Waiting> {
        if batch.len() < 2 {
            return batch;
        }
        let outcomes = match self.run_together(&batch).await {
            Ok(outcomes) => outcomes,
            Err(Failed::Undone) => return batch,
            Err(Failed::Away) => batch
                .iter()
                .map(|_| Some(Err(AppError::new(Code::Unavailable))))
                .collect(),
        };
        let mut alone = Vec::new();
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                Some(outcome) => drop(waiting.answer.send(outcome)),
                None => alone.push(waiting),
            }
        }
        alone
    }

    /// Runs commands in one transaction; `None` for one that must run alone, after it.
    async fn run_together(&self, batch: &[Waiting]) -> Result<Vec<Option<Result<Erased, AppError>>>, Failed> {
        let conn = begin(&self.db).await?;
        let held = Held::default();
        let mut staged = Staged::default();
        let mut outcomes = Vec::with_capacity(batch.len());
        for (nth, waiting) in batch.iter().enumerate() {
            let tx = Tx::new(Arc::clone(&conn), &self.source, nth, &held);
            let outcome = attempt(&waiting.job, &tx).await;
            match outcome {
                Ok(_) => staged.merge(tx.take_staged()),
                Err(_) if tx.wants_to_be_alone() => {
                    outcomes.push(None);
                    continue;
                }
                // A failed statement ends a transaction of PostgreSQL, whatever it was.
                Err(error)
                    if tx.wrote() || error.is_repeatable() || error.code().status().is_server_error() =>
                {
                    return Err(Failed::Undone);
                }
                Err(_) => {}
            }
            outcomes.push(Some(outcome));
        }
        staged.insert(&conn).await.map_err(|_| Failed::Undone)?;
        commit(conn).await?;
        Ok(outcomes)
    }

    async fn run_alone(&self, job: &Job) -> Result<Erased, AppError> {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.once(job).await {
                Err(error) if left > 0 && error.is_repeatable() => {}
                outcome => return outcome,
            }
        }
    }

    async fn once(&self, job: &Job) -> Result<Erased, AppError> {
        let conn = begin(&self.db).await?;
        let tx = Tx::new(Arc::clone(&conn), &self.source, 0, &Held::default());
        let done = attempt(job, &tx).await?;
        let staged = tx.take_staged();
        drop(tx);
        staged.insert_of_one(&conn).await?;
        commit(conn).await?;
        Ok(done)
    }
}

/// Takes commands that wait, at least one; none when nobody can send any more.
async fn take(queues: &Mutex<Queues>, batch: &mut Vec<Waiting>, lanes: Lanes) -> usize {
    let mut queues = queues.lock().await;
    let Queues { reserved, others } = &mut *queues;
    let (first, queue) = tokio::select! {
        biased;
        Some(first) = reserved.recv() => (first, reserved),
        Some(first) = others.recv() => (first, others),
        else => return 0,
    };
    batch.push(first);
    let waiting = (queue.len() + 1).min(lanes.batch.max(1));
    let wanted = if lanes.even { 1 << waiting.ilog2() } else { waiting };
    if wanted > 1 {
        queue.recv_many(batch, wanted - 1).await;
    }
    batch.len()
}

/// Why nobody of a batch has an answer yet.
enum Failed {
    /// Nothing was written: each may run alone.
    Undone,
    /// The database went away: nothing was begun, or nobody knows whether it was written.
    Away,
}

impl From<AppError> for Failed {
    /// Of an error in beginning or committing.
    fn from(error: AppError) -> Self {
        if error.code() == Code::Unavailable {
            Self::Away
        } else {
            Self::Undone
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
        // For the embedded database: a read that turned into a write could find another writer there.
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(Arc::new(db.begin_with_options(options).await?))
}

async fn commit(conn: Arc<DatabaseTransaction>) -> Result<(), AppError> {
    match Arc::into_inner(conn) {
        Some(conn) => Ok(conn.commit().await?),
        // A command kept its transaction for later: it must not, and nothing is committed.
        None => Err(AppError::new(Code::Internal)),
    }
}
