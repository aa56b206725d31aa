//! Calendars of public holidays as they circulate (iCalendar).

use super::*;
use crate::administration::{audited, entries};
use crate::on_both;
use crate::support::{Client, fresh_key};

const IMPORTS: &str = "/api/v1/calendar/imports";

fn calendar(events: &[(&str, &str, &str)]) -> String {
    let events: String = events
        .iter()
        .map(|(first, end, summary)| {
            format!(
                "BEGIN:VEVENT\r\nUID:{first}@example\r\nDTSTAMP:20261110T000000Z\r\nDTSTART;VALUE=DATE:{first}\r\n\
                 DTEND;VALUE=DATE:{end}\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\n"
            )
        })
        .collect();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//zh\r\nX-WR-CALNAME:节假日（示例）\r\n{events}END:VCALENDAR\r\n"
    )
}

async fn send(client: &Client, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client
        .request("POST", IMPORTS)
        .header("Idempotency-Key", fresh_key());
    client
        .send(request.header("Content-Type", media_type).body(body))
        .await
}

async fn year(app: &TestApp, year: i32) -> Value {
    let known = app.nobody().get(&format!("/api/v1/calendar?year={year}")).await;
    known.expect(200).body.clone()
}

on_both! {
    /// Two years at once; what was counted into them is counted again.
    async fn holidays_are_read(app: TestApp) {
        app.turn(TimeDelta::days(34));
        app.settle().await;
        let ticket = dancing(&app, "羊桥社区").await;
        assert_eq!(clock(&app, &ticket, "resolve").await["provisional"], true);
        let before = year(&app, 2027).await;
        let text = calendar(&[
            ("20270101", "20270104", "元旦 休"), ("20271001", "20271008", "国庆节 休"), ("20270926", "20270927", "国庆节 班"),
            ("20271009", "20271010", "国庆节（班）"), ("20280101", "20280104", "元旦放假"), ("20280501", "20280504", "劳动节 休"),
        ]);
        let sysadmin = app.staff("sysadmin").await;
        // The days of New Year that lie in the next year are not that year.
        let head = calendar(&[("20271001", "20271008", "国庆节 休"), ("20271231", "20280103", "元旦 休")]);
        let refused = send(&sysadmin, "text/calendar", head).await;
        assert!(refused.problem(422, "calendar_contradiction").rule("/2028").is_some(), "{}", refused.text);
        let answer = send(&sysadmin, "text/calendar; charset=utf-8", text.clone()).await;
        answer.expect(200);
        let now = year(&app, 2027).await;
        assert_eq!(answer.body["items"], json!([now, year(&app, 2028).await]));
        assert_eq!((&now["status"], &now["source"], &now["version"]), (&json!("official"), &json!("节假日（示例）"), &json!(before["version"].as_i64().unwrap() + 1)));
        assert_eq!(now["work"], json!(["2027-09-26", "2027-10-09"]));
        assert_eq!(now["off"].as_array().unwrap().len(), 10);
        assert_eq!(year(&app, 2028).await["off"], json!(["2028-01-01", "2028-01-02", "2028-01-03", "2028-05-01", "2028-05-02", "2028-05-03"]));
        audited(&app, "import_calendar", "system_admin", &json!("2028")).await;
        counted_again(&app).await;
        let seen = clock(&app, &ticket, "resolve").await;
        assert_eq!((&seen["provisional"], &seen["recount_due_at"]), (&json!(false), &Value::Null));

        let key = fresh_key();
        let again = async |body: String| {
            let request = sysadmin.request("POST", IMPORTS).header("Idempotency-Key", &key).header("Content-Type", "text/calendar");
            sysadmin.send(request.body(body)).await
        };
        let first = again(text.clone()).await;
        let second = again(text.clone()).await;
        assert_eq!((first.expect(200).body.clone(), second.headers["idempotent-replayed"].to_str().unwrap()), (second.body.clone(), "true"));
        again(calendar(&[("20270101", "20270104", "元旦 休")])).await.problem(422, "idempotency_key_reused");
    }

    /// What says nothing, contradicts itself or is no calendar changes nothing.
    async fn wrong_calendars_are_refused(app: TestApp) {
        let sysadmin = app.staff("sysadmin").await;
        let known = [year(&app, 2026).await, year(&app, 2027).await];
        let holiday = ("20271001", "20271008", "国庆节 休");
        for (events, code, pointer, said) in [
            (vec![holiday, ("20271015", "20271016", "重阳节")], "invalid_input", "/VEVENT/1", "重阳节"),
            (vec![holiday, ("20271015", "20271016", "国庆节 休班")], "invalid_input", "/VEVENT/1", "国庆节 休班"),
            (vec![("20271008", "20271001", "国庆节 休")], "invalid_input", "/VEVENT/0", "国庆节 休"),
            (vec![holiday, ("20271003", "20271004", "国庆节 班")], "calendar_contradiction", "/VEVENT/1", "2027-10-03"),
            (vec![holiday, ("20271008", "20271009", "国庆节 班")], "calendar_contradiction", "/VEVENT/1", "2027-10-08"),
            (vec![("20261231", "20270104", "元旦 休")], "calendar_contradiction", "/2026", "a whole year"),
        ] {
            let answer = send(&sysadmin, "text/calendar", calendar(&events)).await;
            assert!(answer.problem(422, code).rule(pointer).is_some() && answer.text.contains(said), "{events:?}: {}", answer.text);
        }
        assert_eq!(send(&sysadmin, "text/calendar", calendar(&[])).await.problem(422, "invalid_input").rule(""), Some("required"));
        assert_eq!(send(&sysadmin, "text/calendar", calendar(&[("19990101", "19990102", "元旦 休")])).await.problem(422, "invalid_input").rule("/1999"), Some("range"));
        for text in [String::new(), "{}".into(), "BEGIN:VCALENDAR".into(), "BEGIN:A\r\n".repeat(20_000)] {
            send(&sysadmin, "text/calendar", text).await.problem(400, "malformed_body");
        }
        send(&sysadmin, "text/calendar", vec![0xff, 0xfe]).await.problem(400, "malformed_body");
        send(&sysadmin, "text/calendar", "x".repeat(262_145)).await.problem(413, "body_too_large");
        send(&sysadmin, "text/plain", calendar(&[holiday])).await.problem(415, "unsupported_media_type");
        send(&app.staff("operator").await, "text/calendar", calendar(&[holiday])).await.problem(403, "forbidden");
        assert_eq!([year(&app, 2026).await, year(&app, 2027).await], known);
        assert_eq!(entries(&app, "import_calendar").await, 1, "the demonstration's own");
    }
}
