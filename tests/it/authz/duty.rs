//! Who is on duty, as everybody tries it.

use super::probes::Probe;
use super::stage::{Stage, Thing, thing};
use crate::support::TestApp;
use entity::id::{StaffId, UnitId};
use entity::kind::{DutyPost, StandInReason};
use hotline::access::Op;
use hotline::orgs;
use sea_orm::ActiveValue::Set;
use serde_json::json;
use uuid::Uuid;

/// A shift of each unit that goes on, with somebody who has stood in for another.
pub async fn shifts(app: &TestApp, units: &[Thing], staff: &Uuid) -> Vec<Thing> {
    let mut things = Vec::new();
    for unit in units {
        let id: UnitId = unit.id.parse().unwrap();
        let row = orgs::store::find(app.app.kit().db.read(), id).await.unwrap();
        let input = (row.id, row.path, StaffId(*staff));
        let made = app
            .app
            .kit()
            .db
            .write("test.shift", input, |tx, (unit, path, staff)| {
                Box::pin(async move {
                    use hotline::duty::store::{NewShift, insert, insert_member};
                    let hours = |hours| tx.now() + chrono::TimeDelta::hours(hours);
                    let new = NewShift {
                        unit_id: *unit,
                        unit_path: path.clone(),
                        post: DutyPost::Duty,
                        span: (hours(-12), hours(12)),
                        members: vec![*staff],
                        note: None,
                    };
                    let shift = insert(tx, &[new]).await?.remove(0);
                    let over = entity::shift_member::ActiveModel {
                        id: Set(tx.ids().id()),
                        shift_id: Set(shift.id),
                        staff_id: Set(*staff),
                        ord: Set(0),
                        starts_at: Set(hours(-12)),
                        ends_at: Set(hours(-11)),
                        stands_in_for: Set(Some(StaffId(Uuid::nil()))),
                        reason: Set(Some(StandInReason::Swap)),
                        created_at: Set(tx.now()),
                    };
                    Ok((shift.id, insert_member(tx, over).await?.id))
                })
            });
        let (shift, stand_in) = made.await.unwrap();
        let mut made = thing(unit.class, &shift.to_string(), &unit.id, unit.facts.clone());
        made.other = stand_in.to_string();
        things.push(made);
    }
    things
}

/// All probes of duty.
pub fn all(stage: &Stage) -> Vec<Probe> {
    let nobody = Uuid::nil();
    let (from, until) = ("2027-03-01T00:00:00Z", "2027-03-01T12:00:00Z");
    let mut probes = vec![
        Probe::new(Op::ListShifts, "GET", "/api/v1/duty/shifts?limit=1", &[200]),
        Probe::new(Op::ListGaps, "GET", "/api/v1/duty/gaps?days=1", &[200]),
        // No CSV: who may is told so.
        Probe::new(Op::ImportShifts, "POST", "/api/v1/duty/import", &[415]).json(json!({})),
    ];
    for unit in &stage.units {
        let shift = json!({ "unit_id": unit.id, "post": "duty", "starts_at": from, "ends_at": until, "members": [nobody] });
        let some = [
            Probe::new(Op::CreateShift, "POST", "/api/v1/duty/shifts", &[422]).json(shift),
            Probe::new(
                Op::GetDutyNow,
                "GET",
                format!("/api/v1/duty/now?unit_id={}", unit.id),
                &[200],
            ),
            Probe::new(
                Op::ListGaps,
                "GET",
                format!("/api/v1/duty/gaps?unit_id={}", unit.id),
                &[200],
            ),
        ];
        probes.extend(some.map(|probe| probe.about(unit, Op::GetUnit)));
    }
    for shift in &stage.shifts {
        let path = format!("/api/v1/duty/shifts/{}", shift.id);
        let next = json!({ "starts_at": from, "ends_at": until, "members": [nobody] });
        let stand_in = json!({ "staff_id": nobody, "stands_in_for": nobody, "reason": "sick" });
        let over = format!("{path}/stand-ins/{}", shift.other);
        let some = [
            Probe::new(Op::GetShift, "GET", &path, &[200]),
            Probe::new(Op::UpdateShift, "PUT", &path, &[412])
                .json(next)
                .stale(),
            Probe::new(Op::DeleteShift, "DELETE", &path, &[412]).stale(),
            Probe::new(Op::AddStandIn, "POST", format!("{path}/stand-ins"), &[422]).json(stand_in),
            // Over already: nothing changes.
            Probe::new(Op::EndStandIn, "DELETE", over, &[204]),
        ];
        probes.extend(some.map(|probe| probe.about(shift, Op::GetShift)));
    }
    for (person, _) in &stage.absences {
        let path = format!("/api/v1/duty/contacts/{}", person.id);
        let some = [
            Probe::new(Op::GetDutyContact, "GET", &path, &[200]),
            Probe::new(Op::PutDutyContact, "PUT", &path, &[412])
                .json(json!({ "channels": ["in_app"] }))
                .stale_as("\"77\""),
        ];
        probes.extend(some.map(|probe| probe.about(person, Op::ListStaff)));
    }
    probes
}
