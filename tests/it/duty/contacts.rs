//! How people are reached on duty.

use super::*;
use crate::administration::audited;
use crate::on_both;
use sea_orm::EntityTrait;

fn door(id: &Value) -> String {
    format!("/api/v1/duty/contacts/{}", id.as_str().unwrap())
}

on_both! {
    /// One's own is shown whole, another's masked; what is kept is sealed.
    async fn numbers_are_sealed_and_masked(app: TestApp) {
        let (own, lead) = (app.staff(A).await, app.staff(LEAD).await);
        let a = id_of(&app, A).await;
        let nothing = own.get(&door(&a)).await;
        assert_eq!(nothing.expect(200).body, json!({ "staff_id": a, "channels": ["in_app"], "masked": false }));
        assert_eq!(nothing.etag(), "\"0\"");
        let body = json!({ "phone": "139 0000 0021", "email": "Handler.A@example.com", "channels": ["sms", "email", "in_app"] });
        let put = own.change("PUT", &door(&a), "\"0\"", &body).await;
        let whole = json!({
            "staff_id": a, "phone": "+8613900000021", "email": "handler.a@example.com",
            "channels": ["sms", "email", "in_app"], "masked": false,
        });
        assert_eq!(put.expect(200).body, whole);
        let seen = own.get(&door(&a)).await;
        assert_eq!((&seen.body, seen.etag()), (&whole, put.etag()));
        let entry = audited(&app, "put_duty_contact", "handler", &a).await;
        assert_eq!(entry["detail"], json!({ "channels": ["sms", "email", "in_app"], "phone": true, "email": true }));
        let masked = but(&whole, json!({ "phone": "139****0021", "email": "h***@example.com", "masked": true }));
        for name in [LEAD, MANAGER, "sysadmin"] {
            let client = app.staff(name).await;
            let seen = client.get(&door(&a)).await;
            assert_eq!((&seen.expect(200).body, seen.etag()), (&masked, put.etag()), "{name}");
        }
        let rows = entity::duty_contact::Entity::find().all(app.app.kit().db.read()).await.unwrap();
        assert_eq!(rows.len(), 1);
        for sealed in [rows[0].phone_sealed.clone().unwrap(), rows[0].email_sealed.clone().unwrap()] {
            let text = String::from_utf8_lossy(&sealed).into_owned();
            assert!(!text.contains("13900000021") && !text.contains("example"), "{text}");
        }
        // The lead changes it, and each change has a version of its own at the same moment.
        let landline = json!({ "phone": "0750-3322110转8", "channels": ["in_app"] });
        lead.change("PUT", &door(&a), "\"0\"", &landline).await.problem(412, "stale_version");
        let changed = lead.change("PUT", &door(&a), &put.etag(), &landline).await;
        assert_eq!(changed.expect(200).body["masked"], true);
        assert!(changed.body["email"].is_null() && changed.etag() != put.etag(), "{}", changed.text);
        own.change("PUT", &door(&a), &put.etag(), &body).await.problem(412, "stale_version");
        assert_eq!(own.get(&door(&a)).await.body["phone"], "+867503322110;ext=8");
        own.send(own.request("PUT", &door(&a)).json(&body)).await.problem(428, "precondition_required");
    }

    /// One's own, or of people of the unit, the sub-district, the district.
    async fn contacts_are_for_those_who_lead(app: TestApp) {
        let body = json!({ "channels": ["in_app"] });
        let a = id_of(&app, A).await;
        for (name, status) in [
            (B, 404), ("lead-440703002102", 404), ("manager-440703005", 404), ("operator", 403), ("supervisor", 403),
            ("duty", 404), ("auditor", 403), ("dispatcher", 403),
        ] {
            let client = app.staff(name).await;
            assert_eq!(client.get(&door(&a)).await.status, status, "{name}");
            assert_eq!(client.change("PUT", &door(&a), "\"0\"", &body).await.status, status, "{name}");
        }
        for name in ["duty", "operator", "supervisor", LEAD, MANAGER] {
            let (client, id) = (app.staff(name).await, id_of(&app, name).await);
            assert_eq!(client.get(&door(&id)).await.expect(200).body["masked"], false, "{name}");
        }
        let nil = json!(uuid::Uuid::nil());
        app.staff("sysadmin").await.get(&door(&nil)).await.problem(404, "not_found");
        app.nobody().get(&door(&a)).await.problem(401, "unauthenticated");
    }

    /// What won't do is told by field and rule, never repeated, and nothing is written.
    async fn wrong_contacts_are_refused(app: TestApp) {
        let (own, a) = (app.staff(A).await, id_of(&app, A).await);
        let good = json!({ "phone": "13900000021", "email": "a@example.com", "channels": ["sms", "in_app"] });
        for (change, pointer, rule) in [
            (json!({ "phone": "1390000" }), "/phone", "form"),
            (json!({ "phone": null }), "/phone", "required"),
            (json!({ "phone": "0750-3322110" }), "/channels/0", "form"),
            (json!({ "email": "nowhere" }), "/email", "form"),
            (json!({ "email": "", "channels": ["email"] }), "/email", "required"),
            (json!({ "channels": [] }), "/channels", "required"),
            (json!({ "channels": ["sms", "sms"] }), "/channels/1", "taken"),
            (json!({ "channels": ["pigeon"] }), "/channels/0", "parse"),
            (json!({ "fax": "1" }), "/fax", "unexpected"),
        ] {
            let answer = own.change("PUT", &door(&a), "\"0\"", &but(&good, change)).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(pointer), Some(rule), "{}", answer.text);
            assert!(!answer.text.contains("1390000") && !answer.text.contains("nowhere"), "{}", answer.text);
        }
        assert_eq!(own.get(&door(&a)).await.etag(), "\"0\"");
    }
}
