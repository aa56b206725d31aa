//! Rosters from files, over HTTP; by the command line in `cli.rs`.

use super::*;
use crate::administration::{audited, entries};
use crate::on_both;
use chrono::TimeDelta;

const HEADER: &str = "unit_code,post,starts_at,ends_at,user_names";
const IMPORT: &str = "/api/v1/duty/import";

async fn send(client: &Client, door: &str, key: &str, text: &str) -> Answer {
    let request = client.request("POST", door).header("Idempotency-Key", key);
    client
        .send(
            request
                .header("Content-Type", "text/csv; charset=utf-8")
                .body(text.to_owned()),
        )
        .await
}

async fn import(client: &Client, text: &str) -> Answer {
    send(client, IMPORT, &fresh_key(), text).await
}

fn counts(answer: &Value) -> (u64, u64, u64, usize) {
    let number = |name: &str| answer[name].as_u64().unwrap();
    let errors = answer["errors"].as_array().unwrap().len();
    (number("created"), number("updated"), number("unchanged"), errors)
}

on_both! {
    /// A month of two communities: tried, written, the same again, and with another handler first.
    async fn a_roster_is_read(app: TestApp) {
        let manager = app.staff(MANAGER).await;
        let line = |day: u32, names: &str| format!("{HERE},duty,2027-01-{day} 08:00,2027-01-{day} 20:00,{names}\n");
        let other = format!("{NEXT_DOOR},duty,2027-01-11T00:00:00Z,2027-01-12T00:00:00Z,handler-a-440703002102\n");
        let text = format!("\u{feff}{HEADER}\n{}{}{other}", line(11, &format!("{A} {B}")), line(12, A));
        let (key, tried) = (fresh_key(), format!("{IMPORT}?dry_run=true"));
        let answer = send(&manager, &tried, &key, &text).await;
        assert_eq!((counts(&answer.expect(200).body), &answer.body["dry_run"]), ((3, 0, 0, 0), &json!(true)));
        let query = "from=2027-01-10T00:00:00Z";
        assert_eq!(listed(&manager, query).await, Vec::<Value>::new());
        assert_eq!(entries(&app, "import_shifts").await, 0);
        send(&manager, IMPORT, &key, &text).await.problem(422, "idempotency_key_reused");

        let key = fresh_key();
        let answer = send(&manager, IMPORT, &key, &text).await;
        assert_eq!(counts(&answer.expect(200).body), (3, 0, 0, 0));
        audited(&app, "import_shifts", "street_manager", &json!("file")).await;
        assert_eq!(send(&manager, IMPORT, &key, &text).await.expect(200).body, answer.body, "a repeat");
        let shifts = listed(&manager, query).await;
        assert_eq!(shifts.len(), 3);
        let first = shifts.iter().find(|shift| shift["starts_at"] == "2027-01-11T00:00:00Z" && shift["unit_name"] == "羊桥社区").unwrap();
        assert_eq!((&first["ends_at"], &first["post"]), (&json!("2027-01-11T12:00:00Z"), &json!("duty")));
        let order: Vec<Value> = first["members"].as_array().unwrap().iter().map(|member| member["staff_id"].clone()).collect();
        assert_eq!(order, ids_of(&app, &[A, B]).await);

        assert_eq!(counts(&import(&manager, &text).await.expect(200).body), (0, 0, 3, 0));
        assert_eq!(entries(&app, "import_shifts").await, 1, "nothing was changed");
        let turned = text.replace(&format!("{A} {B}"), &format!("{B} {A}"));
        assert_eq!(counts(&import(&manager, &turned).await.expect(200).body), (0, 1, 2, 0));
        let seen = manager.get(&path(first)).await;
        assert_eq!((&seen.body["members"][0]["staff_id"], &seen.body["version"]), (&order[1], &json!(2)));

        // After its first days the file can be read again, but not changed there.
        app.turn(TimeDelta::days(48) + TimeDelta::hours(2));
        let manager = app.staff(MANAGER).await;
        assert_eq!(counts(&import(&manager, &turned).await.expect(200).body), (0, 0, 3, 0));
        let answer = import(&manager, &text).await;
        answer.problem(422, "invalid_input");
        assert_eq!(answer.body["report"]["errors"][0]["line"], "line 2", "{}", answer.text);
        assert_eq!(listed(&manager, query).await.len(), 3);
    }

    /// Every line that is wrong is told, and nothing is written.
    async fn wrong_lines_are_told(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let times = "2027-01-11 08:00,2027-01-11 20:00";
        let lines = [
            (format!("{HERE},duty,{times},{A}"), ""),
            (format!("{HERE},duty,{times},{A} {B}"), "the same shift stands in line 2"),
            (format!("{NEXT_DOOR},duty,{times},handler-a-440703002102"), "unit_code: there is no unit 440703002102"),
            (format!("999,guard,{times},{A}"), "unit_code"),
            (format!("999,guard,{times},{A}"), "post: guard is none"),
            (format!("{HERE},shift_lead,{times},{A}"), "post: the unit has no shift_lead"),
            (format!("{HERE},duty,morgen,2027-01-11 20:00,{A}"), "starts_at: morgen"),
            (format!("{HERE},duty,2027-01-11 08:00,2027-01-13 08:01,{A}"), "ends_at"),
            (format!("{HERE},duty,2027-01-11 08:00,2027-01-11 08:00,{A}"), "ends_at"),
            (format!("{HERE},duty,2026-11-24 00:00,2026-11-24 08:59,{A}"), "ends_at"),
            (format!("{HERE},duty,2027-01-12 08:00,2027-01-12 20:00,{A} nobody.here"), "there is no nobody.here"),
            (format!("{HERE},duty,2027-01-12 08:00,2027-01-12 20:00,handler-a-440703002102"), "user_names: handler-a-440703002102 must be"),
            (format!("{HERE},duty,2027-01-13 08:00,2027-01-13 20:00,{A} {A}"), "user_names/1 exists already"),
            (format!("{HERE},duty,2027-01-13 08:00,2027-01-13 20:00,"), "user_names is required"),
            (format!("{HERE},duty,{times}"), "fields"),
        ];
        let text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
        let text = format!("{HEADER}\n{text}");
        let answer = import(&lead, &text).await;
        answer.problem(422, "invalid_input");
        let report = &answer.body["report"];
        assert_eq!((&report["created"], &report["dry_run"]), (&json!(0), &json!(false)));
        let told = |at: usize| -> String {
            let errors = report["errors"].as_array().unwrap().iter();
            let here = errors.filter(|error| error["line"] == format!("line {at}"));
            here.map(|error| error["message"].as_str().unwrap().to_owned() + "\n").collect()
        };
        for ((line, wanted), at) in lines.iter().zip(2..) {
            let told = told(at);
            assert!(told.contains(wanted) && wanted.is_empty() == told.is_empty(), "{at} {line}: {told}");
        }
        let tried = send(&lead, &format!("{IMPORT}?dry_run=true"), &fresh_key(), &text).await;
        assert_eq!((&tried.expect(200).body["errors"], &tried.body["dry_run"]), (&report["errors"], &json!(true)));
        for text in ["", HEADER, "unit_code;post\n1;2\n", "\"", "unit_code,post,starts_at,ends_at,user_names,x\n1,2,3,4,5,6\n"] {
            import(&lead, text).await.problem(422, "invalid_input");
        }
        assert_eq!(listed(&lead, "from=2027-01-01T00:00:00Z").await, Vec::<Value>::new());
        assert_eq!(entries(&app, "import_shifts").await, 0);

        let json = lead.request("POST", IMPORT).header("Idempotency-Key", fresh_key()).json(&json!({}));
        lead.send(json).await.problem(415, "unsupported_media_type");
        let latin = lead.request("POST", IMPORT).header("Idempotency-Key", fresh_key()).header("Content-Type", "text/csv");
        lead.send(latin.body(vec![0xff, 0xfe, 0x41])).await.problem(400, "malformed_body");
        send(&lead, &format!("{IMPORT}?dry_run=perhaps"), &fresh_key(), &text).await.problem(400, "malformed_query");
        let large = format!("{HEADER}\n{}", "x".repeat(262_144));
        import(&lead, &large).await.problem(413, "body_too_large");
        app.staff(A).await.post(IMPORT, &json!({})).await.problem(403, "forbidden");
    }

    /// Two of the same file at the same moment make its shifts once.
    async fn two_at_once_make_one_roster(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let text = format!("{HEADER}\n{HERE},duty,2027-01-11 08:00,2027-01-11 20:00,{A}\n");
        let both = futures_util::future::join_all((0..4).map(|_| import(&lead, &text))).await;
        let created: u64 = both.iter().map(|answer| counts(&answer.expect(200).body).0).sum();
        assert_eq!(created, 1);
        assert_eq!(listed(&lead, "from=2027-01-01T00:00:00Z").await.len(), 1);
    }
}
