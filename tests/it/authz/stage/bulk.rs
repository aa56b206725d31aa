//! Exports and imports: one of each of the cast who may have one.

use super::super::cast::Who;
use super::{Facts, Thing, thing};
use crate::support::{TestApp, fresh_key};
use serde_json::json;

pub async fn exports(app: &TestApp, cast: &[Who]) -> Vec<Thing> {
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

pub async fn imports(app: &TestApp, cast: &[Who]) -> Vec<Thing> {
    let file = "kind,name,phone,id_number,email,address,unit_code,labels\n";
    let mut things = Vec::new();
    for who in cast {
        let request = who
            .client
            .request("POST", "/api/v1/imports/residents?dry_run=true");
        let request = request
            .header("content-type", "text/csv")
            .header("Idempotency-Key", fresh_key())
            .body(file);
        let made = who.client.send(request).await;
        if made.status != 201 {
            continue;
        }
        app.pass("imports").await;
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
    assert!(things.len() >= 2, "{}", things.len());
    things
}
