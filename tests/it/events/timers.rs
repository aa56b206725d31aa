//! What is due happens once, on however many instances.

use super::notebook::{noted, with_notebook};
use super::{entries, id_of, number, register};
use crate::on_both;
use crate::support::{Backend, TestApp};
use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use hotline::ledger::timers;
use hotline::platform::db::{Db, Tx};
use hotline::platform::error::AppError;
use hotline::platform::jobs::Pass;
use sea_orm::{ConnectionTrait, Database, Statement};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// All that is no call's.
const ALL: timers::Which = timers::Which::Others;

/// Writes down that a timer fired, and takes its time.
fn fire<'t>(
    tx: &'t Tx,
    (): &'t (),
    timer: &'t entity::durable_timer::Model,
) -> BoxFuture<'t, Result<(), AppError>> {
    Box::pin(async move {
        let values = [
            timer.id.0.into(),
            timer.subject_id.into(),
            timer.kind.clone().into(),
        ];
        let sql =
            "INSERT INTO notebook (consumer, event, subject, kind, position) VALUES ('timer', $1, $2, $3, 0)";
        tx.execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            sql,
            values,
        ))
        .await?;
        tokio::task::yield_now().await;
        Ok(())
    })
}

/// The timer itself fires once, whatever it does: what tickets do would forgive a second time.
async fn fire_all(app: &TestApp, other: &TestApp) {
    let db = with_notebook(app).await;
    let (one, two) = (&app.app.kit().db, &other.app.kit().db);
    let due = app.clock.now();
    one.write("test.set", due, |tx, due| {
        Box::pin(async move {
            for n in 0..30 {
                timers::set(tx, "test", Uuid::from_u128(n), *due);
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    let early = due - TimeDelta::microseconds(1);
    assert_eq!(
        timers::fire_next(one, ALL, early, Arc::new(()), fire)
            .await
            .unwrap(),
        Pass::Idle
    );
    let all = |db: Db| async move {
        while timers::fire_next(&db, ALL, due, Arc::new(()), fire)
            .await
            .unwrap()
            != Pass::Idle
        {}
    };
    tokio::join!(
        all(one.clone()),
        all(two.clone()),
        all(one.clone()),
        all(two.clone())
    );
    let subjects: Vec<Uuid> = noted(&db, "timer")
        .await
        .into_iter()
        .map(|(subject, ..)| subject)
        .collect();
    let different: BTreeSet<Uuid> = subjects.iter().copied().collect();
    assert_eq!((subjects.len(), different.len()), (30, 30));
    db.close().await.unwrap();
}

on_both! {
    /// A timer and its effect share a transaction that one alone can have.
    async fn a_timer_fires_once(app: TestApp) {
        if app.backend == Backend::Postgres {
            let other = app.second().await;
            fire_all(&app, &other).await;
            other.stop().await;
        } else {
            fire_all(&app, &app).await;
        }
    }

    /// Many timers, and all who fire them at once: each fires once.
    async fn timers_fire_once(app: TestApp) {
        let other = if app.backend == Backend::Postgres { Some(app.second().await) } else { None };
        let operator = app.staff("operator").await;
        let mut ids = BTreeSet::new();
        for _ in 0..8 {
            ids.insert(id_of(&register(&operator).await));
        }
        app.turn(TimeDelta::days(30));
        let second = other.as_ref().unwrap_or(&app);
        for _ in 0..12 {
            tokio::join!(app.pass("timers"), second.pass("timers"), app.pass("timers"), second.pass("timers"));
        }
        tokio::join!(app.settle(), second.settle());
        let supervisor = app.staff("supervisor").await;
        for id in &ids {
            let seen = supervisor.get(&format!("/api/v1/tickets/{id}")).await;
            let mut late: Vec<String> = entries(&seen.body, "overdue")
                .iter()
                .map(|entry| entry["data"]["clock"].as_str().unwrap().to_owned())
                .collect();
            late.sort();
            assert_eq!(late, ["resolve", "sign"]);
            assert_eq!(supervisor.get(&format!("/api/v1/tickets/{id}/verify")).await.body["intact"], true);
        }
        let told = app.staff("lead-440703002101").await.get("/api/v1/notices?limit=100").await;
        let told = told.body["items"].as_array().unwrap().iter().filter(|n| n["template"] == "ticket_overdue").count();
        assert_eq!(told, 16, "one message for each");
        let db = Database::connect(&app.database).await.unwrap();
        assert_eq!(number(&db, "SELECT COUNT(*) AS n FROM durable_timer").await, 0);
        db.close().await.unwrap();
        if let Some(other) = other {
            other.stop().await;
        }
    }
}
