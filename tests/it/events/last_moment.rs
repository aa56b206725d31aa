//! What people do and the end of its time meet: it counts.

use super::{answer, begin, callback, clock, entries, id_of, number, on_postgres, register};
use crate::support::TestApp;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use std::time::Duration;

/// Waits until somebody waits for a lock: the job has come to the row that is held.
async fn until_somebody_waits(db: &DatabaseConnection) {
    for _ in 0..500 {
        let waiting = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
        if number(db, waiting).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits");
}

/// Runs the timers while a ticket is being changed; what the change left is what the timers go by.
async fn while_it_changes(app: &TestApp, ticket: &str, changes: &[&str]) {
    let holder = Database::connect(&app.database).await.unwrap();
    let held = begin(&holder).await;
    held.execute_unprepared(&format!("SELECT id FROM ticket WHERE id = '{ticket}' FOR UPDATE"))
        .await
        .unwrap();
    let looking = Database::connect(&app.database).await.unwrap();
    tokio::join!(app.pass("timers"), async {
        until_somebody_waits(&looking).await;
        for change in changes {
            held.execute_unprepared(&change.replace("TICKET", ticket))
                .await
                .unwrap();
        }
        held.commit().await.unwrap();
    });
    app.settle().await;
    holder.close().await.unwrap();
    looking.close().await.unwrap();
}

/// A rating and the end of its time meet: the rating was first, so it counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rating_at_the_last_moment_counts() {
    let Some(app) = on_postgres().await else { return };
    let ticket = register(&app.staff("operator").await).await;
    let id = id_of(&ticket);
    answer(&app, &ticket).await;
    app.settle().await;
    // Other clocks ran out before, and are told first.
    app.turn(TimeDelta::days(app.app.kit().config.jobs.callback_grace_days) - TimeDelta::microseconds(1));
    app.settle().await;
    app.turn(TimeDelta::microseconds(1));
    let changes = [
        "UPDATE callback SET state = 'answered', satisfied = 5, solved = true WHERE ticket_id = 'TICKET'",
        "UPDATE ticket SET state = 'closed', rated = true, version = version + 1 WHERE id = 'TICKET'",
    ];
    while_it_changes(&app, &id, &changes).await;
    let row = callback(&app, &id).await;
    assert_eq!(
        (row.state, row.satisfied),
        (entity::kind::CallbackState::Answered, Some(5))
    );
    let seen = app
        .staff("supervisor")
        .await
        .get(&format!("/api/v1/tickets/{id}"))
        .await;
    assert!(
        entries(&seen.body, "closed").is_empty(),
        "closed by hand in this test, and not once more by the timer"
    );
    app.stop().await;
}

/// A signature and the end of its time meet: who signed in time is not called late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_at_the_last_moment_counts() {
    let Some(app) = on_postgres().await else { return };
    let ticket = register(&app.staff("operator").await).await;
    let id = id_of(&ticket);
    let due: chrono::DateTime<chrono::Utc> = clock(&ticket, "sign")["due_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    app.turn(due - app.clock.now());
    let changes = [
        "UPDATE clock SET stopped_at = due_at - interval '1 second' WHERE ticket_id = 'TICKET' AND kind = 'sign'",
    ];
    while_it_changes(&app, &id, &changes).await;
    let seen = app
        .staff("supervisor")
        .await
        .get(&format!("/api/v1/tickets/{id}"))
        .await;
    assert_eq!(clock(&seen.body, "sign")["breached"], false);
    assert!(entries(&seen.body, "overdue").is_empty());
    app.stop().await;
}
