//! The service dies by `kill -9` at any moment, again and again, while people work with it. What it answered is there,
//! what it wrote is whole, and what had to follow follows once it runs again.
//!
//! Each round starts the built program on the data that the last one left, on a clock that is some hours further, so
//! that clocks run out and call-backs lapse while it dies. `TEST_KILLS` rounds; `TEST_SEED` repeats their choices.

mod bells;
mod book;
mod choice;
mod people;
mod rest;
mod service;
mod settled;
mod synced;
mod twins;

use crate::support::{Backend, Chance, config, count, empty, seed, start_of_time};
use book::Book;
use chrono::{DateTime, TimeDelta, Utc};
use hotline::app::App;
use hotline::platform::clock::Clock;
use hotline::reference::Reference;
use people::People;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use service::Service;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Who work at the same time.
const WORKERS: u64 = 8;
/// Milliseconds of work before the end comes, at most.
const WORK_MS: u64 = 1_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_keeps_what_it_answered_on_sqlite() {
    rounds(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_keeps_what_it_answered_on_postgresql() {
    if Backend::postgres_is_there() {
        rounds(Backend::Postgres).await;
    }
}

async fn rounds(backend: Backend) {
    let (seed, kills) = (seed(), count("TEST_KILLS", 20));
    let home = tempfile::tempdir().unwrap();
    let (folder, url) = empty_home(backend, home.path()).await;
    let database = (backend == Backend::Postgres).then_some(url.as_str());
    let mut chance = Chance::new(seed, u64::MAX);
    let mut now = start_of_time();
    // Fills the district, and ends as it should.
    Service::start(&folder, database, now).kill();
    let reference = reference(backend, home.path(), &url, now).await;
    let book = Arc::new(Mutex::new(Book::default()));
    for round in 1..=kills {
        now += TimeDelta::minutes(i64::try_from(60 + chance.below(480)).unwrap());
        let service = Service::start(&folder, database, now);
        let people = Arc::new(People::log_in(&service, now).await);
        book::repeat(&people, &book).await;
        let workers = (0..WORKERS).map(|worker| {
            let chance = Chance::new(seed, round * WORKERS + worker);
            let name = format!("kill-{round}-{worker}");
            tokio::spawn(book::work(Arc::clone(&people), Arc::clone(&book), chance, name))
        });
        let workers: Vec<_> = workers.collect();
        tokio::time::sleep(Duration::from_millis(50 + chance.below(WORK_MS))).await;
        service.kill();
        for worker in workers {
            worker.await.unwrap();
        }
        let db = at_rest(backend, home.path(), &url).await;
        let rows = rest::Rows::read(&db).await;
        rest::check(&rows, &book.lock().unwrap(), &reference);
        db.close().await.unwrap();
    }
    book.lock().unwrap().has_seen_much(kills);
    // What nobody got an answer to is asked for once more; then nobody kills it any more.
    now += TimeDelta::hours(1);
    let service = Service::start(&folder, database, now);
    book::repeat(&People::log_in(&service, now).await, &book).await;
    service.kill();
    let app = App::open(
        config(&folder, &url),
        Clock::manual(now + TimeDelta::hours(1)),
        false,
    )
    .await
    .unwrap();
    settled::check(&app).await;
    let rows = rest::Rows::read(app.kit().db.read()).await;
    rest::check(&rows, &book.lock().unwrap(), &reference);
}

/// A folder for a service and its database, still empty.
async fn empty_home(backend: Backend, home: &Path) -> (PathBuf, String) {
    let folder = home.join("data");
    std::fs::create_dir(&folder).unwrap();
    let url = match backend {
        Backend::Sqlite => format!("sqlite://{}", folder.join("hotline.sqlite").display()),
        Backend::Postgres => empty(backend, &folder).await,
    };
    (folder, url)
}

/// The calendars by which clocks are counted. Of the embedded database they are read from a copy: the one that is killed
/// belongs to its own process.
async fn reference(backend: Backend, home: &Path, url: &str, now: DateTime<Utc>) -> Arc<Reference> {
    let url = match backend {
        Backend::Sqlite => copy(home, "reference.sqlite"),
        Backend::Postgres => url.to_owned(),
    };
    let app = App::open(config(&home.join("data"), &url), Clock::manual(now), false)
        .await
        .unwrap();
    app.desk.reference().await.unwrap()
}

/// What the dead process left. Of the embedded database a copy, so that it is the next process that has to put it in
/// order; on PostgreSQL, once the server has seen that it is gone.
async fn at_rest(backend: Backend, home: &Path, url: &str) -> DatabaseConnection {
    let options = |url: &str| {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        options
    };
    match backend {
        Backend::Sqlite => Database::connect(options(&copy(home, "copy.sqlite")))
            .await
            .unwrap(),
        Backend::Postgres => {
            let db = Database::connect(options(url)).await.unwrap();
            service::is_gone(&db).await;
            db
        }
    }
}

/// A copy of the embedded database, with its log; its address.
fn copy(home: &Path, name: &str) -> String {
    for ending in ["", "-wal"] {
        let from = home.join(format!("data/hotline.sqlite{ending}"));
        let to = home.join(format!("{name}{ending}"));
        if from.exists() {
            std::fs::copy(&from, &to).unwrap();
        } else {
            let _ = std::fs::remove_file(&to);
        }
    }
    let _ = std::fs::remove_file(home.join(format!("{name}-shm")));
    format!("sqlite://{}", home.join(name).display())
}
