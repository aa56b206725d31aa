//! What the background work costs: timers that are due, and the counting after a calendar has changed. Both run in this
//! process, while no server does, by a clock that stands where so much is due.

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta};
use entity::kind::EntryKind;
use entity::{durable_timer, ticket_entry};
use hotline::access::authenticate::local_day;
use hotline::app::App;
use hotline::platform::clock::Clock;
use hotline::platform::config::Config;
use hotline::platform::jobs::{Job, Pass};
use hotline::sla::import::{self, ClosureLine};
use hotline::sla::store::RECOUNT;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use std::time::{Duration, Instant};

/// How much was done in which time.
pub struct Done {
    /// Timers, or clocks.
    pub count: u64,
    /// How long it took.
    pub took: Duration,
}

impl Done {
    /// Microseconds for each.
    pub fn each_us(&self) -> f64 {
        let count = u32::try_from(self.count.max(1)).unwrap_or(u32::MAX);
        1e6 * self.took.as_secs_f64() / f64::from(count)
    }
}

fn timers(app: &App) -> anyhow::Result<Job> {
    let jobs = app.jobs(false)?;
    let found = jobs.into_iter().find(|job| job.name == "timers");
    found.context("the job of timers")
}

async fn settle(job: &Job) {
    while job.pass().await != Pass::Idle {}
}

/// Fires so many timers of clocks at once.
pub async fn sweep(config: &Config, wanted: u64) -> anyhow::Result<Done> {
    let now = App::open(config.clone(), Clock::system(), false).await?;
    settle(&timers(&now)?).await;
    let db = now.kit().db.read();
    let waiting = durable_timer::Entity::find().order_by_asc(durable_timer::Column::DueAt);
    let last = waiting
        .paginate(db, 1)
        .fetch_page(wanted - 1)
        .await?
        .pop()
        .context("so many timers")?;
    let due = durable_timer::Entity::find().filter(durable_timer::Column::DueAt.lte(last.due_at));
    let count = due.count(db).await?;
    let then = App::open(config.clone(), Clock::manual(last.due_at), false).await?;
    let job = timers(&then)?;
    let begun = Instant::now();
    settle(&job).await;
    Ok(Done {
        count,
        took: begun.elapsed(),
    })
}

/// Looks so many times for timers that are due when none is.
pub async fn idle(config: &Config, times: u64) -> anyhow::Result<Done> {
    let app = App::open(config.clone(), Clock::manual(DateTime::UNIX_EPOCH), false).await?;
    let job = timers(&app)?;
    let begun = Instant::now();
    for _ in 0..times {
        ensure!(job.pass().await == Pass::Idle, "something is due");
    }
    Ok(Done {
        count: times,
        took: begun.elapsed(),
    })
}

/// Closes all offices for two working days of next week, and counts again what that moves.
pub async fn recount(config: &Config) -> anyhow::Result<Done> {
    let clock = Clock::system();
    let app = App::open(config.clone(), clock.clone(), false).await?;
    let job = timers(&app)?;
    settle(&job).await;
    let before = recounted(&app).await?;
    let begins = clock.now() + TimeDelta::days(1);
    let closure = ClosureLine {
        unit_code: None,
        from: None,
        to: None,
        first_day: Some(local_day(begins)),
        last_day: Some(local_day(begins + TimeDelta::days(4))),
        reason: "压测：停工".to_owned(),
    };
    let report = app.kit().db.write("bench.closure", vec![closure], |tx, lines| {
        Box::pin(import::closures(tx, lines))
    });
    let report = report.await?;
    ensure!(report.is_clean(), "{report}");
    app.desk.refresh().await?;
    // The counting begins a moment later, so that several changes are counted once.
    let patience = Instant::now();
    while !counting_is_due(&app).await? {
        let waited = patience.elapsed() < Duration::from_secs(60);
        ensure!(waited, "nothing is counted again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let begun = Instant::now();
    settle(&job).await;
    let count = recounted(&app).await? - before;
    ensure!(count > 0, "no clock was counted again");
    Ok(Done {
        count,
        took: begun.elapsed(),
    })
}

async fn counting_is_due(app: &App) -> anyhow::Result<bool> {
    let due = durable_timer::Entity::find()
        .filter(durable_timer::Column::Kind.eq(RECOUNT))
        .filter(durable_timer::Column::DueAt.lte(app.kit().now()));
    Ok(due.count(app.kit().db.read()).await? > 0)
}

async fn recounted(app: &App) -> anyhow::Result<u64> {
    let entries = ticket_entry::Entity::find().filter(ticket_entry::Column::Kind.eq(EntryKind::Recounted));
    Ok(entries.count(app.kit().db.read()).await?)
}
