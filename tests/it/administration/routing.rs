//! Routing rules: the next ticket goes by them, and a simulation says why.

use super::{BAISHA, JIANAN, YANGQIAO, at, audited, changed, registered};
use crate::on_both;
use chrono::TimeDelta;
use serde_json::{Value, json};

const RULES: &str = "/api/v1/routing-rules";

async fn simulated(app: &crate::support::TestApp, place: &str, category: &str) -> Value {
    let operator = app.staff("operator").await;
    let answer = operator
        .post(
            "/api/v1/routing/simulate",
            &json!({ "category": category, "place": { "address": place } }),
        )
        .await;
    answer.expect(200);
    answer.body
}

on_both! {
    /// A rule goes before the catalogue, where and for what it says; of two the lower rank.
    async fn a_rule_sends_the_next_ticket_elsewhere(app: TestApp) {
        let before = simulated(&app, "羊桥社区", "120302").await;
        assert_eq!((&before["unit"]["name"], &before["ground"]["kind"]), (&json!("羊桥社区"), &json!("catalogue")));
        let (baisha, jianan) = (app.unit(BAISHA).await, app.unit(JIANAN).await);
        let dispatcher = app.staff("dispatcher").await;
        let rule = json!({
            "rank": 100, "name": "噪声归街道", "category": "1203", "place_unit_id": app.unit(YANGQIAO).await["id"],
            "target_unit_id": baisha["id"], "target_post": "law_enforcement_team", "reason": "街道履职事项清单第 12 项"
        });
        let made = dispatcher.post(RULES, &rule).await;
        made.expect(201);
        audited(&app, "create_rule", "dispatcher", &made.body["id"]).await;
        app.pass("reference").await;

        let after = simulated(&app, "羊桥社区", "120302").await;
        assert_eq!(after["unit"]["name"], "白沙街道");
        assert_eq!(after["ground"], json!({ "kind": "rule", "rule_id": made.body["id"], "text": "噪声归街道：街道履职事项清单第 12 项" }));
        assert_eq!((&after["post"], &after["person"]["because"]), (&json!("law_enforcement_team"), &json!("covers_post")));
        let ticket = registered(&app, "羊桥社区", "120302").await;
        assert_eq!(ticket.body["ticket"]["unit_name"], "白沙街道");
        assert_eq!(ticket.body["route"]["ground"], after["ground"], "the ticket and the simulation say the same");
        assert_eq!(ticket.body["ticket"]["explanation"]["ground"], after["ground"], "and it stays with the ticket");
        for (place, category, unit) in [("迦南社区", "120302", "迦南社区"), ("羊桥社区", "040201", "羊桥社区")] {
            assert_eq!(simulated(&app, place, category).await["unit"]["name"], unit, "elsewhere nothing changes");
        }

        let mut closer = rule.clone();
        closer["rank"] = json!(99);
        closer["name"] = json!("先试点");
        closer["target_unit_id"] = jianan["id"].clone();
        let first = dispatcher.post(RULES, &closer).await;
        app.pass("reference").await;
        assert_eq!(simulated(&app, "羊桥社区", "120302").await["ground"]["rule_id"], first.expect(201).body["id"]);
        let tried = dispatcher.get(&format!("{RULES}?category=120302")).await;
        let order: Vec<_> = tried.body["items"].as_array().unwrap().iter().map(|rule| rule["rank"].clone()).collect();
        assert_eq!(order, [json!(99), json!(100)]);

        let (path, etag) = at("routing-rules", &first.body);
        let answer = changed(&dispatcher, "PATCH", &path, &etag, &json!({ "rank": 101 })).await;
        audited(&app, "update_rule", "dispatcher", &first.body["id"]).await;
        app.pass("reference").await;
        assert_eq!(simulated(&app, "羊桥社区", "120302").await["ground"]["rule_id"], made.body["id"]);

        // Retired by its last day: from the next one on the catalogue decides again.
        for (path, etag) in [(path, answer.etag()), at("routing-rules", &made.body)] {
            dispatcher.change("PATCH", &path, &etag, &json!({ "valid_to": "2026-11-24" })).await.expect(200);
        }
        app.pass("reference").await;
        assert_eq!(simulated(&app, "羊桥社区", "120302").await["unit"]["name"], "白沙街道");
        app.turn(TimeDelta::days(1));
        assert_eq!(simulated(&app, "羊桥社区", "120302").await["unit"]["name"], "羊桥社区");
    }

    /// A target that lacks the powers is passed over, and the answer says which; one that is gone as well.
    async fn a_target_without_powers_is_passed_over(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let jianan = app.unit(JIANAN).await;
        let rule = |name: &str, rank: i32, target: &Value| {
            json!({ "rank": rank, "name": name, "category": "120304", "target_unit_id": target["id"], "reason": "试点" })
        };
        let grid = app.unit("grid-demo-1").await;
        sysadmin.post(RULES, &rule("油烟归社区", 10, &jianan)).await.expect(201);
        sysadmin.post(RULES, &rule("油烟归网格", 5, &grid)).await.expect(201);
        let (path, etag) = at("units", &grid);
        sysadmin.change("PATCH", &path, &etag, &json!({ "valid_to": "2026-11-24" })).await.expect(200);
        app.turn(TimeDelta::days(1));
        app.pass("reference").await;

        let route = simulated(&app, "迦南社区", "120304").await;
        assert_eq!((&route["unit"]["name"], &route["ground"]["kind"]), (&json!("白沙街道"), &json!("catalogue")));
        let rejected = route["rejected"].as_array().unwrap();
        assert!(rejected.contains(&json!({ "what": "迦南社区", "why": "lacks_powers:law_enforcement" })), "{rejected:?}");
        assert!(rejected.contains(&json!({ "what": "油烟归网格", "why": "rule_target_gone" })), "{rejected:?}");

        let (path, etag) = at("units", &jianan);
        let sysadmin = app.staff("sysadmin").await;
        sysadmin.change("PATCH", &path, &etag, &json!({ "powers": ["law_enforcement"] })).await.expect(200);
        app.pass("reference").await;
        let route = simulated(&app, "迦南社区", "120304").await;
        assert_eq!((&route["unit"]["name"], &route["ground"]["text"]), (&json!("迦南社区"), &json!("油烟归社区：试点")));
    }

    /// A rule names what there is, and only those who route make one.
    async fn a_wrong_rule_is_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let good = json!({ "rank": 1, "name": "x", "target_unit_id": app.unit(BAISHA).await["id"], "reason": "x" });
        for (name, value, rule) in [
            ("target_unit_id", json!(uuid::Uuid::nil()), "unknown"), ("place_unit_id", json!(uuid::Uuid::nil()), "unknown"),
            ("category", json!("77"), "unknown"), ("category", json!("x"), "form"), ("target_post", json!("astronaut"), "unknown"),
            ("rank", json!(-1), "range"), ("rank", json!(10_000), "range"), ("reason", json!(" "), "required"),
            ("valid_to", json!("2026-11-23"), "range"), ("name", json!("长".repeat(61)), "too_long"),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            let answer = sysadmin.post(RULES, &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(&format!("/{name}")), Some(rule), "{}", answer.text);
        }
        for other in ["operator", "manager-440703002", "supervisor", "lead-440703002101"] {
            app.staff(other).await.post(RULES, &good).await.problem(403, "forbidden");
        }
        assert_eq!(sysadmin.get(RULES).await.body["items"], json!([]));
    }
}
