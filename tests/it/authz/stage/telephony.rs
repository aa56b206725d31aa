//! Phone calls that the exchanges of the cast told of.

use super::super::cast::Who;
use super::{Facts, Thing, thing};
use crate::support::TestApp;
use entity::kind::ActorKind;
use serde_json::{Value, json};

/// A call that somebody answered.
pub fn event(app: &TestApp) -> Value {
    json!({ "call_id": "authz", "event": "answered", "at": app.app.kit().now() })
}

pub async fn set(app: &TestApp, cast: &[Who]) -> Vec<Thing> {
    let mut things = Vec::new();
    for who in cast {
        let Some((ActorKind::Client, _)) = who.identity else {
            continue;
        };
        let told = who.client.post("/api/v1/calls/events", &event(app)).await;
        told.expect(200);
        let path = who.name.strip_prefix("client ").unwrap();
        things.push(thing("a call", &told.text_at("/id"), "", Facts::at(path)));
    }
    things
}
