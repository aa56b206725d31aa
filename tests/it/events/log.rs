//! Every event once and in order, whoever commits when.

use super::notebook::{check, consume, note, noted, with_notebook};
use super::{begin, id_of, number, on_postgres, register};
use crate::on_both;
use crate::support::{Backend, Client, TestApp};
use entity::event;
use futures_util::future::BoxFuture;
use hotline::ledger::events;
use hotline::platform::db::Tx;
use hotline::platform::error::{AppError, Code};
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

/// Registers and signs, again and again.
async fn work(operator: Client, handlers: [Client; 2], times: usize) {
    for _ in 0..times {
        let ticket = register(&operator).await;
        let id = id_of(&ticket);
        let mut signed = 0;
        for handler in &handlers {
            let answer = handler.act(&id, &json!({ "action": "sign" })).await;
            signed += usize::from(answer.status == 200);
        }
        assert_eq!(signed, 1);
        handlers[0]
            .act(&id, &json!({ "action": "note", "internal_text": "看过" }))
            .await
            .expect(200);
    }
}

async fn pair_of_handlers(app: &TestApp) -> [Client; 2] {
    [
        app.staff("handler-a-440703002101").await,
        app.staff("handler-b-440703002101").await,
    ]
}

/// Two instances write; on each a sequencer and two consumers run all the time.
async fn all_at_once(app: &TestApp, other: &TestApp) {
    let db = with_notebook(app).await;
    let mut writers = Vec::new();
    for instance in [app, other] {
        for _ in 0..2 {
            let (operator, handlers) = (instance.staff("operator").await, pair_of_handlers(instance).await);
            writers.push(tokio::spawn(work(operator, handlers, 8)));
        }
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut readers = Vec::new();
    for instance in [app, other] {
        let (db, stopped) = (instance.app.kit().db.clone(), stopped.clone());
        readers.push(tokio::spawn(async move {
            while !*stopped.borrow() {
                let _ = events::sequence(&db).await;
                tokio::join!(consume(&db, "first"), consume(&db, "second"));
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    stop.send(true).unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    app.settle().await;
    for name in ["first", "second"] {
        consume(&app.app.kit().db, name).await;
        check(&db, name).await;
    }
    db.close().await.unwrap();
}

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// A consumer's very first batch, taken by two at once: neither finds a cursor.
async fn first_batches(app: &TestApp, other: &TestApp) {
    let db = with_notebook(app).await;
    let operator = app.staff("operator").await;
    for _ in 0..5 {
        register(&operator).await;
    }
    app.settle().await;
    let (one, two) = (app.app.kit().db.clone(), other.app.kit().db.clone());
    for name in NAMES {
        tokio::join!(
            consume(&one, name),
            consume(&two, name),
            consume(&one, name),
            consume(&two, name)
        );
        check(&db, name).await;
    }
    db.close().await.unwrap();
}

/// Fails as long as it is told to, after it has written.
fn fail<'t>(
    tx: &'t Tx,
    fails: &'t &'static AtomicBool,
    batch: Vec<event::Model>,
) -> BoxFuture<'t, Result<(), AppError>> {
    Box::pin(async move {
        note(tx, &"careful", batch).await?;
        if fails.load(Ordering::SeqCst) {
            return Err(AppError::new(Code::Unavailable));
        }
        Ok(())
    })
}

on_both! {
    /// Everybody works at the same time.
    async fn every_event_comes_once_and_in_order(app: TestApp) {
        if app.backend == Backend::Postgres {
            let other = app.second().await;
            all_at_once(&app, &other).await;
            other.stop().await;
        } else {
            all_at_once(&app, &app).await;
        }
    }

    /// Two begin to consume at the same moment.
    async fn a_new_consumer_takes_nothing_twice(app: TestApp) {
        if app.backend == Backend::Postgres {
            let other = app.second().await;
            first_batches(&app, &other).await;
            other.stop().await;
        } else {
            first_batches(&app, &app).await;
        }
    }

    /// What a consumer did is undone with its failure, and done again.
    async fn a_consumer_that_fails_is_given_the_same_again(app: TestApp) {
        let db = with_notebook(&app).await;
        register(&app.staff("operator").await).await;
        app.settle().await;
        let fails: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(true)));
        let kit = app.app.kit();
        for _ in 0..2 {
            events::consume(&kit.db, "careful", fails, fail).await.unwrap_err();
            assert!(noted(&db, "careful").await.is_empty());
        }
        fails.store(false, Ordering::SeqCst);
        events::consume(&kit.db, "careful", fails, fail).await.unwrap();
        check(&db, "careful").await;
        db.close().await.unwrap();
    }
}

const HELD: &str = "INSERT INTO event (id, kind, subject_kind, subject_id, data, at) \
                    SELECT gen_random_uuid(), 'test.held', 'test', gen_random_uuid(), '{}', now()";

/// A transaction that took its place in the sequence stays open while others commit: they are not held up, and when it
/// commits at last its event comes after all that were seen, though its sequence is the smallest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_held_open_loses_nothing() {
    let Some(app) = on_postgres().await else { return };
    let db = with_notebook(&app).await;
    let holder = Database::connect(&app.database).await.unwrap();
    let held = begin(&holder).await;
    held.execute_unprepared(HELD).await.unwrap();

    let operator = app.staff("operator").await;
    for _ in 0..3 {
        register(&operator).await;
        app.pass("events").await;
        consume(&app.app.kit().db, "patient").await;
    }
    let before = noted(&db, "patient").await;
    assert_eq!(before.len(), 9, "three of each, while one is open");
    held.commit().await.unwrap();
    register(&operator).await;
    app.settle().await;
    consume(&app.app.kit().db, "patient").await;
    check(&db, "patient").await;
    let after = noted(&db, "patient").await;
    assert_eq!(after[..9], before[..], "what was seen stays");
    assert_eq!(
        after[9].1, "test.held",
        "the smallest sequence, and the next position"
    );
    let first = "SELECT seq AS n FROM event WHERE kind = 'test.held'";
    let others = "SELECT MIN(seq) AS n FROM event WHERE kind <> 'test.held'";
    assert!(number(&db, first).await < number(&db, others).await);

    // More than the sequencer places at a time.
    db.execute_unprepared(&format!("{HELD} FROM generate_series(1, 2500)"))
        .await
        .unwrap();
    app.settle().await;
    for _ in 0..20 {
        consume(&app.app.kit().db, "patient").await;
    }
    check(&db, "patient").await;
    let last = "SELECT MAX(position) AS n FROM event";
    assert_eq!(
        number(&db, last).await,
        number(&db, "SELECT COUNT(*) AS n FROM event").await,
        "without gaps"
    );
    db.close().await.unwrap();
    holder.close().await.unwrap();
    app.stop().await;
}
