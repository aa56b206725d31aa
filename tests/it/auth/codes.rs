//! Codes by SMS: five minutes, five attempts, the newest only, once.

use crate::on_both;
use crate::support::{Answer, TestApp};
use chrono::TimeDelta;
use entity::notice;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

const PHONE: &str = "139 0000 0001";

async fn ask(app: &TestApp, phone: &str) -> Answer {
    app.nobody()
        .post("/api/v1/auth/code", &json!({ "phone": phone }))
        .await
}

/// Asks for a code, and reads it in the message that was written last.
async fn code(app: &TestApp, phone: &str) -> String {
    ask(app, phone).await.expect(200);
    let kit = app.app.kit();
    let message = notice::Entity::find()
        .filter(notice::Column::Template.eq("login_code"))
        .order_by_desc(notice::Column::Id)
        .one(kit.db.read())
        .await
        .unwrap()
        .unwrap();
    let text = kit.vault.open_text("notice.body", &message.body_sealed).unwrap();
    text.chars()
        .filter(char::is_ascii_digit)
        .skip("12345".len())
        .take(6)
        .collect()
}

async fn show(app: &TestApp, phone: &str, code: &str) -> Answer {
    show_for(app, phone, code, &Value::Null).await
}

async fn show_for(app: &TestApp, phone: &str, code: &str, resident_id: &Value) -> Answer {
    let body = json!({ "phone": phone, "code": code, "resident_id": resident_id });
    app.nobody().post("/api/v1/auth/code/login", &body).await
}

/// Another code.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

async fn id_of(app: &TestApp, logged_in: &Answer) -> Value {
    let client = app.with_token(&logged_in.text_at("/tokens/access_token"));
    let me = client.get("/api/v1/me").await;
    assert_eq!(me.expect(200).body["kind"], "resident");
    me.body["id"].clone()
}

