//! Homes, devices and ladders of the call-bell.

use super::{Probe, Stage};
use hotline::access::Op;
use hotline::callbell::rules::ladder::Ladder;
use serde_json::{Value, json};

pub fn all(stage: &Stage) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new(Op::ListHomes, "GET", "/api/v1/callbell/homes?limit=1", &[200]),
        Probe::new(Op::ListDevices, "GET", "/api/v1/callbell/devices?limit=1", &[200]),
        // Whether a line may be written is told line by line.
        Probe::new(Op::ImportBells, "POST", "/api/v1/callbell/import", &[415]).json(json!({})),
    ];
    for unit in &stage.units {
        // Nobody of the register, or no community.
        let home = json!({ "unit_id": unit.id, "resident_id": unit.id, "door": "1号" });
        let register = Probe::new(Op::RegisterHome, "POST", "/api/v1/callbell/homes", &[422]).json(home);
        probes.push(register.about(unit, Op::GetHome));
        let taken = json!({ "serial": "DEMO-BELL-1", "kind": "bell", "unit_id": unit.id });
        let register = Probe::new(Op::RegisterDevice, "POST", "/api/v1/callbell/devices", &[422]).json(taken);
        probes.push(register.about(unit, Op::GetDevice));
        // A camera has another code.
        let fixture = json!({ "kind": "camera", "code": "1", "name": "矩阵", "unit_id": unit.id });
        let register =
            Probe::new(Op::RegisterFixture, "POST", "/api/v1/callbell/fixtures", &[422]).json(fixture);
        probes.push(register.about(unit, Op::ListFixtures));
        let path = format!("/api/v1/callbell/ladders/{}", unit.id);
        let ladder = serde_json::to_value(Ladder::default()).unwrap();
        let get = Probe::new(Op::GetLadder, "GET", &path, &[200]);
        let put = Probe::new(Op::PutLadder, "PUT", &path, &[412]).json(ladder);
        let delete = Probe::new(Op::DeleteLadder, "DELETE", &path, &[412]);
        let changes = [put, delete].map(|probe| probe.stale_as("\"77\""));
        probes.extend(
            [get]
                .into_iter()
                .chain(changes)
                .map(|probe| probe.about(unit, Op::GetLadder)),
        );
    }
    for fixture in &stage.fixtures {
        let path = format!("/api/v1/callbell/fixtures/{}", fixture.id);
        let body = json!({ "kind": "patrol_point", "code": "MATRIX-X", "name": "矩阵", "unit_id": fixture.unit, "lat": 22, "lng": 113 });
        let some = [
            Probe::new(Op::UpdateFixture, "PUT", &path, &[412])
                .json(body)
                .stale(),
            Probe::new(Op::RemoveFixture, "DELETE", &path, &[412]).stale(),
        ];
        probes.extend(some.map(|probe| probe.about(fixture, Op::ListFixtures)));
    }
    for home in &stage.homes {
        let path = format!("/api/v1/callbell/homes/{}", home.id);
        let body = json!({ "unit_id": home.unit, "door": "2号" });
        let reason = json!({ "fields": ["resident_name"], "reason": "矩阵测试" });
        let some = [
            Probe::new(Op::GetHome, "GET", &path, &[200]),
            Probe::new(Op::UpdateHome, "PUT", &path, &[412])
                .json(body)
                .stale(),
            Probe::new(Op::RevealHome, "POST", format!("{path}/reveal"), &[200]).json(reason),
        ];
        probes.extend(some.map(|probe| probe.about(home, Op::GetHome)));
    }
    for alarm in &stage.alarms {
        let path = format!("/api/v1/callbell/alarms/{}/actions", alarm.id);
        let take = Probe::new(Op::ActOnBellAlarm, "POST", path, &[200]).json(json!({ "action": "take" }));
        probes.push(take.about(alarm, Op::ListBellAlarms));
    }
    probes.push(Probe::new(
        Op::ListBellAlarms,
        "GET",
        "/api/v1/callbell/alarms",
        &[200],
    ));
    probes.extend(of_calls(stage));
    for device in &stage.devices {
        probes.extend(of_device(&device.id, &device.other).map(|probe| probe.about(device, Op::GetDevice)));
    }
    probes
}

