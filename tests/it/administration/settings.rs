//! Settings: each has an effect, and its version guards it.

use super::{audited, changed, entries, registered};
use crate::on_both;
use crate::support::{Client, TestApp};
use entity::notice;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

async fn put(client: &Client, id: &str, version: i64, value: &Value) {
    let answer = changed(
        client,
        "PUT",
        &format!("/api/v1/settings/{id}"),
        &format!("\"{version}\""),
        &json!({ "value": value }),
    )
    .await;
    assert_eq!((&answer.body["id"], &answer.body["value"]), (&json!(id), value));
}

/// The text of the newest message of a kind.
async fn message(app: &TestApp, template: &str) -> String {
    let kit = app.app.kit();
    let select = notice::Entity::find()
        .filter(notice::Column::Template.eq(template))
        .order_by_desc(notice::Column::Id);
    let row = select.one(kit.db.read()).await.unwrap().unwrap();
    kit.vault.open_text("notice.body", &row.body_sealed).unwrap()
}

on_both! {
    /// Working hours move the due times of the next ticket.
    async fn working_hours_count(app: TestApp) {
        let standing = registered(&app, "羊桥社区", "120302").await;
        let sysadmin = app.staff("sysadmin").await;
        put(&sysadmin, "working_hours", 0, &json!([["09:00", "12:00"], ["13:00", "18:00"]])).await;
        audited(&app, "put_setting", "system_admin", &json!("working_hours")).await;
        app.pass("reference").await;
        let ticket = registered(&app, "羊桥社区", "120302").await;
        assert_eq!(ticket.body["ticket"]["promised_at"], "2026-12-03T10:00:00Z");
        app.turn(chrono::TimeDelta::seconds(6));
        app.settle().await;
        let path = format!("/api/v1/tickets/{}", standing.text_at("/ticket/id"));
        let counted_again = app.staff("operator").await.get(&path).await;
        assert_eq!(counted_again.body["promised_at"], "2026-12-03T10:00:00Z");
        let calendar = app.nobody().get("/api/v1/calendar").await;
        assert_eq!(calendar.body["working_hours"], json!([["09:00", "12:00"], ["13:00", "18:00"]]));
    }

    /// The signature is what messages begin with.
    async fn the_signature_is_signed_with(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let code = json!({ "phone": "13900000001" });
        app.nobody().post("/api/v1/auth/code", &code).await.expect(200);
        assert!(message(&app, "login_code").await.starts_with("【12345】"));
        put(&sysadmin, "sms_signature", 0, &json!("蓬江12345")).await;
        app.turn(chrono::TimeDelta::seconds(60));
        app.nobody().post("/api/v1/auth/code", &code).await.expect(200);
        assert!(message(&app, "login_code").await.starts_with("【蓬江12345】"), "{}", message(&app, "login_code").await);
        registered(&app, "羊桥社区", "120302").await;
        app.settle().await;
        assert!(message(&app, "ticket_received").await.starts_with("【蓬江12345】"));
        put(&sysadmin, "sms_signature", 1, &json!("12345热线")).await;
    }

    /// Days for which a call-back may be left open.
    async fn the_grace_of_a_call_back_counts(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        put(&sysadmin, "callback_grace_days", 0, &json!(3)).await;
        let ticket = registered(&app, "羊桥社区", "120302").await;
        let id = ticket.text_at("/ticket/id");
        let lead = app.staff("lead-440703002101").await;
        lead.act(&id, &json!({ "action": "sign" })).await.expect(200);
        lead.act(&id, &json!({ "action": "first_contact", "reached": true, "by": "电话" })).await.expect(200);
        lead.act(&id, &json!({ "action": "reply", "result": "solved", "public_text": "已办" })).await.expect(200);
        let answer = app.staff("manager-440703002").await.act(&id, &json!({ "action": "approve" })).await;
        assert_eq!(answer.expect(200).body["state"], "callback");
        app.settle().await;
        let text = message(&app, "ticket_approved").await;
        let path = text.split(app.app.kit().config.server.public_url.as_str()).nth(1).unwrap().to_owned();
        assert_eq!(app.nobody().get(&path).await.expect(200).body["expires_at"], "2026-11-27T01:00:00Z");
        app.turn(chrono::TimeDelta::days(3));
        app.settle().await;
        let operator = app.staff("operator").await;
        assert_eq!(operator.get(&format!("/api/v1/tickets/{id}")).await.body["state"], "closed");
    }

    /// What is no setting, or no value of it, changes nothing.
    async fn a_wrong_setting_is_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let before = sysadmin.get("/api/v1/settings").await;
        assert_eq!(before.expect(200).body["items"].as_array().unwrap().len(), 3);
        for (id, value) in [
            ("working_hours", json!([])), ("working_hours", json!([["18:00", "09:00"]])), ("working_hours", json!([["09:00", "25:00"]])),
            ("working_hours", json!([["09:00", "12:00"], ["11:00", "13:00"]])), ("working_hours", json!("always")),
            ("sms_signature", json!("")), ("sms_signature", json!("长".repeat(21))), ("sms_signature", json!("a\nb")), ("sms_signature", json!("\u{0}")),
            ("callback_grace_days", json!(0)), ("callback_grace_days", json!(61)), ("callback_grace_days", json!(1.5)), ("callback_grace_days", json!(null)),
        ] {
            let answer = sysadmin.change("PUT", &format!("/api/v1/settings/{id}"), "\"0\"", &json!({ "value": value })).await;
            assert!(answer.problem(422, "invalid_input").rule("/value").is_some(), "{id} {value}");
        }
        for id in ["reference", "demonstration", "no_such", "x"] {
            sysadmin.change("PUT", &format!("/api/v1/settings/{id}"), "\"0\"", &json!({ "value": 7 })).await.problem(404, "not_found");
        }
        for other in ["operator", "secadmin", "auditor"] {
            app.staff(other).await.change("PUT", "/api/v1/settings/callback_grace_days", "\"0\"", &json!({ "value": 7 })).await.problem(403, "forbidden");
        }
        assert_eq!(sysadmin.get("/api/v1/settings").await.body, before.body);
        assert_eq!(entries(&app, "put_setting").await, 0);
    }
}
