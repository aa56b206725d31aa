//! Rows that a command puts aside keep their order, however many they are.

use crate::on_both;
use entity::event;
use hotline::ledger::events::{News, publish};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

const MANY: usize = 700;

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
}
