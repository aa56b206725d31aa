//! Webhooks: of the units, and of the clients of the cast.

use super::super::cast::Who;
use super::{Facts, Thing, thing};
use crate::support::TestApp;
use entity::kind::ActorKind;
use serde_json::{Value, json};

/// An address of nobody (RFC 5737 keeps it for documentation): it is never asked, since nothing is delivered here.
fn body(unit: Value) -> Value {
    json!({ "url": "https://partner.example.org/hotline", "types": ["ticket.*"], "unit_id": unit })
}

pub async fn set(app: &TestApp, cast: &[Who], units: &[Thing]) -> Vec<Thing> {
    let admin = app.staff("sysadmin").await;
    let mut things = Vec::new();
    for unit in units.iter().take(3) {
        let made = admin.post("/api/v1/webhooks", &body(json!(unit.id))).await;
        made.expect(201);
        things.push(thing(
            unit.class,
            &made.text_at("/webhook/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    for who in cast {
        let Some((ActorKind::Client, id)) = who.identity else {
            continue;
        };
        let made = who.client.post("/api/v1/webhooks", &body(Value::Null)).await;
        made.expect(201);
        let facts = Facts {
            owners: vec![id],
            ..Facts::at(&made.text_at("/webhook/unit_path"))
        };
        let unit = made.text_at("/webhook/unit_id");
        things.push(thing("a client's", &made.text_at("/webhook/id"), &unit, facts));
    }
    things
}
