//! Exports: one of each of the cast who may have one.

use super::super::cast::Who;
use super::{Facts, Thing, thing};
use crate::support::TestApp;
use serde_json::json;

pub async fn set(app: &TestApp, cast: &[Who]) -> Vec<Thing> {
    let wanted = json!({ "format": "csv", "reason": "权限测试", "tickets": { "state": "closed" } });
    let mut things = Vec::new();
    for who in cast {
        let made = who.client.post("/api/v1/exports", &wanted).await;
        if made.status != 201 {
            continue;
        }
        app.pass("exports").await;
        let facts = Facts {
            owners: vec![who.id()],
            ..Facts::default()
        };
        things.push(thing(
            "somebody's",
            &made.text_at("/id"),
            &made.text_at("/id"),
            facts,
        ));
    }
    assert!(things.len() >= 6, "{}", things.len());
    things
}
