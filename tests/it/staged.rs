//! Commands that share a transaction: rows put aside keep their order, and one that fails takes none with it.

use crate::on_both;
use entity::{event, setting};
use hotline::ledger::events::{News, publish};
use hotline::platform::db::Tx;
use hotline::platform::error::{AppError, Code};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

const MANY: usize = 700;

/// Puts aside a row that says how many there were before it.
async fn turn(tx: &Tx, thing: &Uuid) -> Result<(), AppError> {
    tx.hold(*thing)?;
    let before = event::Entity::find()
        .filter(event::Column::SubjectId.eq(*thing))
        .filter(event::Column::Kind.eq("test.turn"));
    let before = before.all(tx).await?.len();
    publish(
        tx,
        News {
            kind: "test.turn".to_owned(),
            subject_kind: "test",
            subject_id: *thing,
            unit_path: None,
            data: json!({ "n": before }),
        },
    );
    Ok(())
}

/// Counts up two settings, one after the other; as much as is told.
async fn count(
    tx: &Tx,
    (first, second, refuse): &(&'static str, &'static str, bool),
) -> Result<(), AppError> {
    for id in [first, second] {
        let row = setting::Entity::find_by_id(*id)
            .lock_exclusive()
            .one(tx)
            .await?
            .unwrap();
        let next = setting::ActiveModel {
            value: Set(json!(row.value.as_u64().unwrap() + 1)),
            ..row.into()
        };
        setting::Entity::update(next).exec(tx).await?;
    }
    // After it wrote: what it did must go, and nothing of the others.
    if *refuse {
        Err(AppError::new(Code::Conflict))
    } else {
        Ok(())
    }
}

on_both! {
    /// Their numbers follow the order in which they were put aside.
    async fn many_rows_keep_their_order(app: TestApp) {
        let db = &app.app.kit().db;
        db.write("test.staged", (), |tx, ()| {
            Box::pin(async move {
                for n in 0..MANY {
                    let news = News {
                        kind: "test.staged".to_owned(),
                        subject_kind: "ticket",
                        subject_id: Uuid::nil(),
                        unit_path: None,
                        data: json!({ "n": n }),
                    };
                    publish(tx, news);
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        let rows = event::Entity::find().filter(event::Column::Kind.eq("test.staged"));
        let rows = rows.order_by_asc(event::Column::Seq).all(db.read()).await.unwrap();
        let numbers: Vec<u64> = rows.iter().filter_map(|row| row.data["n"].as_u64()).collect();
        assert_eq!(numbers, (0..).take(MANY).collect::<Vec<u64>>());
    }

    /// Every fifth of them is refused, after it wrote.
    async fn commands_that_wait_together_stay_apart(app: TestApp) {
        let config = &app.app.kit().config;
        let workers = [(), ()].map(|()| app.app.kit().db.for_worker(&config.database, 2));
        workers[0].write("test.begin", (), |tx, ()| {
            Box::pin(async move {
                for id in ["test_a", "test_b"] {
                    let row = setting::ActiveModel {
                        id: Set(id.to_owned()),
                        value: Set(json!(0)),
                        version: Set(1),
                        updated_at: Set(tx.now()),
                    };
                    setting::Entity::insert(row).exec_without_returning(tx).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        let run = async |n: usize, first: &'static str, second: &'static str, refuse: bool| {
            workers[n % 2].write("test.count", (first, second, refuse), |tx, input| Box::pin(count(tx, input))).await
        };
        let all = futures_util::future::join_all((0..100).map(|n| run(n, "test_a", "test_b", n % 5 == 0))).await;
        assert!(all.iter().enumerate().all(|(n, outcome)| outcome.is_err() == (n % 5 == 0)), "{all:?}");
        // Two that lock each other out: one of them runs again.
        let both = [run(0, "test_a", "test_b", false), run(1, "test_b", "test_a", false)];
        assert!(futures_util::future::join_all(both).await.iter().all(Result::is_ok));
        for id in ["test_a", "test_b"] {
            let row = setting::Entity::find_by_id(id).one(workers[0].read()).await.unwrap().unwrap();
            assert_eq!(row.value, json!(82));
        }
    }

    /// Each counts the rows of those before it, which they have only put aside: those of one thing run one by one.
    async fn commands_about_one_thing_see_each_other(app: TestApp) {
        let config = &app.app.kit().config;
        let db = app.app.kit().db.for_worker(&config.database, 2);
        let commands = (0..40_u128).map(|n| db.write("test.turns", Uuid::from_u128(n % 2), |tx, thing| Box::pin(turn(tx, thing))));
        let outcomes = futures_util::future::join_all(commands).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        for thing in [0, 1] {
            let rows = event::Entity::find().filter(event::Column::SubjectId.eq(Uuid::from_u128(thing))).filter(event::Column::Kind.eq("test.turn"));
            let mut numbers: Vec<u64> = rows.all(db.read()).await.unwrap().iter().filter_map(|row| row.data["n"].as_u64()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..20).collect::<Vec<u64>>());
        }
    }
}