on_both! {
    /// The right code opens a log-in, once; the number may be typed in any way.
    async fn a_code_works_once(app: TestApp) {
        let right = code(&app, PHONE).await;
        show(&app, "+86 139-0000-0001", &other(&right)).await.problem(401, "code_wrong");
        show(&app, "13900000002", &right).await.problem(401, "code_wrong");
        let first = show(&app, "+86 139-0000-0001", &format!(" {right} ")).await;
        first.expect(200);
        assert_eq!(first.body.get("choose"), None);
        show(&app, PHONE, &right).await.problem(401, "code_wrong");
    }

    /// Twenty at once with one code are one log-in.
    async fn a_code_works_once_at_once(app: TestApp) {
        let right = code(&app, PHONE).await;
        let tries = (0..20).map(|_| {
            let (client, body) = (app.nobody(), json!({ "phone": PHONE, "code": right }));
            tokio::spawn(async move { client.post("/api/v1/auth/code/login", &body).await.status })
        });
        let statuses = futures_util::future::join_all(tries).await;
        let count = |wanted: u16| statuses.iter().filter(|status| matches!(status, Ok(s) if *s == wanted)).count();
        assert_eq!((count(200), count(401)), (1, 19));
    }

    /// After five wrong ones the right one is refused as well.
    async fn five_wrong_codes_are_enough(app: TestApp) {
        let right = code(&app, PHONE).await;
        for _ in 0..5 {
            show(&app, PHONE, &other(&right)).await.problem(401, "code_wrong");
        }
        show(&app, PHONE, &right).await.problem(401, "code_wrong");
        app.turn(TimeDelta::seconds(60));
        let next = code(&app, PHONE).await;
        for _ in 0..4 {
            show(&app, PHONE, &other(&next)).await.problem(401, "code_wrong");
        }
        show(&app, PHONE, &next).await.expect(200);
    }

    /// Five minutes, by the clock; and only the newest.
    async fn a_code_ends(app: TestApp) {
        let first = code(&app, PHONE).await;
        app.turn(TimeDelta::seconds(299));
        show(&app, PHONE, &first).await.expect(200);
        let second = code(&app, PHONE).await;
        app.turn(TimeDelta::seconds(300));
        show(&app, PHONE, &second).await.problem(401, "code_wrong");
        let third = code(&app, PHONE).await;
        app.turn(TimeDelta::seconds(60));
        let fourth = code(&app, PHONE).await;
        if third != fourth {
            show(&app, PHONE, &third).await.problem(401, "code_wrong");
        }
        show(&app, PHONE, &fourth).await.expect(200);
    }

    /// A minute between two codes, five within an hour, and as long as it takes is what the answer says.
    async fn codes_are_not_sent_at_will(app: TestApp) {
        let wait = |answer: &Answer| -> i64 {
            answer.problem(429, "throttled");
            answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
        };
        ask(&app, PHONE).await.expect(200);
        app.turn(TimeDelta::seconds(20));
        assert_eq!(wait(&ask(&app, PHONE).await), 40);
        ask(&app, "13900000002").await.expect(200);
        app.turn(TimeDelta::seconds(39));
        assert_eq!(wait(&ask(&app, PHONE).await), 1);
        app.turn(TimeDelta::seconds(1));
        for _ in 0..4 {
            ask(&app, PHONE).await.expect(200);
            app.turn(TimeDelta::seconds(60));
        }
        let left = wait(&ask(&app, PHONE).await);
        assert_eq!(left, 3600 - 5 * 60);
        app.turn(TimeDelta::seconds(left));
        ask(&app, PHONE).await.expect(200);
    }

    /// Asking twenty times at once sends one message.
    async fn codes_are_not_sent_at_once(app: TestApp) {
        // The later ones find all connections open.
        for phone in ["13900000001", "13900000002", "13900000077", "13900000078"] {
            let tries = (0..20).map(|_| {
                let client = app.nobody();
                tokio::spawn(async move { client.post("/api/v1/auth/code", &json!({ "phone": phone })).await.status })
            });
            let statuses = futures_util::future::join_all(tries).await;
            let count = |wanted: u16| statuses.iter().filter(|status| matches!(status, Ok(s) if *s == wanted)).count();
            assert_eq!((count(200), count(429)), (1, 19), "{phone}");
        }
    }

    /// Who shares a telephone is chosen with the same code.
    async fn a_shared_telephone_chooses_the_person(app: TestApp) {
        let right = code(&app, "13900000003").await;
        let shared = show(&app, "13900000003", &right).await;
        shared.expect(200);
        assert_eq!(shared.body.get("tokens"), None);
        let choose = shared.body["choose"].as_array().unwrap();
        assert_eq!(choose.len(), 2);
        assert!(!shared.text.contains("演示居民"), "names are masked: {}", shared.text);

        let stranger = app.resident("13900000001").await.get("/api/v1/me").await;
        show_for(&app, "13900000003", &right, &stranger.body["id"]).await.problem(401, "code_wrong");
        let chosen = show_for(&app, "13900000003", &right, &choose[1]["resident_id"]).await;
        chosen.expect(200);
        assert_eq!(id_of(&app, &chosen).await, choose[1]["resident_id"]);
        show_for(&app, "13900000003", &right, &choose[0]["resident_id"]).await.problem(401, "code_wrong");
    }

    /// A number that nobody knows gets the same answer, and who shows its code is registered with it.
    async fn an_unknown_number_registers(app: TestApp) {
        let (known, unknown) = (ask(&app, PHONE).await, ask(&app, "139 0000 0099").await);
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
        app.turn(TimeDelta::seconds(60));
        let right = code(&app, "139 0000 0099").await;
        let first = show(&app, "13900000099", &right).await;
        first.expect(200);
        let id = id_of(&app, &first).await;
        let again = app.resident("13900000099").await.get("/api/v1/me").await;
        assert_eq!(again.body["id"], id, "the second time it is the same person");

        for bad in ["0750-3333333", "12", "not a number", ""] {
            ask(&app, bad).await.problem(422, "phone_invalid");
        }
    }
}
