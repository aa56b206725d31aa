//! Files of lines: each line taken or refused by itself, told of, and never taken twice.

use crate::on_both;
use crate::support::{Answer, Client, TestApp, fresh_key};
use entity::id::ImportId;
use entity::kind::WorkState;
use entity::{import, resident, ticket};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

const IMPORTS: &str = "/api/v1/imports";
const PEOPLE: &str = "kind,name,phone,id_number,email,address,unit_code,labels\n";
const TICKETS: &str = "former_number,registered_at,closed_at,channel,category,request_type,unit_code,handled_by,title,content,reply,result,requester_name,requester_phone\n";
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn send(client: &Client, path: &str, media: &str, file: impl Into<reqwest::Body>) -> Answer {
    let request = client.request("POST", &format!("{IMPORTS}/{path}"));
    let request = request
        .header("content-type", media)
        .header("Idempotency-Key", fresh_key());
    client.send(request.body(file)).await
}

async fn sent(client: &Client, path: &str, file: &str) -> String {
    let made = send(client, path, "text/csv", file.to_owned()).await;
    made.expect(201);
    assert_eq!(made.body["state"], "waiting");
    made.text_at("/id")
}

async fn done(app: &TestApp, client: &Client, id: &str) -> Answer {
    app.pass("imports").await;
    let shown = client.get(&format!("{IMPORTS}/{id}")).await;
    shown.expect(200);
    shown
}

fn counts(shown: &Answer) -> [i64; 4] {
    ["lines", "created", "unchanged", "refused"].map(|name| shown.body[name].as_i64().unwrap())
}

async fn lines(client: &Client, id: &str, query: &str) -> Vec<Value> {
    let page = client
        .get(&format!("{IMPORTS}/{id}/lines?limit=100{query}"))
        .await;
    page.expect(200).body["items"].as_array().unwrap().clone()
}

async fn residents(app: &TestApp) -> u64 {
    resident::Entity::find()
        .count(app.app.kit().db.read())
        .await
        .unwrap()
}

fn files(app: &TestApp) -> usize {
    std::fs::read_dir(app.folder.path().join("attachments/imports")).map_or(0, Iterator::count)
}

