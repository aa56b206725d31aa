//! Queries and cursors.

use super::{but, good, registered};
use crate::on_both;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// Lists, and who may read them.
const LISTS: &[(&str, &str)] = &[
    ("sysadmin", "/api/v1/units"),
    ("sysadmin", "/api/v1/services"),
    ("sysadmin", "/api/v1/staff"),
    ("sysadmin", "/api/v1/deadline-policies"),
    ("sysadmin", "/api/v1/routing-rules"),
    ("sysadmin", "/api/v1/assignment-policies"),
    ("sysadmin", "/api/v1/calendar"),
    ("sysadmin", "/api/v1/calendar/hours"),
    ("sysadmin", "/api/v1/calendar/closures"),
    ("sysadmin", "/api/v1/notices/dead"),
    ("sysadmin", "/api/v1/duty/shifts"),
    ("auditor", "/api/v1/audit"),
    ("secadmin", "/api/v1/clients"),
    ("operator", "/api/v1/tickets"),
    ("operator", "/api/v1/notices"),
];

on_both! {
    /// A parameter that there is not, one that is given twice, one that can't be.
    async fn a_query_is_read_strictly(app: TestApp) {
        for (user_name, door) in LISTS {
            let client = app.staff(user_name).await;
            client.get(door).await.expect(200);
            client.get(&format!("{door}?no_such=1")).await.problem(400, "malformed_query");
            client.get(&format!("{door}?LIMIT=1")).await.problem(400, "malformed_query");
            if !door.ends_with("units") && !door.ends_with("calendar") {
                client.get(&format!("{door}?limit=1&limit=2")).await.problem(400, "malformed_query");
            }
        }
        let operator = app.staff("operator").await;
        for query in [
            "state=lost", "unit_id=羊桥", "staff_id=1", "urgency=p9", "channel=smoke", "request_type=shout",
            "overdue=perhaps", "from=yesterday", "to=2026-11-24", "place_id=x", "resident_id=x",
        ] {
            operator.get(&format!("/api/v1/tickets?{query}")).await.problem(400, "malformed_query");
        }
        let nil = uuid::Uuid::nil();
        for (query, pointer) in [
            ("queue=mine2".to_owned(), "?queue"), ("sort=oldest".into(), "?sort"), ("category=x".into(), "?category"),
            ("category=".into(), "?category"), ("category=1234567890123".into(), "?category"), ("number=1234".into(), "?number"),
            ("number=261124482917305".into(), "?number"), (format!("place_id={nil}"), "?place_id"),
            (format!("q={}", "长".repeat(51)), "?q"), ("q=".into(), "?q"), ("q=%00".into(), "?q"), ("q=!!".into(), "?q"),
            ("number=%00".into(), "?number"), ("category=%00".into(), "?category"),
        ] {
            let answer = operator.get(&format!("/api/v1/tickets?{query}")).await;
            assert!(answer.problem(422, "invalid_input").rule(pointer).is_some(), "{query}: {}", answer.text);
        }
        operator.get(&format!("/api/v1/tickets?q={}", "长".repeat(50))).await.expect(200);
    }

    /// A sign that PostgreSQL can't keep is refused, or finds nothing, on both.
    async fn a_null_sign_finds_nothing(app: TestApp) {
        app.nobody().get("/api/v1/services/%00").await.problem(404, "not_found");
        app.nobody().get("/api/v1/services/0101%00").await.problem(404, "not_found");
        app.nobody().get("/api/v1/callbacks/%00").await.problem(404, "callback_token_invalid");
        app.nobody().get("/api/v1/services?q=%00").await.problem(422, "invalid_input");
        app.nobody().get("/api/v1/services?parent=%00").await.problem(422, "invalid_input");
        let sysadmin = app.staff("sysadmin").await;
        for (method, path, body) in [
            ("PUT", "/api/v1/settings/%00", json!({ "value": 7 })),
            ("PATCH", "/api/v1/services/%00", json!({ "name": "x" })),
        ] {
            sysadmin.change(method, path, "\"1\"", &body).await.problem(404, "not_found");
        }
        app.staff("manager-440703002").await.change("POST", "/api/v1/services/%00/decision", "\"1\"", &json!({ "approve": true })).await.problem(404, "not_found");
        sysadmin.get("/api/v1/staff?q=%00").await.problem(422, "invalid_input");
        app.staff("auditor").await.get("/api/v1/audit?action=%00&subject_id=%00").await.problem(422, "invalid_input");
        app.nobody().post("/api/v1/auth/refresh", &json!({ "refresh_token": "hlr_\u{0}_\u{0}" })).await.problem(401, "token_invalid");
        app.nobody().post("/api/v1/places/locate", &json!({ "place": { "address": "\u{0}" } })).await.problem(422, "invalid_input");
        app.nobody().get("/api/v1/tickets/%00").await.problem(401, "unauthenticated");

        // What is kept as it came, too.
        let units = app.nobody().get("/api/v1/units?kind=community").await;
        let path = format!("/api/v1/units/{}", units.body["items"][0]["id"].as_str().unwrap());
        let etag = app.nobody().get(&path).await.etag();
        let ring = json!([[112.9, 22.5], [113.0, 22.5], [113.0, 22.6], [112.9, 22.5]]);
        let area = json!({ "area": { "type": "Polygon", "coordinates": [ring], "note": "\u{0}" } });
        assert!(sysadmin.change("PATCH", &path, &etag, &area).await.problem(422, "invalid_input").rule("/area").is_some());
        let service = sysadmin.get("/api/v1/services/120302").await;
        let form = json!({ "form": { "type": "object", "title": "\u{0}", "properties": {} } });
        assert!(sysadmin.change("PATCH", "/api/v1/services/120302", &service.etag(), &form).await.problem(422, "invalid_input").rule("/form").is_some());
        let form = json!({ "form": { "type": "object", "properties": { "a\u{0}": { "type": "string" } } } });
        assert!(sysadmin.change("PATCH", "/api/v1/services/120302", &service.etag(), &form).await.problem(422, "invalid_input").rule("/form").is_some());
    }

    /// A cursor is of one list, with one set of filters, for one caller.
    async fn a_cursor_belongs_to_its_list(app: TestApp) {
        let operator = app.staff("operator").await;
        for _ in 0..3 {
            registered(&operator, &good()).await;
        }
        let sysadmin = app.staff("sysadmin").await;
        let cursor = async |client: &crate::support::Client, path: &str| client.get(path).await.text_at("/next_cursor");
        let tickets = cursor(&operator, "/api/v1/tickets?limit=1").await;
        let staff = cursor(&sysadmin, "/api/v1/staff?limit=1").await;
        let services = cursor(&sysadmin, "/api/v1/services?limit=1").await;

        let next = operator.get(&format!("/api/v1/tickets?limit=1&cursor={tickets}")).await;
        assert_eq!(next.expect(200).body["items"].as_array().unwrap().len(), 1);
        // Another size of the page is no other list.
        operator.get(&format!("/api/v1/tickets?limit=2&cursor={tickets}")).await.expect(200);

        for (client, path) in [
            (&operator, format!("/api/v1/tickets?cursor={staff}")),
            (&operator, format!("/api/v1/tickets?cursor={services}")),
            (&operator, format!("/api/v1/tickets?state=dispatched&cursor={tickets}")),
            (&operator, format!("/api/v1/tickets?sort=due&cursor={tickets}")),
            (&operator, format!("/api/v1/notices?cursor={tickets}")),
            (&sysadmin, format!("/api/v1/staff?cursor={tickets}")),
            (&sysadmin, format!("/api/v1/staff?role=operator&cursor={staff}")),
            (&sysadmin, format!("/api/v1/services?cursor={staff}")),
            (&sysadmin, format!("/api/v1/services?q=噪声&cursor={services}")),
            (&sysadmin, format!("/api/v1/deadline-policies?cursor={staff}")),
            (&sysadmin, format!("/api/v1/routing-rules?cursor={staff}")),
        ] {
            client.get(&path).await.problem(400, "invalid_cursor");
        }
        app.staff("operator-b").await.get(&format!("/api/v1/tickets?cursor={tickets}")).await.problem(400, "invalid_cursor");

        for bad in ["", "x", "%00", "AAAAAAAA", "长", &tickets[..tickets.len() - 2], &format!("{tickets}AA"), &"A".repeat(3000)] {
            operator.get(&format!("/api/v1/tickets?cursor={bad}")).await.problem(400, "invalid_cursor");
        }
        // The mark of the list, and behind it what no list ever gave out.
        let bytes = URL_SAFE_NO_PAD.decode(&services).unwrap();
        for key in ["null", "7", "[]", "\"\\u0000\"", "{\"a\":1}", ""] {
            let forged = URL_SAFE_NO_PAD.encode([&bytes[..6], key.as_bytes()].concat());
            sysadmin.get(&format!("/api/v1/services?cursor={forged}")).await.problem(400, "invalid_cursor");
        }
    }

    /// What is asked for by number is found however it is spoken; other people's is not.
    async fn a_number_is_found_however_it_is_spoken(app: TestApp) {
        let operator = app.staff("operator").await;
        let answer = operator.post("/api/v1/tickets", &but(good(), "/title", json!("水管"))).await;
        let spoken = answer.text_at("/ticket/number");
        for number in [spoken.clone(), spoken.replace(' ', ""), spoken.replace(' ', "-")] {
            let found = operator.get(&format!("/api/v1/tickets?number={number}")).await;
            assert_eq!(found.expect(200).body["items"].as_array().unwrap().len(), 1, "{number}");
        }
        let digits = spoken.replace(' ', "");
        let last = digits.chars().last().unwrap().to_digit(10).unwrap();
        let misheard = format!("{}{}", &digits[..14], (last + 1) % 10);
        operator.get(&format!("/api/v1/tickets?number={misheard}")).await.problem(422, "invalid_input");
    }
}
