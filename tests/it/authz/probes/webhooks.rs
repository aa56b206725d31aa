//! The event log and webhooks.

use super::{Probe, Stage};
use hotline::access::Op;
use serde_json::json;
use uuid::Uuid;

pub fn all(stage: &Stage) -> Vec<Probe> {
    let nothing = json!({ "url": "https://partner.example.org/", "types": ["nothing.*"] });
    let mut probes = vec![
        Probe::new(Op::ListEvents, "GET", "/api/v1/events?limit=1", &[200]),
        Probe::new(Op::ListWebhooks, "GET", "/api/v1/webhooks?limit=1", &[200]),
        Probe::new(Op::CreateWebhook, "POST", "/api/v1/webhooks", &[422]).json(nothing),
    ];
    for webhook in &stage.webhooks {
        let path = format!("/api/v1/webhooks/{}", webhook.id);
        let resend = format!("{path}/messages/{}/resend", Uuid::nil());
        let some = [
            Probe::new(Op::GetWebhook, "GET", &path, &[200]),
            Probe::new(Op::UpdateWebhook, "PATCH", &path, &[412])
                .json(json!({}))
                .stale(),
            Probe::new(Op::DeleteWebhook, "DELETE", &path, &[412]).stale(),
            Probe::new(Op::RotateWebhookSecret, "POST", format!("{path}/secret"), &[200]).json(json!({})),
            Probe::new(Op::TestWebhook, "POST", format!("{path}/test"), &[200]).json(json!({})),
            Probe::new(Op::ListWebhookMessages, "GET", format!("{path}/messages"), &[200]),
            // There is no such message: who may send again hears so.
            Probe::new(Op::ResendWebhookMessage, "POST", resend, &[404]).json(json!({})),
            Probe::new(Op::ResendDeadMessages, "POST", format!("{path}/resend"), &[200]).json(json!({})),
        ];
        probes.extend(some.map(|probe| probe.about(webhook, Op::GetWebhook)));
    }
    probes
}
