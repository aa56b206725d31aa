//! Who looked at a ticket is kept before they see it, and told to whose matter it is.

use crate::on_both;
use crate::support::fresh_key;
use serde_json::{Value, json};

on_both! {
    /// Reads, reveals and files, by unit and role; names for those who supervise; a requester's own looks stay their own.
    async fn the_requester_sees_who_looked(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let request = json!({ "category": "020101", "title": "证明", "content": "材料", "place": { "address": "羊桥社区" } });
        let made = resident.post("/api/v1/tickets", &request).await;
        let path = format!("/api/v1/tickets/{}", made.text_at("/ticket/id"));
        let log = format!("{path}/access-log");
        resident.get(&path).await.expect(200);
        let nobody = resident.get(&log).await;
        nobody.expect(200);
        assert_eq!(nobody.body, json!({ "items": [] }), "their own looks are theirs alone");

        let operator = app.staff("operator").await;
        let known = operator.get(&path).await;
        known.expect(200);
        let handler = app.handler_of(&known.body).await;
        handler.get(&path).await.expect(200);
        let reveal = json!({ "fields": ["phone"], "reason": "联系诉求人" });
        handler.post(&format!("{path}/reveal"), &reveal).await.expect(200);
        // Who may not see it has not looked.
        let elsewhere = app.staff("handler-a-440703002102").await;
        elsewhere.get(&path).await.problem(404, "not_found");

        let seen = resident.get(&log).await;
        let told: Vec<(&Value, &Value, &Value)> = seen.body["items"].as_array().unwrap().iter()
            .map(|look| (&look["what"], &look["role"], &look["unit_name"])).collect();
        let words = |what, role, unit| (json!(what), json!(role), json!(unit));
        let expected = [
            words("requester", "handler", "羊桥社区"),
            words("ticket", "handler", "羊桥社区"),
            words("ticket", "operator", "蓬江区"),
        ];
        assert_eq!(told, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>(), "{}", seen.text);
        assert_eq!(seen.body["items"][0]["label"], "查看诉求人信息");
        assert!(seen.body["items"].as_array().unwrap().iter().all(|look| look.get("actor_name").is_none()), "no names of staff");

        let auditor = app.staff("auditor").await.get(&log).await;
        assert!(auditor.body["items"][0]["actor_name"].is_string(), "{}", auditor.text);
        for other in ["operator", "dispatcher"] {
            app.staff(other).await.get(&log).await.problem(403, "forbidden");
        }
        app.resident("13900000002").await.get(&log).await.problem(404, "not_found");
    }

    /// Pages, newest first; the cursor of one ticket is refused by another.
    async fn looks_come_in_pages(app: TestApp) {
        let operator = app.staff("operator").await;
        let mut paths = Vec::new();
        for _ in 0..2 {
            let request = json!({ "requester": { "phone": "13900000001" }, "category": "020101", "title": "证明", "content": "材料", "place": { "address": "羊桥社区" } });
            let made = operator.send(operator.request("POST", "/api/v1/tickets").header("Idempotency-Key", fresh_key()).json(&request)).await;
            paths.push(format!("/api/v1/tickets/{}", made.text_at("/ticket/id")));
        }
        let looks = futures_util::future::join_all((0..25).map(|_| operator.get(&paths[0]))).await;
        assert!(looks.iter().all(|look| look.status == 200));
        let resident = app.resident("13900000001").await;
        let first = resident.get(&format!("{}/access-log?limit=20", paths[0])).await;
        let next = first.text_at("/next_cursor");
        let rest = resident.get(&format!("{}/access-log?limit=20&cursor={next}", paths[0])).await;
        assert_eq!((first.body["items"].as_array().unwrap().len(), rest.body["items"].as_array().unwrap().len()), (20, 5));
        assert!(rest.body.get("next_cursor").is_none());
        resident.get(&format!("{}/access-log?cursor={next}", paths[1])).await.problem(400, "invalid_cursor");
        resident.get(&format!("{}/access-log?limit=0", paths[0])).await.problem(422, "invalid_input");
    }
}
