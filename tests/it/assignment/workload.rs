//! Who has how much to do, for those who lead.

use super::*;
use crate::on_both;
use chrono::TimeDelta;

/// The row of somebody.
fn row<'a>(answer: &'a Answer, id: &str) -> &'a Value {
    let rows = answer.body["items"].as_array().unwrap();
    let found = rows.iter().find(|row| row["staff_id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not in {}", answer.text))
}

on_both! {
    /// Open tickets by state, what is overdue, capacity and leave; nothing that is over.
    async fn it_tells_how_much_there_is_to_do(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        policy(&app, LEAD, YANGQIAO, "round_robin").await.expect(201);
        let ids = several(&app, 5).await;
        app.staff(A).await.act(&ids[0], &json!({ "action": "sign" })).await.expect(200);
        app.staff("operator").await.act(&ids[2], &json!({ "action": "withdraw", "reason": "撤" })).await.expect(200);
        capacity(&app, &b, json!(9)).await.expect(200);
        leave(&app.staff(A).await, &a, "2026-11-24", "2026-11-30").await.expect(201);
        app.pass("reference").await;
        let path = format!("/api/v1/units/{}/workload", app.unit(YANGQIAO).await["id"].as_str().unwrap());
        let lead = app.staff(LEAD).await;
        let told = lead.get(&path).await;
        told.expect(200);
        assert_eq!(told.body["items"].as_array().unwrap().len(), 3, "{}", told.text);
        let of_a = row(&told, &a);
        assert_eq!((&of_a["open"], &of_a["overdue"], &of_a["away_until"]), (&json!(2), &json!(0), &json!("2026-11-30")));
        assert_eq!(of_a["states"], json!([{ "state": "dispatched", "n": 1 }, { "state": "in_progress", "n": 1 }]));
        let of_b = row(&told, &b);
        assert_eq!((&of_b["open"], &of_b["capacity"], &of_b["roles"]), (&json!(2), &json!(9), &json!(["handler"])));
        assert!(of_b.get("away_until").is_none() && !told.text.contains("annual"), "{}", told.text);
        app.turn(TimeDelta::days(40));
        app.settle().await;
        let lead = app.staff(LEAD).await;
        assert_eq!(row(&lead.get(&path).await, &b)["overdue"], 2);
    }

    /// A lead sees the unit, a manager all below the sub-district, the centre everything; page by page.
    async fn it_is_cut_by_what_one_reaches(app: TestApp) {
        let path = async |code: &str| format!("/api/v1/units/{}/workload", app.unit(code).await["id"].as_str().unwrap());
        let (yangqiao, jianan, baisha, district) = (path(YANGQIAO).await, path(JIANAN).await, path(BAISHA).await, path(DISTRICT).await);
        let count = |answer: &Answer| answer.expect(200).body["items"].as_array().unwrap().len();
        let lead = app.staff(LEAD).await;
        assert_eq!(count(&lead.get(&format!("{yangqiao}?below=true")).await), 3);
        for path in [&jianan, &baisha, &district] {
            lead.get(path).await.problem(403, "forbidden");
        }
        app.staff(A).await.get(&yangqiao).await.problem(403, "forbidden");
        app.staff("manager-440703005").await.get(&baisha).await.problem(403, "forbidden");
        let manager = app.staff("manager-440703002").await;
        assert_eq!(count(&manager.get(&baisha).await), 2, "the sub-district's own people");
        let whole = manager.get(&format!("{baisha}?below=true&limit=100")).await;
        assert!(count(&whole) > 20);
        let mut found = Vec::new();
        let mut next = format!("{baisha}?below=true&limit=7");
        loop {
            let page = manager.get(&next).await;
            found.extend(page.expect(200).body["items"].as_array().unwrap().clone());
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            next = format!("{baisha}?below=true&limit=7&cursor={cursor}");
        }
        let whole = whole.body["items"].as_array().unwrap();
        assert!(found.len() >= whole.len() && found.starts_with(whole), "no page leaves anybody out");
        let supervisor = app.staff("supervisor").await;
        assert_eq!(count(&supervisor.get(&format!("{district}?below=true&limit=100")).await), 100);
        let cursor = manager.get(&format!("{baisha}?below=true&limit=7")).await.text_at("/next_cursor");
        manager.get(&format!("{baisha}?cursor={cursor}")).await.problem(400, "invalid_cursor");
        for bad in ["limit=0", "limit=101"] {
            manager.get(&format!("{baisha}?{bad}")).await.problem(422, "invalid_input");
        }
        manager.get(&format!("{baisha}?below=perhaps")).await.problem(400, "malformed_query");
        manager.get(&format!("/api/v1/units/{}/workload", uuid::Uuid::nil())).await.problem(404, "not_found");
    }
}
