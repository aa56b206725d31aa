//! What must not wait has connections and a queue of its own: whatever everybody else asks of the database, a bell that
//! is pressed does not stand behind it.

use crate::on_both;
use crate::support::Backend;
use hotline::platform::db::{Db, Reader};
use sea_orm::{ConnectionTrait, Statement};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

async fn ask(db: &Db) {
    let statement = Statement::from_string(db.read().get_database_backend(), "SELECT 1");
    db.read().query_one_raw(statement).await.unwrap();
}

on_both! {
    /// All connections to read with are lent out; a question that must not wait is answered.
    async fn a_question_that_must_not_wait_finds_a_connection(app: TestApp) {
        let db = &app.app.kit().db;
        let mut held: Vec<Reader> = Vec::new();
        while let Ok(reader) = db.reader().await {
            held.push(reader);
        }
        assert!(!held.is_empty());
        ask(&db.reserved()).await;
    }

    /// Commands hold every connection to write with, and more wait behind them: what must not wait is next. On PostgreSQL
    /// it does not even wait for those at work.
    async fn a_command_that_must_not_wait_goes_first(app: TestApp) {
        let db = app.app.kit().db.clone();
        let (order, go_on) = (Order::default(), Arc::new(Semaphore::new(0)));
        let mut all: Vec<_> = (0..100).map(|_| run(&db, &order, Some(&go_on))).collect();
        turns().await;
        let first = run(&db.reserved(), &order, None);
        if app.backend == Backend::Postgres {
            first.await.unwrap();
            assert_eq!(*order.lock().unwrap(), ["first"]);
        } else {
            turns().await;
            all.push(first);
        }
        go_on.add_permits(100);
        for one in all {
            one.await.unwrap();
        }
        let order = order.lock().unwrap().clone();
        let place = order.iter().position(|name| *name == "first").unwrap();
        assert_eq!(order.len(), 101);
        assert!(place <= AT_WORK, "{order:?}");
    }
}

type Order = Arc<Mutex<Vec<&'static str>>>;

/// Commands that may share a transaction on the embedded database: those that had begun before.
const AT_WORK: usize = 64;

/// A command that notes when its turn was; an ordinary one waits until it may go on.
fn run(db: &Db, order: &Order, go_on: Option<&Arc<Semaphore>>) -> JoinHandle<()> {
    let (db, input) = (db.clone(), (Arc::clone(order), go_on.cloned()));
    tokio::spawn(async move {
        db.write("test", input, |_, (order, go_on)| {
            Box::pin(async move {
                if let Some(go_on) = go_on {
                    go_on.acquire().await.unwrap().forget();
                }
                let name = if go_on.is_some() { "other" } else { "first" };
                order.lock().unwrap().push(name);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
}

/// Tasks that begin later than these have had their turn: so have these, and stand in their queues, of which nothing can be
/// seen from outside.
async fn turns() {
    for _ in 0..1_000 {
        tokio::spawn(async {}).await.unwrap();
    }
}
