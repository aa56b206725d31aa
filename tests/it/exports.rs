//! Lists as files: all of what the list has, by the rights of the moment, and gone when it is to be.

use crate::on_both;
use crate::support::{Answer, Client, TestApp};
use calamine::{Data, Reader, Xlsx};
use chrono::TimeDelta;
use entity::export;
use entity::id::ExportId;
use entity::kind::WorkState;
use hotline::demo::generate::{self, Order};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const EXPORTS: &str = "/api/v1/exports";

async fn asked(client: &Client, format: &str, filters: Value) -> String {
    let body = json!({ "format": format, "reason": "例会材料", "tickets": filters });
    let made = client.post(EXPORTS, &body).await;
    made.expect(201);
    assert_eq!(made.body["state"], "waiting");
    assert_eq!(
        made.headers["location"].to_str().unwrap(),
        format!("{EXPORTS}/{}", made.text_at("/id"))
    );
    made.text_at("/id")
}

async fn done(app: &TestApp, client: &Client, id: &str) -> Answer {
    app.pass("exports").await;
    let shown = client.get(&format!("{EXPORTS}/{id}")).await;
    shown.expect(200);
    assert_eq!(shown.body["state"], "done", "{}", shown.text);
    shown
}

async fn file(client: &Client, id: &str) -> Vec<u8> {
    let request = client.request("GET", &format!("{EXPORTS}/{id}/file"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// Lines of CSV by the names of their columns.
fn lines(bytes: &[u8]) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = reader.headers().unwrap().clone();
    let line = |line: csv::StringRecord| {
        names
            .iter()
            .map(str::to_owned)
            .zip(line.iter().map(|text| json!(text)))
            .collect()
    };
    reader.records().map(|record| line(record.unwrap())).collect()
}

/// All tickets of a list, page by page.
async fn listed(client: &Client, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client
            .get(&format!("/api/v1/tickets?limit=100&{query}{cursor}"))
            .await;
        all.extend(page.expect(200).body["items"].as_array().unwrap().clone());
        let Some(next) = page.body["next_cursor"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={next}");
    }
}

async fn register(operator: &Client, title: &str) {
    let request = json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": title, "content": "很吵",
        "place": { "address": "羊桥社区" } });
    operator.post("/api/v1/tickets", &request).await.expect(201);
}

