//! The file: a report a line, all lines or none, the secrets of what is new.

use super::*;
use crate::administration::entries;
use crate::on_both;
use crate::support::fresh_key;
use hotline::callbell::commands::devices::secret_of;
use hotline::callbell::import::HEADER;
use hotline::callbell::store;

const IMPORT: &str = "/api/v1/callbell/import";

async fn send(by: &Client, query: &str, key: &str, text: String) -> Answer {
    let request = by
        .request("POST", &format!("{IMPORT}{query}"))
        .header("Idempotency-Key", key)
        .header("Content-Type", "text/csv; charset=utf-8");
    by.send(request.body(text)).await
}

fn file(lines: &[String]) -> String {
    format!("\u{feff}{}\n{}\n", HEADER.join(","), lines.join("\n"))
}

/// A line of 羊桥社区.
fn line(serial: &str, door: &str, kin: &str) -> String {
    format!("{serial},bell,{YANGQIAO},3栋,2单元,{door},{NAME},{PHONE},,{kin},")
}

fn kin(name: &str, phone: &str) -> String {
    format!("{name},{phone},女儿,immediate,2026-11-01T09:00:00+08:00")
}

const NOBODY: &str = ",,,,";

/// Outcomes of the lines.
fn outcomes(answer: &Answer) -> Vec<&str> {
    answer.expect(200);
    let lines = answer.body["report"]["lines"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["outcome"].as_str().unwrap())
        .collect()
}

async fn counts(app: &TestApp) -> (usize, usize) {
    let operator = app.staff("operator").await;
    let homes = ids(&operator.get(&format!("{HOMES}?limit=100")).await).len();
    (
        homes,
        ids(&operator.get(&format!("{DEVICES}?limit=100")).await).len(),
    )
}

