//! Background work: reconcilers without input, safe to run twice, run on a beat and on a kick.

use crate::platform::error::AppError;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What a job did, and so when it should look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// There was as much work as a pass takes, and there is likely more.
    Full,
    /// There was work, and it is done.
    Worked,
    /// Nothing was due.
    Idle,
}

impl Pass {
    /// By how much was done of how much a pass takes.
    #[must_use]
    pub fn of(done: u64, most: u64) -> Self {
        match done {
            0 => Self::Idle,
            done if done < most => Self::Worked,
            _ => Self::Full,
        }
    }
}

/// How long work is gathered before a job looks: a busy process makes more all the time, and a transaction for each
/// piece of it would cost as much as the requests themselves.
const GATHER: Duration = Duration::from_millis(150);

type Work = Arc<dyn Fn() -> BoxFuture<'static, Result<Pass, AppError>> + Send + Sync>;

/// A reconciler.
#[derive(Clone)]
pub struct Job {
    /// Its name in logs and metrics.
    pub name: &'static str,
    /// How often it looks, at least.
    pub every: Duration,
    kicked: bool,
    broken_off: bool,
    work: Work,
}

impl Job {
    /// A job that looks every `every`, and whenever it is kicked.
    pub fn new<F>(name: &'static str, every: Duration, work: F) -> Self
    where
        F: Fn() -> BoxFuture<'static, Result<Pass, AppError>> + Send + Sync + 'static,
    {
        Self {
            name,
            every,
            kicked: true,
            broken_off: false,
            work: Arc::new(work),
        }
    }

    /// The same job, left alone by kicks: for work that no single commit makes due.
    #[must_use]
    pub fn on_beat_only(mut self) -> Self {
        self.kicked = false;
        self
    }

    /// The same job, broken off when the process stops: for long work that is taken up again from where it lies.
    #[must_use]
    pub fn broken_off_at_stop(mut self) -> Self {
        self.broken_off = true;
        self
    }

    /// Looks once. A failure is logged here, where it is handled: the next beat tries again.
    pub async fn pass(&self) -> Pass {
        match (self.work)().await {
            Ok(pass) => {
                metrics::counter!("hotline_job_passes_total", "job" => self.name, "result" => "ok")
                    .increment(1);
                pass
            }
            Err(error) => {
                metrics::counter!("hotline_job_passes_total", "job" => self.name, "result" => "failed")
                    .increment(1);
                tracing::warn!(job = self.name, ?error, "a job failed");
                Pass::Idle
            }
        }
    }
}

/// Wakes the jobs of this process after a commit.
#[derive(Clone, Default)]
pub struct Kick(Arc<Notify>);

impl Kick {
    /// Wakes all jobs.
    pub fn all(&self) {
        self.0.notify_waiters();
    }

    /// Waits for a commit of this process, and no longer than this.
    pub async fn wait(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.0.notified()).await;
    }
}

/// When something of this process was last seen to go on: that it does is not to be taken for granted. Clones are the same.
#[derive(Clone, Default)]
pub struct Pulses(Arc<Mutex<HashMap<&'static str, DateTime<Utc>>>>);

impl Pulses {
    /// Notes that it goes on.
    pub fn beat(&self, name: &'static str, now: DateTime<Utc>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name, now);
    }

    /// When it was last seen to go on; none where it never was in this process.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<DateTime<Utc>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).copied()
    }
}

/// Runs each job in a task of its own until `stop`.
pub fn spawn(jobs: Vec<Job>, kick: &Kick, stop: &CancellationToken) -> Vec<tokio::task::JoinHandle<()>> {
    jobs.into_iter()
        .map(|job| {
            let (kick, stop) = (kick.clone(), stop.clone());
            tokio::spawn(async move {
                loop {
                    // Registered before the pass, so that a kick during it is not missed.
                    let kicked = kick.0.notified();
                    tokio::pin!(kicked);
                    kicked.as_mut().enable();
                    if stop.is_cancelled() {
                        return;
                    }
                    let pass = tokio::select! {
                        () = stop.cancelled(), if job.broken_off => return,
                        pass = job.pass() => pass,
                    };
                    let rest = match pass {
                        Pass::Full => continue,
                        Pass::Worked => GATHER,
                        Pass::Idle => job.every,
                    };
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = &mut kicked, if job.kicked && rest > GATHER => tokio::time::sleep(GATHER).await,
                        () = tokio::time::sleep(rest) => {}
                    }
                }
            })
        })
        .collect()
}

/// Runs all jobs until none finds work: for tests, which never wait.
pub async fn settle(jobs: &[Job]) {
    loop {
        let mut worked = false;
        for job in jobs {
            worked |= job.pass().await != Pass::Idle;
        }
        if !worked {
            return;
        }
    }
}