on_both! {
    /// More than is read at a time; each line as the list shows it, with the mark of who has the file.
    async fn a_file_holds_what_its_list_holds(app: TestApp) {
        generate::run(&app.app.desk, Order { tickets: 2_300, seed: 7 }, |_| {}).await.unwrap();
        let supervisor = app.staff("supervisor").await;
        for (filters, query) in [(json!({}), ""), (json!({ "state": "closed" }), "state=closed"), (json!({ "overdue": true }), "overdue=true")] {
            let id = asked(&supervisor, "csv", filters).await;
            let shown = done(&app, &supervisor, &id).await;
            let (found, list) = (lines(&file(&supervisor, &id).await), listed(&supervisor, query).await);
            assert_eq!(shown.body["written"], list.len());
            assert_eq!(shown.body["expected"], list.len());
            assert_eq!(found.len(), list.len());
            for (line, row) in found.iter().zip(&list) {
                for name in ["id", "number", "title", "state", "category", "place", "unit_name"] {
                    assert_eq!(line[name], row.get(name).unwrap_or(&json!("")).clone(), "{name}");
                }
                assert_eq!(line["overdue"], row["overdue"].to_string());
                assert_eq!(line["mark"], shown.body["mark"]);
            }
        }
        let id = asked(&supervisor, "xlsx", json!({ "state": "closed" })).await;
        let shown = done(&app, &supervisor, &id).await;
        let bytes = file(&supervisor, &id).await;
        assert_eq!(shown.body["size_bytes"], bytes.len());
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("工单1").unwrap();
        let list = listed(&supervisor, "state=closed").await;
        assert_eq!(range.height(), list.len() + 1);
        assert_eq!(range.get_value((1, 2)), Some(&Data::String(list[0]["title"].as_str().unwrap().into())));
        assert_eq!(range.get_value((1, 3)), Some(&Data::String("结案".into())));
        assert!(matches!(range.get_value((1, 17)), Some(Data::DateTime(_))), "{:?}", range.get_value((1, 17)));
    }

    /// By words, and of a unit: the file knows no more than its list.
    async fn a_file_ends_where_the_rights_do(app: TestApp) {
        let operator = app.staff("operator").await;
        register(&operator, "=HYPERLINK(\"http://x\")").await;
        register(&operator, "路灯不亮").await;
        let lead = app.staff("lead-440703002101").await;
        let id = asked(&lead, "csv", json!({ "q": "HYPERLINK" })).await;
        done(&app, &lead, &id).await;
        let found = lines(&file(&lead, &id).await);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["title"], "'=HYPERLINK(\"http://x\")", "no formula of a resident's is run");
        // Nobody else has it, by no way.
        for other in ["supervisor", "lead-440703005101"] {
            let other = app.staff(other).await;
            other.get(&format!("{EXPORTS}/{id}")).await.problem(404, "not_found");
            other.get(&format!("{EXPORTS}/{id}/file")).await.problem(404, "not_found");
            assert_eq!(other.get(EXPORTS).await.body["items"], json!([]));
        }
        let far = app.staff("lead-440703005101").await;
        let id = asked(&far, "csv", json!({})).await;
        done(&app, &far, &id).await;
        assert_eq!(lines(&file(&far, &id).await).len(), 0);
        operator.post(EXPORTS, &json!({ "format": "csv", "reason": "例会材料", "tickets": {} })).await.problem(403, "forbidden");
        // Whoever asked, and whoever had it, is known.
        let auditor = app.staff("auditor").await;
        let log = auditor.get("/api/v1/audit?action=get_export_file").await;
        assert_eq!(log.expect(200).body["items"].as_array().unwrap().len(), 2, "{}", log.text);
    }

    /// Rights that end before the file is written end it.
    async fn a_role_that_ended_writes_no_file(app: TestApp) {
        let lead = app.staff("lead-440703002101").await;
        let id = asked(&lead, "csv", json!({})).await;
        let me = lead.get("/api/v1/me").await.text_at("/id");
        app.staff("secadmin").await.change("POST", &format!("/api/v1/staff/{me}/disable"), "\"1\"", &json!({ "reason": "离职" })).await.expect(200);
        app.pass("exports").await;
        let row = export::Entity::find_by_id(ExportId(id.parse().unwrap())).one(app.app.kit().db.read());
        let row = row.await.unwrap().unwrap();
        assert_eq!((row.state.word(), row.failure.as_deref()), ("failed", Some("forbidden")));
    }

    /// A program exports what is its own, with leave to.
    async fn a_program_exports_its_own(app: TestApp) {
        let poor = app.client(json!(["tickets:read"])).await;
        let poor = app.program(&poor).await;
        let body = json!({ "format": "csv", "reason": "每日同步", "tickets": {} });
        poor.post(EXPORTS, &body).await.problem(403, "scope_missing");
        let made = app.client(json!(["tickets:read", "tickets:write", "exports:write"])).await;
        let program = app.program(&made).await;
        register(&app.staff("operator").await, "别人的").await;
        register(&program, "自己的").await;
        let id = asked(&program, "csv", json!({})).await;
        done(&app, &program, &id).await;
        let found = lines(&file(&program, &id).await);
        assert_eq!(found.iter().map(|line| line["title"].as_str().unwrap()).collect::<Vec<_>>(), ["自己的"]);
    }

    /// A few at a time; one that is given up goes with its file, and one that is old, too.
    async fn files_go(app: TestApp) {
        let supervisor = app.staff("supervisor").await;
        let blobs = app.folder.path().join("attachments/exports");
        let kept = || std::fs::read_dir(&blobs).map_or(0, Iterator::count);
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(asked(&supervisor, "csv", json!({})).await);
        }
        let body = json!({ "format": "csv", "reason": "例会材料", "tickets": {} });
        supervisor.post(EXPORTS, &body).await.problem(409, "conflict");
        let first = format!("{EXPORTS}/{}", ids[0]);
        supervisor.get(&format!("{first}/file")).await.problem(404, "not_found");
        supervisor.send(supervisor.request("DELETE", &first)).await.expect(204);
        assert_eq!(supervisor.get(&first).await.body["state"], "cancelled");
        for _ in 0..3 {
            app.pass("exports").await;
        }
        assert_eq!(kept(), 2);
        let second = format!("{EXPORTS}/{}", ids[1]);
        supervisor.send(supervisor.request("DELETE", &second)).await.expect(204);
        supervisor.get(&format!("{second}/file")).await.problem(404, "not_found");
        app.pass("exports_sweep").await;
        assert_eq!(kept(), 1);
        supervisor.get(&second).await.problem(404, "not_found");
        assert_eq!(supervisor.get(EXPORTS).await.body["items"].as_array().unwrap().len(), 1);
        app.turn(TimeDelta::days(7));
        app.pass("exports_sweep").await;
        assert_eq!(kept(), 0);
        let supervisor = app.staff("supervisor").await;
        supervisor.get(&format!("{EXPORTS}/{}", ids[2])).await.problem(404, "not_found");
    }

    /// What can't be is told at once, by the field of the body.
    async fn bad_filters_are_told(app: TestApp) {
        let supervisor = app.staff("supervisor").await;
        let body = |filters: Value| json!({ "format": "csv", "reason": "例会材料", "tickets": filters });
        for (filters, pointer, rule) in [
            (json!({ "queue": "nowhere" }), "/tickets/queue", "one_of"),
            (json!({ "category": "x" }), "/tickets/category", "form"),
            (json!({ "number": "1" }), "/tickets/number", "form"),
            (json!({ "q": "、" }), "/tickets/q", "form"),
            (json!({ "place_id": uuid::Uuid::nil() }), "/tickets/place_id", "unknown"),
        ] {
            let refused = supervisor.post(EXPORTS, &body(filters)).await;
            refused.problem(422, "invalid_input");
            assert_eq!(refused.rule(pointer), Some(rule), "{}", refused.text);
        }
        supervisor.post(EXPORTS, &body(json!({ "limit": 5 }))).await.problem(422, "invalid_input");
        let short = supervisor.post(EXPORTS, &json!({ "format": "csv", "reason": "例", "tickets": {} })).await;
        assert_eq!(short.problem(422, "invalid_input").rule("/reason"), Some("too_short"));
        supervisor.post(EXPORTS, &json!({ "format": "pdf", "reason": "例会材料", "tickets": {} })).await.problem(422, "invalid_input");
        assert_eq!(supervisor.get(EXPORTS).await.body["items"], json!([]));
    }

    /// An export whose process died is begun anew by another one; what it had written does not stand in the way.
    async fn a_dead_process_is_followed(app: TestApp) {
        let supervisor = app.staff("supervisor").await;
        register(&app.staff("operator").await, "路灯不亮").await;
        let id = asked(&supervisor, "csv", json!({})).await;
        let dead = export::ActiveModel {
            id: Set(ExportId(id.parse().unwrap())),
            state: Set(WorkState::Running),
            attempts: Set(1),
            written: Set(5),
            leased_by: Set(Some(uuid::Uuid::nil())),
            leased_until: Set(Some(app.app.kit().now() + TimeDelta::seconds(60))),
            ..Default::default()
        };
        let write = app.app.kit().db.write("test.dead", dead, |tx, dead| Box::pin(async move { Ok(dead.clone().update(tx).await?) }));
        write.await.unwrap();
        app.pass("exports").await;
        assert_eq!(supervisor.get(&format!("{EXPORTS}/{id}")).await.body["state"], "running");
        app.turn(TimeDelta::seconds(61));
        done(&app, &supervisor, &id).await;
        assert_eq!(lines(&file(&supervisor, &id).await).len(), 1);
    }

    /// Two instances never write the same export.
    async fn two_instances_share_the_work(app: TestApp) {
        let other = app.second().await;
        let supervisor = app.staff("supervisor").await;
        for _ in 0..3 {
            asked(&supervisor, "csv", json!({})).await;
        }
        for _ in 0..3 {
            tokio::join!(app.pass("exports"), other.pass("exports"));
        }
        let all = supervisor.get(EXPORTS).await;
        let states: BTreeSet<&str> = all.body["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap()).collect();
        assert_eq!(states, BTreeSet::from(["done"]));
        let rows = export::Entity::find().all(app.app.kit().db.read()).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.attempts).sum::<i32>(), 3);
    }
}
