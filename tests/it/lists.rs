//! Lists: cut by what the caller reaches, pages without gaps, search for Chinese words of one and two characters.

use crate::on_both;
use crate::support::Client;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::HashSet;

async fn register(operator: &Client, title: &str, content: &str, place: &str) -> String {
    let request = json!({
        "requester": { "phone": "13900000001" }, "category": "120302", "title": title, "content": content,
        "place": { "address": place }
    });
    let answer = operator.post("/api/v1/tickets", &request).await;
    answer.expect(201);
    answer.text_at("/ticket/id")
}

async fn ids(client: &Client, path: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let path = match &cursor {
            Some(cursor) => format!("{path}&cursor={cursor}"),
            None => path.to_owned(),
        };
        let page = client.get(&path).await;
        page.expect(200);
        found.extend(
            page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return found,
        }
    }
}

on_both! {
    /// Every page has what the one before has not, in order, while new tickets come in.
    async fn pages_have_no_gaps_and_no_doubles(app: TestApp) {
        let operator = app.staff("operator").await;
        let mut made = Vec::new();
        for n in 0..7 {
            made.push(register(&operator, &format!("噪声{n}"), "内容", "羊桥社区").await);
            app.turn(TimeDelta::minutes(1));
        }
        made.reverse();
        assert_eq!(ids(&operator, "/api/v1/tickets?limit=3").await, made);
        let first = operator.get("/api/v1/tickets?limit=3").await;
        register(&operator, "后来的", "内容", "羊桥社区").await;
        let cursor = first.text_at("/next_cursor");
        let second = operator.get(&format!("/api/v1/tickets?limit=3&cursor={cursor}")).await;
        assert_eq!(second.body["items"][0]["id"], made[3].as_str());
        operator.get(&format!("/api/v1/tickets?limit=3&state=closed&cursor={cursor}")).await.problem(400, "invalid_cursor");
        app.staff("operator-b").await.get(&format!("/api/v1/tickets?limit=3&cursor={cursor}")).await.problem(400, "invalid_cursor");
        let due = ids(&operator, "/api/v1/tickets?sort=due&limit=2").await;
        assert_eq!(due.len(), 8);
        assert_eq!(due[0], made[6]);
    }

    /// Nobody lists what belongs to others.
    async fn lists_are_cut_by_what_the_caller_reaches(app: TestApp) {
        let operator = app.staff("operator").await;
        let here = register(&operator, "这里", "内容", "羊桥社区").await;
        let near = register(&operator, "隔壁", "内容", "迦南社区").await;
        let far = register(&operator, "别处", "内容", "荷塘镇").await;
        let all: HashSet<String> = [&here, &near, &far].into_iter().cloned().collect();
        let listed = async |user: &str| -> HashSet<String> {
            let client = app.staff(user).await;
            ids(&client, "/api/v1/tickets?limit=50").await.into_iter().collect()
        };
        let only = |ids: &[&String]| -> HashSet<String> { ids.iter().map(ToString::to_string).collect() };
        assert_eq!(listed("operator").await, all);
        assert_eq!(listed("supervisor").await, all);
        assert_eq!(listed("lead-440703002101").await, only(&[&here]));
        assert_eq!(listed("lead-440703002102").await, only(&[&near]));
        assert_eq!(listed("manager-440703002").await, only(&[&here, &near]));
        assert_eq!(listed("manager-440703102").await, only(&[&far]));
        let resident = app.resident("13900000001").await;
        assert_eq!(ids(&resident, "/api/v1/tickets?limit=50").await.len(), 3);
        let other = app.resident("13900000002").await;
        assert!(ids(&other, "/api/v1/tickets?limit=50").await.is_empty());
        let unit = app.staff("supervisor").await;
        let place = unit.get("/api/v1/units?kind=town").await;
        let town = place.body["items"].as_array().unwrap().iter().find(|unit| unit["name"] == "荷塘镇").unwrap();
        let there = ids(&unit, &format!("/api/v1/tickets?place_id={}&limit=50", town["id"].as_str().unwrap())).await;
        assert_eq!(there, [far]);
    }

    /// One character, two characters, a phrase, two words; numbers of people are not in the index.
    async fn search_finds_chinese_words(app: TestApp) {
        let operator = app.staff("operator").await;
        let lamp = register(&operator, "路灯不亮", "三栋楼下的路灯坏了，电话13812345678", "羊桥社区").await;
        let lift = register(&operator, "电梯故障", "电梯停在五楼", "羊桥社区").await;
        let found = async |words: &str| -> Vec<String> {
            let path = reqwest::Url::parse_with_params("http://x/api/v1/tickets", [("q", words), ("limit", "50")]).unwrap();
            ids(&operator, &format!("{}?{}", path.path(), path.query().unwrap())).await
        };
        for words in ["灯", "路灯", "路灯不亮", "路灯 坏了", "三栋"] {
            assert_eq!(found(words).await, [lamp.clone()], "{words}");
        }
        assert_eq!(found("电梯").await, [lift.clone()]);
        assert_eq!(found("羊桥").await, [lift, lamp]);
        assert!(found("灯路").await.is_empty(), "not the other way round");
        assert!(found("13812345678").await.is_empty());
        assert!(found("345678").await.is_empty());
        operator.get("/api/v1/tickets?q=%20%2C").await.problem(422, "invalid_input");
        let number = operator.get("/api/v1/tickets?limit=1").await.text_at("/items/0/number");
        let by_number = operator.get(&format!("/api/v1/tickets?number={}", number.replace(' ', "%20"))).await;
        assert_eq!(by_number.body["items"][0]["number"], number);
        operator.get("/api/v1/tickets?number=123456789012346").await.problem(422, "invalid_input");
    }
}