on_both! {
    /// Told first, then done, then nothing to do.
    async fn a_file_is_read_with_a_report_a_line(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let (first, second) = (kin(KIN_NAME, KIN_PHONE), kin("司徒亲属丁", "13900000009"));
        let text = file(&[
            line("IMP-1", "501房", &first),
            line("IMP-1", "501房", &second),
            line("IMP-2", "501房", NOBODY),
            line("IMP-3", "502房", &first),
            format!("IMP-4,hub,{YANGQIAO},,,9号,住户九,,请按9号门铃,,,,,,900"),
        ]);
        let before = counts(&app).await;
        let dry = send(&lead, "?dry_run=true", "one file", text.clone()).await;
        let told = ["created", "updated", "created", "created", "created"];
        assert_eq!(outcomes(&dry), told);
        assert_eq!((&dry.body["report"]["dry_run"], &dry.body["report"]["written"], &dry.body["secrets"]), (&json!(true), &json!(false), &json!([])));
        assert_eq!(counts(&app).await, before, "a dry run changes nothing");
        send(&lead, "", "one file", text.clone()).await.problem(422, "idempotency_key_reused");

        let key = fresh_key();
        let done = send(&lead, "", &key, text.clone()).await;
        assert_eq!(outcomes(&done), told);
        let report = &done.body["report"];
        assert_eq!((&report["created"], &report["updated"], &report["wrong"], &report["written"]), (&json!(4), &json!(1), &json!(0), &json!(true)));
        assert_eq!((&report["lines"][0]["line"], &report["lines"][4]["serial"]), (&json!(2), &json!("IMP-4")));
        assert_eq!(counts(&app).await, (before.0 + 3, before.1 + 4), "lines of one door are one home");
        let secrets = done.body["secrets"].as_array().unwrap();
        assert_eq!(secrets.len(), 4);
        let kit = app.app.kit();
        for told in secrets {
            let row = store::devices::by_serial(kit.db.read(), told["serial"].as_str().unwrap()).await.unwrap().unwrap();
            assert_eq!(super::devices::bytes(told["secret"].as_str().unwrap()), secret_of(&kit.vault, &row).unwrap());
        }
        assert_eq!(send(&lead, "", &key, text.clone()).await.body, done.body, "a lost answer can be asked for again");
        assert_eq!(entries(&app, "import_bells").await, 1);

        let device = async |serial: &str| lead.get(&format!("{DEVICES}?q={serial}")).await.body["items"][0].clone();
        let (one, two, hub) = (device("IMP-1").await, device("IMP-2").await, device("IMP-4").await);
        assert_eq!((&one["home_id"], &hub["heartbeat_s"], &hub["kind"]), (&two["home_id"], &json!(900), &json!("hub")));
        let home = lead.get(&format!("{HOMES}/{}", one["home_id"].as_str().unwrap())).await;
        assert_eq!((&home.body["spoken"], &home.body["resident_name"]), (&json!("羊桥社区 3栋 2单元 501房"), &json!("欧****")));
        let names: Vec<&str> = home.body["kin"].as_array().unwrap().iter().map(|kin| kin["phone"].as_str().unwrap()).collect();
        assert_eq!(names, ["137****8765", "139****0009"], "in the order of the lines");

        let again = send(&lead, "", &fresh_key(), text.clone()).await;
        assert_eq!(outcomes(&again), ["unchanged"; 5]);
        assert_eq!((&again.body["secrets"], &again.body["report"]["written"]), (&json!([]), &json!(false)));
        let more = file(&[line("IMP-2", "501房", &kin("司徒亲属戊", "13900000008")), line("IMP-5", "501房", NOBODY)]);
        assert_eq!(outcomes(&send(&lead, "", &fresh_key(), more).await), ["updated", "created"]);
        let home = lead.get(&format!("{HOMES}/{}", one["home_id"].as_str().unwrap())).await;
        assert_eq!(home.body["kin"][2]["phone"], "139****0008");
    }

    /// Every wrong line is told with all that is wrong, and none is written.
    async fn a_file_with_a_wrong_line_changes_nothing(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let before = counts(&app).await;
        let wrong = [
            ("x,whistle,nowhere,3栋,2单元,,,12,,,,,,,".to_owned(), vec!["serial", "kind", "unit_code", "door", "resident_name", "phone"]),
            (line("BAD-1", "501房", "甲,12,,sometimes,yesterday"), vec!["kin_phone", "kin_relation", "kin_policy", "kin_consent_at"]),
            (line("BAD-2", "501房", "甲,13900000009,子,on_ack,"), vec!["kin_consent_at is required"]),
            (format!("{}x", line("BAD-3", "501房", NOBODY)), vec!["heartbeat_s"]),
            (format!("{}59", line("BAD-4", "501房", NOBODY)), vec!["heartbeat_s"]),
            ("BAD-5,bell".to_owned(), vec!["2 fields instead of 15"]),
            (line("DEMO-BELL-1", "501房", NOBODY), vec!["another home"]),
            (format!("BAD-6,bell,{JIANAN},,,1号,{NAME},,,,,,,,"), vec!["unit_code is out of your reach"]),
            (format!("BAD-7,bell,{YANGQIAO},1栋,1单元,101房,{NAME},,,,,,,,"), vec!["resident_name"]),
            (format!("GOOD-1,bell,{YANGQIAO},3栋,2单元,599房,{NAME},,,,,,,,"), vec!["another home"]),
        ];
        let mut lines = vec![line("GOOD-1", "501房", NOBODY)];
        lines.extend(wrong.iter().map(|(line, _)| line.clone()));
        let answer = send(&lead, "", &fresh_key(), file(&lines)).await;
        let told = outcomes(&answer);
        assert_eq!((told[0], told[1..].iter().all(|one| *one == "wrong")), ("created", true), "{}", answer.text);
        for ((_, words), at) in wrong.iter().zip(1..) {
            let message = answer.body["report"]["lines"][at]["message"].as_str().unwrap();
            for word in words {
                assert!(message.contains(word), "{at} {word}: {message}");
            }
        }
        assert!(!answer.text.contains(NAME) && !answer.text.contains(PHONE), "values of persons are not repeated");
        assert_eq!((&answer.body["report"]["wrong"], &answer.body["report"]["written"], &answer.body["secrets"]), (&json!(wrong.len()), &json!(false), &json!([])));
        assert_eq!(counts(&app).await, before);
        assert_eq!(entries(&app, "import_bells").await, 0);

        let header = send(&lead, "", &fresh_key(), "serial,kind\nA-001,bell\n".to_owned()).await;
        assert_eq!((outcomes(&header), header.body["report"]["lines"][0]["line"].clone()), (vec!["wrong"], json!(1)));
        // A serial that is retired is not taken up again.
        let old = device(&app, &lead, "OLD-1", None).await;
        lead.post(&format!("{}/retire", at(&old)), &json!({ "reason": "坏了换新" })).await.expect(200);
        let retired = send(&lead, "", &fresh_key(), file(&[line("OLD-1", "501房", NOBODY)])).await;
        assert!(retired.body["report"]["lines"][0]["message"].as_str().unwrap().contains("retired"), "{}", retired.text);
    }

    /// What is no file, too long a file, and who may not.
    async fn what_is_no_file_is_refused(app: TestApp) {
        let lead = app.staff(LEAD).await;
        lead.post(IMPORT, &json!({})).await.problem(415, "unsupported_media_type");
        let keyless = lead.request("POST", IMPORT).header("Content-Type", "text/csv").body(file(&[]));
        lead.send(keyless).await.problem(400, "idempotency_key_missing");
        let latin = lead.request("POST", IMPORT).header("Content-Type", "text/csv").header("Idempotency-Key", fresh_key());
        lead.send(latin.body(vec![0xff, 0xfe, 0x41])).await.problem(400, "malformed_body");
        send(&lead, "?dry=1", &fresh_key(), file(&[])).await.problem(400, "malformed_query");
        let many = vec!["x,x".to_owned(); 1001];
        send(&lead, "", &fresh_key(), file(&many)).await.problem(413, "body_too_large");
        app.staff("operator").await.post(IMPORT, &json!({})).await.problem(403, "forbidden");
        let empty = send(&lead, "", &fresh_key(), file(&[])).await;
        assert_eq!(outcomes(&empty), Vec::<&str>::new());
    }
}
