//! A consumer that writes down what it is given, and what must be true of that.

use super::{number, rows};
use crate::support::{Backend, TestApp};
use entity::event;
use futures_util::future::BoxFuture;
use hotline::ledger::events;
use hotline::platform::db::{Db, Tx};
use hotline::platform::error::AppError;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A table in which a consumer of this test keeps what it was given.
pub(super) async fn with_notebook(app: &TestApp) -> DatabaseConnection {
    let db = Database::connect(&app.database).await.unwrap();
    let (key, id) = match app.backend {
        Backend::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB"),
        Backend::Postgres => ("bigserial PRIMARY KEY", "uuid"),
    };
    let sql = format!(
        "CREATE TABLE notebook (n {key}, consumer text NOT NULL, event {id} NOT NULL, subject {id} NOT NULL, \
         kind text NOT NULL, position bigint NOT NULL)"
    );
    db.execute_unprepared(&sql).await.unwrap();
    db
}

/// Writes down what comes.
pub(super) fn note<'t>(
    tx: &'t Tx,
    name: &'t &'static str,
    batch: Vec<event::Model>,
) -> BoxFuture<'t, Result<(), AppError>> {
    Box::pin(async move {
        for event in batch {
            let values = [
                (*name).into(),
                event.id.0.into(),
                event.subject_id.into(),
                event.kind.into(),
                event.position.into(),
            ];
            let sql =
                "INSERT INTO notebook (consumer, event, subject, kind, position) VALUES ($1, $2, $3, $4, $5)";
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
            tx.execute_raw(statement).await?;
        }
        Ok(())
    })
}

pub(super) async fn consume(db: &Db, name: &'static str) {
    // A conflict with the consumer on another instance is tried again on the next beat.
    let _ = events::consume(db, name, name, note).await;
}

/// What a consumer was given: subject, kind and position, in the order in which it was given.
pub(super) async fn noted(db: &DatabaseConnection, consumer: &str) -> Vec<(Uuid, String, i64)> {
    let sql =
        format!("SELECT subject, kind, position FROM notebook WHERE consumer = '{consumer}' ORDER BY n");
    let rows = rows(db, &sql).await;
    rows.iter()
        .map(|row| {
            let get = |name: &str| row.try_get::<Uuid>("", name).unwrap();
            (
                get("subject"),
                row.try_get("", "kind").unwrap(),
                row.try_get("", "position").unwrap(),
            )
        })
        .collect()
}

/// Every event once, positions only upwards, and of each ticket in the order of its timeline.
pub(super) async fn check(db: &DatabaseConnection, consumer: &str) {
    let noted = noted(db, consumer).await;
    let there = number(db, "SELECT COUNT(*) AS n FROM event").await;
    assert_eq!(
        i64::try_from(noted.len()).unwrap(),
        there,
        "{consumer}: every event once"
    );
    for pair in noted.windows(2) {
        assert!(
            pair[0].2 < pair[1].2,
            "{consumer}: {} comes after {}",
            pair[1].2,
            pair[0].2
        );
    }
    let mut told: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for (subject, kind, _) in noted {
        told.entry(subject).or_default().push(kind);
    }
    let mut happened: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for row in rows(
        db,
        "SELECT ticket_id, kind FROM ticket_entry ORDER BY ticket_id, seq",
    )
    .await
    {
        let kind: String = row.try_get("", "kind").unwrap();
        happened
            .entry(row.try_get("", "ticket_id").unwrap())
            .or_default()
            .push(format!("ticket.{kind}"));
    }
    told.retain(|subject, _| happened.contains_key(subject));
    assert_eq!(told, happened, "{consumer}");
}