on_both! {
    /// A try writes nothing and tells the same as what follows; once more, nothing is new.
    async fn lines_are_taken_and_told_of(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let before = residents(&app).await;
        let file = format!("\u{feff}{PEOPLE}person,示例甲,13812340001,,,,440703002101,独居老人\nmerchant,示例店,0750-3322110,,,,440703002101,\n\
            person,示例甲,138 1234 0001,,,,440703002101,\nghost,,77x,,,,nowhere,\nperson,短\n");
        let tried = sent(&admin, "residents?dry_run=true", &file).await;
        let tried = done(&app, &admin, &tried).await;
        assert_eq!((tried.body["state"].as_str(), counts(&tried)), (Some("done"), [5, 2, 1, 2]), "{}", tried.text);
        assert_eq!(residents(&app).await, before);

        let id = sent(&admin, "residents", &file).await;
        assert_eq!(counts(&done(&app, &admin, &id).await), [5, 2, 1, 2]);
        assert_eq!(residents(&app).await, before + 2);
        assert_eq!(files(&app), 0, "the file holds what is about persons: it goes when it is read");
        let told = lines(&admin, &id, "").await;
        let outcomes: Vec<(i64, &str)> = told.iter().map(|one| (one["line"].as_i64().unwrap(), one["outcome"].as_str().unwrap())).collect();
        assert_eq!(outcomes, [(2, "created"), (3, "created"), (4, "unchanged"), (5, "refused"), (6, "refused")]);
        assert!(told[0]["subject_id"].is_string() && told[2]["message"].as_str().unwrap().contains("line 2"));
        let wrong = told[3]["message"].as_str().unwrap();
        assert!(["kind", "name", "phone", "unit_code"].iter().all(|column| wrong.contains(column)) && !wrong.contains("77x"), "{wrong}");
        assert_eq!(lines(&admin, &id, "&outcome=refused").await.len(), 2);

        let again = sent(&admin, "residents", &file).await;
        assert_eq!(counts(&done(&app, &admin, &again).await), [5, 0, 3, 2]);
        assert_eq!(residents(&app).await, before + 2);
        let list = admin.get(IMPORTS).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), 3);
    }

    /// The same from a workbook, where telephone numbers are numbers.
    async fn a_workbook_is_read_alike(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, head) in (0..).zip(PEOPLE.trim().split(',')) {
            sheet.write_string(0, column, head).unwrap();
        }
        sheet.write_string(1, 0, "person").unwrap();
        sheet.write_string(1, 1, "示例乙").unwrap();
        sheet.write_number(1, 2, 13_812_340_002.0).unwrap();
        let made = send(&admin, "residents", WORKBOOK, book.save_to_buffer().unwrap()).await;
        let shown = done(&app, &admin, &made.expect(201).text_at("/id")).await;
        assert_eq!(counts(&shown), [1, 1, 0, 0], "{:?}", lines(&admin, &made.text_at("/id"), "").await);
    }

    /// A file tells who is in the register: nobody asks so who may not know it.
    async fn only_an_administrator_brings_files_in(app: TestApp) {
        for who in ["lead-440703002101", "operator", "supervisor", "secadmin"] {
            let who = app.staff(who).await;
            for kind in ["residents", "staff", "tickets"] {
                send(&who, kind, "text/csv", PEOPLE).await.problem(403, "forbidden");
            }
        }
        assert_eq!(files(&app), 0);
    }

    /// Accounts can log in, and may do nothing yet.
    async fn staff_come_without_roles(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let file = "user_name,display_name,password\nnew.one,示例甲,a-long-enough-pass-1\nsupervisor,别人,a-long-enough-pass-1\nX,示例乙,short\nnew.one,示例甲,a-long-enough-pass-1\n";
        let id = sent(&admin, "staff", file).await;
        let shown = done(&app, &admin, &id).await;
        assert_eq!(counts(&shown), [4, 1, 1, 2], "{:?}", lines(&admin, &id, "").await);
        let told = lines(&admin, &id, "&outcome=refused").await;
        assert!(!serde_json::to_string(&told).unwrap().contains("short"), "passwords are not repeated: {told:?}");
        let login = json!({ "user_name": "new.one", "password": "a-long-enough-pass-1" });
        let in_now = app.nobody().post("/api/v1/auth/staff", &login).await;
        let newcomer = app.with_token(in_now.expect(200).body["access_token"].as_str().unwrap());
        newcomer.get("/api/v1/me").await.expect(200);
        newcomer.get("/api/v1/tickets").await.problem(403, "forbidden");
    }

    /// Tickets of a former system are found, read and verified where their units and requesters are; no clock runs, nobody is
    /// told, and they come over once.
    async fn tickets_come_over_as_they_ended(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let good = "OLD-1,2024-03-01 09:30:00,2024-03-04 16:00:00,phone,120302,complaint,440703002101,,旧广场舞噪声,夜里很吵,已劝导,solved,示例甲,13812340001\n";
        // Who has the number by now is not taken for who asked then, unless the name is the same.
        let person = json!({ "kind": "person", "name": "示例甲", "phone": "13812340001" });
        app.staff("operator").await.post("/api/v1/residents", &person).await.expect(201);
        let other = "OLD-4,2025-03-01,2025-03-04,phone,120302,complaint,440703002101,,旧路灯,不亮,,,示例乙,13812340001\n";
        let id = sent(&admin, "tickets", &format!("{TICKETS}{other}")).await;
        done(&app, &admin, &id).await;
        assert_eq!(app.resident("13812340001").await.get("/api/v1/tickets").await.body["items"], json!([]));
        let file = format!("{TICKETS}{good}{}{}{}",
            "OLD-2,2024-03-02,2024-03-01,phone,120302,complaint,440703002101,,标题,内容,,,,\n",
            "OLD-3,2024-03-02,2034-03-01,pigeon,999999,shout,nowhere,nowhere,,,,great,,1\n", good);
        let id = sent(&admin, "tickets", &file).await;
        let shown = done(&app, &admin, &id).await;
        assert_eq!(counts(&shown), [4, 1, 1, 2], "{:?}", lines(&admin, &id, "").await);
        let told = lines(&admin, &id, "").await;
        let wrong = told[2]["message"].as_str().unwrap();
        for column in ["title", "closed_at", "channel", "category", "request_type", "unit_code", "handled_by", "result", "requester_phone"] {
            assert!(wrong.contains(column), "{column}: {wrong}");
        }
        let ticket = told[0]["subject_id"].as_str().unwrap().to_owned();
        app.settle().await;
        let path = format!("/api/v1/tickets/{ticket}");
        let supervisor = app.staff("supervisor").await;
        let seen = supervisor.get(&path).await;
        seen.expect(200);
        assert_eq!(
            [&seen.body["state"], &seen.body["result"], &seen.body["created_at"], &seen.body["closed_at"], &seen.body["unit_name"]],
            ["archived", "solved", "2024-03-01T01:30:00Z", "2024-03-04T08:00:00Z", "羊桥社区"]
        );
        assert_eq!((&seen.body["clocks"], &seen.body["actions"]), (&json!([]), &json!([])));
        assert!(seen.body["number"].as_str().unwrap().starts_with("240301"));
        assert_eq!(seen.body["timeline"][0]["kind"], "imported");
        assert_eq!(seen.body["timeline"][0]["data"]["former_number"], "OLD-1");
        assert_eq!(supervisor.get(&format!("{path}/verify")).await.body["intact"], true);
        for (query, count) in [("q=旧广场舞", 1), ("state=archived", 2), ("to=2024-04-01T00:00:00Z", 1)] {
            let found = supervisor.get(&format!("/api/v1/tickets?{query}")).await;
            let items = found.expect(200).body["items"].as_array().unwrap();
            assert_eq!(items.len(), count, "{query}: {}", found.text);
        }
        // Whoever handled it, and whoever asked.
        app.staff("lead-440703002101").await.get(&path).await.expect(200);
        app.staff("lead-440703005101").await.get(&path).await.problem(404, "not_found");
        let asked = app.resident("13812340001").await;
        assert_eq!(asked.get("/api/v1/tickets").await.body["items"][0]["id"], ticket);
        assert_eq!(asked.get(&path).await.expect(200).body["timeline"][0]["public_text"], "已劝导");
        assert_eq!(entity::notice::Entity::find().count(app.app.kit().db.read()).await.unwrap(), 0);
        let again = sent(&admin, "tickets", &file).await;
        assert_eq!(counts(&done(&app, &admin, &again).await), [4, 0, 2, 2]);
        assert_eq!(ticket::Entity::find().count(app.app.kit().db.read()).await.unwrap(), 2);
    }

    /// After a crash another process goes on behind the last line that was dealt with.
    async fn it_goes_on_where_it_was(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let before = residents(&app).await;
        let file = (0..450).fold(PEOPLE.to_owned(), |text, n| text + &format!("person,示例{n},1381234{n:04},,,,440703002101,\n"));
        let id = sent(&admin, "residents", &file).await;
        let dead = import::ActiveModel {
            id: Set(ImportId(id.parse().unwrap())),
            state: Set(WorkState::Running),
            lines: Set(400),
            created: Set(400),
            attempts: Set(2),
            leased_by: Set(Some(uuid::Uuid::nil())),
            leased_until: Set(Some(app.app.kit().now() + chrono::TimeDelta::seconds(60))),
            ..Default::default()
        };
        let db = &app.app.kit().db;
        db.write("test.dead", dead, |tx, dead| Box::pin(async move { Ok(dead.clone().update(tx).await?) })).await.unwrap();
        app.pass("imports").await;
        assert_eq!(residents(&app).await, before, "somebody else may still have it");
        app.turn(chrono::TimeDelta::seconds(61));
        let shown = done(&app, &admin, &id).await;
        assert_eq!((shown.body["state"].as_str(), counts(&shown)), (Some("done"), [450, 450, 0, 0]));
        assert_eq!(residents(&app).await, before + 50);
        assert_eq!(lines(&admin, &id, "").await[0]["line"], 402);
    }

    /// Two instances share the work, and no line is taken twice.
    async fn two_instances_share_the_work(app: TestApp) {
        let other = app.second().await;
        let admin = app.staff("sysadmin").await;
        let before = residents(&app).await;
        let mut ids = Vec::new();
        for part in 0..3 {
            let file = (0..250).fold(PEOPLE.to_owned(), |text, n| text + &format!("person,示例{part}-{n},138{part}234{n:04},,,,440703002101,\n"));
            ids.push(sent(&admin, "residents", &file).await);
        }
        let more = send(&admin, "residents", "text/csv", PEOPLE).await;
        more.problem(409, "conflict");
        for _ in 0..3 {
            tokio::join!(app.pass("imports"), other.pass("imports"));
        }
        for id in ids {
            assert_eq!(counts(&done(&app, &admin, &id).await), [250, 250, 0, 0]);
        }
        assert_eq!(residents(&app).await, before + 750);
    }

    /// A repeat is the same import; with other bytes, or as a try, it is another request.
    async fn a_repeat_is_the_same_import(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let put = async |query: &str, file: String| {
            let request = admin.request("POST", &format!("{IMPORTS}/residents{query}")).header("content-type", "text/csv");
            admin.send(request.header("Idempotency-Key", "one").body(file)).await
        };
        let first = put("", PEOPLE.to_owned()).await;
        let again = put("", PEOPLE.to_owned()).await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        put("", format!("{PEOPLE}x")).await.problem(422, "idempotency_key_reused");
        put("?dry_run=true", PEOPLE.to_owned()).await.problem(422, "idempotency_key_reused");
        assert_eq!(import::Entity::find().count(app.app.kit().db.read()).await.unwrap(), 1);
        assert_eq!(files(&app), 1);
    }

    /// What is no such file changes nothing, and says what is wrong.
    async fn other_files_are_refused(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        send(&admin, "residents", "application/json", "{}").await.problem(415, "unsupported_media_type");
        send(&admin, "residents", "text/csv", "").await.problem(422, "file_empty");
        send(&admin, "people", "text/csv", PEOPLE).await.problem(405, "method_not_allowed");
        let unkeyed = admin.request("POST", &format!("{IMPORTS}/residents")).header("content-type", "text/csv").body(PEOPLE);
        admin.send(unkeyed).await.problem(400, "idempotency_key_missing");
        for text in ["name,phone\n", "{}", "kind", "\n"] {
            let refused = send(&admin, "residents", "text/csv", text).await;
            assert!(refused.problem(400, "malformed_body").text.contains("kind,name,phone"), "{}", refused.text);
        }
        let admin_imports = import::Entity::find().count(app.app.kit().db.read()).await.unwrap();
        assert_eq!((admin_imports, files(&app)), (0, 0));
        for (media, bytes) in [
            (WORKBOOK, b"PK".to_vec()),
            (WORKBOOK, PEOPLE.into()),
        ] {
            let made = send(&admin, "residents", media, bytes).await;
            let shown = done(&app, &admin, &made.expect(201).text_at("/id")).await;
            assert_eq!((&shown.body["state"], &shown.body["failure"]), (&json!("failed"), &json!("malformed_body")), "{}", shown.text);
        }
        assert_eq!(files(&app), 0);
    }

    /// Reports go when they are old or given up; what was written stays.
    async fn reports_go(app: TestApp) {
        let admin = app.staff("sysadmin").await;
        let before = residents(&app).await;
        let file = format!("{PEOPLE}person,示例甲,13812340001,,,,440703002101,\n");
        let (first, second) = (sent(&admin, "residents", &file).await, sent(&admin, "residents", &file).await);
        done(&app, &admin, &first).await;
        let gone = |id: &str| admin.send(admin.request("DELETE", &format!("{IMPORTS}/{id}")));
        gone(&second).await.expect(204);
        gone(&first).await.expect(204);
        assert_eq!(done(&app, &admin, &second).await.body["state"], "cancelled");
        assert_eq!(done(&app, &admin, &first).await.body["state"], "done");
        for _ in 0..4 {
            app.pass("imports_sweep").await;
        }
        assert_eq!(files(&app), 0);
        admin.get(&format!("{IMPORTS}/{first}")).await.problem(404, "not_found");
        assert_eq!(admin.get(IMPORTS).await.body["items"], json!([]));
        assert_eq!(residents(&app).await, before + 1);
    }
}

/// A file that is larger than may be is refused before it fills the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_has_an_end() {
    let app = TestApp::start_with(crate::support::Backend::Sqlite, |config| {
        config.bulk.max_import_bytes = 100_000
    })
    .await;
    let admin = app.staff("sysadmin").await;
    send(
        &admin,
        "residents",
        "text/csv",
        format!("{PEOPLE}{}", "x".repeat(100_001)),
    )
    .await
    .problem(413, "body_too_large");
    assert_eq!(files(&app), 0);
    assert_eq!(
        import::Entity::find()
            .count(app.app.kit().db.read())
            .await
            .unwrap(),
        0
    );
    app.stop().await;
}