fn of_calls(stage: &Stage) -> Vec<Probe> {
    let nobody = "00000000-0000-0000-0000-000000000000";
    let nothing = "/api/v1/callbell/quarantine/00000000-0000-0000-0000-000000000000/seen";
    let mut probes = vec![
        Probe::new(Op::IngestBellEvent, "POST", "/api/v1/callbell/events", &[400]).json(json!({})),
        Probe::new(Op::ListQuarantine, "GET", "/api/v1/callbell/quarantine", &[200]),
        Probe::new(Op::SeeQuarantine, "POST", nothing, &[404]),
        Probe::new(Op::ListCalls, "GET", "/api/v1/callbell/calls", &[200]),
        Probe::new(Op::ListFixtures, "GET", "/api/v1/callbell/fixtures", &[200]),
        Probe::new(Op::GetBellFigures, "GET", "/api/v1/callbell/figures", &[200]),
        Probe::new(
            Op::DownloadBellFigures,
            "GET",
            "/api/v1/callbell/figures.xlsx",
            &[200],
        ),
        // There is no such point.
        Probe::new(
            Op::RecordPatrolRead,
            "POST",
            "/api/v1/callbell/patrol-reads",
            &[422],
        )
        .json(json!({ "at": "point", "code": "nowhere" })),
        Probe::new(Op::ListCallHandovers, "GET", "/api/v1/callbell/handovers", &[200]),
        // Nobody of the cast has a call.
        Probe::new(Op::OfferCalls, "POST", "/api/v1/callbell/handovers", &[422])
            .json(json!({ "to": nobody })),
        Probe::new(
            Op::AcceptCalls,
            "POST",
            format!("/api/v1/callbell/handovers/{nobody}/accept"),
            &[404],
        ),
        Probe::new(
            Op::StreamCalls,
            "GET",
            "/api/v1/callbell/stream?once=true",
            &[200],
        ),
    ];
    for unit in stage.units.iter().take(3) {
        let open = json!({ "unit_id": unit.id, "text": "矩阵测试" });
        let open = Probe::new(Op::OpenCall, "POST", "/api/v1/callbell/calls", &[201]).json(open);
        probes.push(open.about(unit, Op::OpenCall));
    }
    for call in &stage.calls {
        let nearby = format!("/api/v1/callbell/calls/{}/nearby", call.id);
        let nearby = Probe::new(Op::GetCallNearby, "GET", nearby, &[200]);
        probes.push(nearby.about(call, Op::GetCall));
        // Who may see the call may still not look: there is no such camera.
        let view = format!("/api/v1/callbell/calls/{}/cameras/{nobody}/view", call.id);
        let view = Probe::new(Op::ViewCamera, "POST", view, &[404]).json(json!({ "purpose": "矩阵测试" }));
        probes.push(view.about(call, Op::ViewCamera));
        let path = format!("/api/v1/callbell/calls/{}", call.id);
        let take = json!({ "action": "acknowledge" });
        let some = [
            Probe::new(Op::GetCall, "GET", &path, &[200]),
            Probe::new(Op::ActOnCall, "POST", format!("{path}/actions"), &[200]).json(take),
            Probe::new(Op::RevealCallNotes, "POST", format!("{path}/notes"), &[200]),
            // Not dealt with yet.
            Probe::new(Op::CloseCall, "POST", format!("{path}/close"), &[409]),
        ];
        probes.extend(some.map(|probe| probe.about(call, Op::GetCall)));
    }
    probes
}

fn of_device(id: &str, retired: &str) -> [Probe; 8] {
    let path = format!("/api/v1/callbell/devices/{id}");
    let post = |op: Op, what: &str, allowed: &'static [u16], body: Value| {
        Probe::new(op, "POST", format!("{path}/{what}"), allowed).json(body)
    };
    let over = json!({ "until": "2020-01-01T00:00:00Z", "reason": "矩阵测试" });
    let retire = format!("/api/v1/callbell/devices/{retired}/retire");
    [
        Probe::new(Op::GetDevice, "GET", &path, &[200]),
        Probe::new(Op::UpdateDevice, "PUT", &path, &[412])
            .json(json!({ "kind": "bell", "heartbeat_s": 60 }))
            .stale(),
        post(
            Op::ReplaceDevice,
            "replace",
            &[422],
            json!({ "serial": "DEMO-BELL-1" }),
        ),
        post(Op::SilenceDevice, "silence", &[422], over),
        // Not silenced: nothing changes.
        Probe::new(Op::UnsilenceDevice, "DELETE", format!("{path}/silence"), &[204]),
        // Retired already.
        Probe::new(Op::RetireDevice, "POST", retire, &[409]).json(json!({ "reason": "矩阵测试" })),
        Probe::new(Op::RotateDeviceSecret, "POST", format!("{path}/secret"), &[200]),
        post(Op::OpenTestWindow, "test-window", &[200], json!({ "minutes": 1 })),
    ]
}
