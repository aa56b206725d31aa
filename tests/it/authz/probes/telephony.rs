//! Telephony.

use super::{Probe, Stage};
use hotline::access::Op;
use serde_json::json;

pub fn all(stage: &Stage) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new(Op::RecordPhoneEvent, "POST", "/api/v1/calls/events", &[200])
            .json(stage.phone_event.clone()),
        Probe::new(Op::ListPhoneCalls, "GET", "/api/v1/calls?limit=1", &[200]),
        Probe::new(
            Op::StreamPhoneCalls,
            "GET",
            "/api/v1/calls/stream?once=true",
            &[200],
        ),
        Probe::new(Op::GetPhoneFigures, "GET", "/api/v1/calls/figures", &[200]),
    ];
    for call in &stage.phone_calls {
        let path = format!("/api/v1/calls/{}", call.id);
        let some = [
            Probe::new(Op::GetPhoneCall, "GET", &path, &[200]),
            // It was answered: who may call back hears that it does not wait for it.
            Probe::new(Op::RecordCallBack, "POST", format!("{path}/call-back"), &[409])
                .json(json!({ "reached": true })),
        ];
        probes.extend(some.map(|probe| probe.about(call, Op::ListPhoneCalls)));
    }
    probes
}
