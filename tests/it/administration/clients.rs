//! Integrators' clients: a token registers by its channel, in its unit, until it is revoked.

use super::{JIANAN, YANGQIAO, audited, entries, registered, request};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::json;

const CLIENTS: &str = "/api/v1/clients";

on_both! {
    /// What a kiosk may do.
    async fn a_kiosk_registers_in_its_community(app: TestApp) {
        let secadmin = app.staff("secadmin").await;
        let new = json!({ "name": "羊桥社区触摸屏", "channel": "kiosk", "unit_id": app.unit(YANGQIAO).await["id"], "expires_at": "2026-12-24T00:00:00Z" });
        let made = secadmin.post_keyed(CLIENTS, "one kiosk", &new).await;
        made.expect(201);
        let secret = made.text_at("/client_secret");
        assert_eq!(secret.len(), 43);
        let entry = audited(&app, "create_client", "security_admin", &made.body["client"]["id"]).await;
        assert!(!entry.to_string().contains(&secret), "the log knows no secret");
        assert_eq!(secadmin.post_keyed(CLIENTS, "one kiosk", &new).await.text_at("/client_secret"), secret, "a lost answer can be asked for again");
        assert!(!secadmin.get(CLIENTS).await.text.contains(&secret));

        let kiosk = app.program(&made).await;
        let me = kiosk.get("/api/v1/me").await;
        assert_eq!((&me.body["kind"], &me.body["name"]), (&json!("client"), &json!("羊桥社区触摸屏")));
        let ticket = kiosk.post("/api/v1/tickets", &request("羊桥社区", "120302")).await;
        ticket.expect(201);
        assert_eq!((&ticket.body["ticket"]["channel"], ticket.body.get("route")), (&json!("kiosk"), None));
        assert!(!ticket.text.contains("13900000001") && ticket.text.contains("139****0001"), "masked: {}", ticket.text);
        for elsewhere in ["迦南社区", "白沙街道", "潮连街道"] {
            kiosk.post("/api/v1/tickets", &request(elsewhere, "120302")).await.problem(403, "forbidden");
        }
        let mut other_way = request("羊桥社区", "120302");
        other_way["channel"] = json!("phone");
        assert_eq!(kiosk.post("/api/v1/tickets", &other_way).await.problem(422, "invalid_input").rule("/channel"), Some("unexpected"));

        // Its own, and nobody else's.
        let others = registered(&app, "羊桥社区", "120302").await.text_at("/ticket/id");
        let listed = kiosk.get("/api/v1/tickets").await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
        let own = ticket.text_at("/ticket/id");
        kiosk.get(&format!("/api/v1/tickets/{own}")).await.expect(200);
        kiosk.get(&format!("/api/v1/tickets/{others}")).await.problem(404, "not_found");
        for door in ["/api/v1/staff", "/api/v1/queues", "/api/v1/settings", "/api/v1/audit", CLIENTS] {
            kiosk.get(door).await.problem(403, "forbidden");
        }
        kiosk.post("/api/v1/callers/identify", &json!({ "phone": "13900000001" })).await.problem(403, "forbidden");
        kiosk.act(&own, &json!({ "action": "accept" })).await.problem(403, "forbidden");
    }

    /// Revoked, it is out at once; so it is when its time has come.
    async fn a_client_is_revoked(app: TestApp) {
        let secadmin = app.staff("secadmin").await;
        let client = async |name: &str, end: serde_json::Value| {
            let new = json!({ "name": name, "channel": "web", "unit_id": app.unit(YANGQIAO).await["id"], "expires_at": end });
            let made = secadmin.post(CLIENTS, &new).await;
            made.expect(201);
            (app.program(&made).await, made.body)
        };
        let lasting = client("一", json!(null)).await;
        let short = client("二", json!("2026-11-24T01:01:00Z")).await;
        let (lasting_by, lasting) = lasting;
        let (short_by, _) = short;
        lasting_by.get("/api/v1/tickets").await.expect(200);
        app.turn(TimeDelta::milliseconds(59_999));
        short_by.get("/api/v1/tickets").await.expect(200);
        app.turn(TimeDelta::milliseconds(1));
        short_by.get("/api/v1/tickets").await.problem(401, "token_expired");

        let path = format!("{CLIENTS}/{}", lasting["client"]["id"].as_str().unwrap());
        for other in ["sysadmin", "auditor", "operator"] {
            let other = app.staff(other).await;
            other.send(other.request("DELETE", &path)).await.problem(403, "forbidden");
        }
        lasting_by.get("/api/v1/tickets").await.expect(200);
        for _ in 0..2 {
            secadmin.send(secadmin.request("DELETE", &path)).await.expect(204);
        }
        lasting_by.get("/api/v1/tickets").await.problem(401, "session_revoked");
        lasting_by.post("/api/v1/tickets", &request("羊桥社区", "120302")).await.problem(401, "session_revoked");
        audited(&app, "revoke_client", "security_admin", &lasting["client"]["id"]).await;
        assert_eq!(entries(&app, "revoke_client").await, 1, "the second time nothing happened");
        let nothing = format!("{CLIENTS}/{}", uuid::Uuid::nil());
        secadmin.send(secadmin.request("DELETE", &nothing)).await.problem(404, "not_found");
    }

    /// A client comes by the way of a machine, to a unit that there is.
    async fn a_wrong_client_is_refused(app: TestApp) {
        let secadmin = app.staff("secadmin").await;
        let good = json!({ "name": "x", "channel": "kiosk", "unit_id": app.unit(JIANAN).await["id"] });
        for (name, value) in [
            ("name", json!(" ")), ("name", json!("长".repeat(61))), ("channel", json!("phone")), ("channel", json!("callbell")),
            ("unit_id", json!(uuid::Uuid::nil())), ("expires_at", json!("2026-11-24T01:00:00Z")),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            let answer = secadmin.post(CLIENTS, &wrong).await;
            assert!(answer.problem(422, "invalid_input").rule(&format!("/{name}")).is_some(), "{name}: {}", answer.text);
        }
        app.staff("sysadmin").await.post(CLIENTS, &good).await.problem(403, "forbidden");
        assert_eq!(secadmin.get(CLIENTS).await.body["items"], json!([]));
    }
}
