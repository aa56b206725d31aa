//! Homes with bells, and calls.

use super::{Thing, thing};
use crate::support::TestApp;
use entity::callbell_alarm;
use entity::kind::{AlarmKind, AlarmState};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;

/// A home in each community, with a bell and one that is retired.
pub async fn set(app: &TestApp, units: &[Thing]) -> (Vec<Thing>, Vec<Thing>) {
    let admin = app.staff("sysadmin").await;
    let (mut homes, mut devices) = (Vec::new(), Vec::new());
    for (unit, n) in units.iter().take(3).zip(0..) {
        let body = json!({ "unit_id": unit.id, "resident_name": "矩阵", "door": "1号" });
        let home = admin.post("/api/v1/callbell/homes", &body).await;
        home.expect(201);
        let mut ids = Vec::new();
        for serial in [format!("MATRIX-{n}"), format!("MATRIX-OLD-{n}")] {
            let body = json!({ "serial": serial, "kind": "bell", "home_id": home.text_at("/id") });
            let made = admin.post("/api/v1/callbell/devices", &body).await;
            made.expect(201);
            ids.push(made.text_at("/device/id"));
        }
        let old = format!("/api/v1/callbell/devices/{}/retire", ids[1]);
        admin
            .post(&old, &json!({ "reason": "矩阵测试" }))
            .await
            .expect(200);
        homes.push(thing(
            unit.class,
            &home.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
        let mut bell = thing(unit.class, &ids[0], &unit.id, unit.facts.clone());
        bell.other.clone_from(&ids[1]);
        devices.push(bell);
    }
    (homes, devices)
}

/// An emergency call in each community.
pub async fn call(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let operator = app.staff("operator").await;
    let mut calls = Vec::new();
    for unit in units.iter().take(3) {
        let body = json!({ "unit_id": unit.id, "text": "矩阵测试" });
        let made = operator.post("/api/v1/callbell/calls", &body).await;
        made.expect(201);
        calls.push(thing(
            unit.class,
            &made.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    calls
}

/// A technical alarm in each community.
pub async fn alarm(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let mut alarms = Vec::new();
    for unit in units.iter().take(3) {
        let row = callbell_alarm::Model {
            id: app.app.kit().ids.id(),
            kind: AlarmKind::Fault,
            subject: unit.id.clone(),
            device_id: None,
            unit_id: unit.id.parse().unwrap(),
            unit_path: unit.facts.place.clone(),
            outage_id: None,
            detail: None,
            devices: 1,
            state: AlarmState::Open,
            level: 0,
            told_at: app.clock.now(),
            opened_at: app.clock.now(),
            due_at: app.clock.now(),
            taken_at: None,
            taken_by: None,
            taken_name: None,
            settled_at: None,
            settled_by: None,
            note: None,
            version: 1,
        };
        let id = row.id.to_string();
        let written = app
            .app
            .kit()
            .db
            .write("stage.alarm", row, |tx, row: &callbell_alarm::Model| {
                Box::pin(async move {
                    let row = row.clone().into_active_model().reset_all();
                    callbell_alarm::Entity::insert(row)
                        .exec_without_returning(tx)
                        .await?;
                    Ok(())
                })
            });
        written.await.unwrap();
        alarms.push(thing(unit.class, &id, &unit.id, unit.facts.clone()));
    }
    alarms
}

/// A point of the electronic patrol in each community.
pub async fn fixture(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let admin = app.staff("sysadmin").await;
    let mut fixtures = Vec::new();
    for (unit, n) in units.iter().take(3).zip(0..) {
        let body = json!({
            "kind": "patrol_point", "code": format!("MATRIX-{n}"), "name": "矩阵", "unit_id": unit.id,
            "lat": 22.6, "lng": 113.1,
        });
        let made = admin.post("/api/v1/callbell/fixtures", &body).await;
        made.expect(201);
        fixtures.push(thing(
            unit.class,
            &made.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    fixtures
}
