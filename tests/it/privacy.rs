//! Personal data: none of it plain in the database or in the logs, masked or hidden by role on the wire, revealed for a
//! reason that is kept.

pub(crate) mod disk;
mod log;
mod looks;

use crate::on_both;
use crate::support::{Answer, Client, TestApp, fresh_key};
use serde_json::{Value, json};

/// A person whose every datum is seldom enough to be looked for.
const NAME: &str = "欧阳测甲乙";
const PHONE: &str = "13612345678";
const ID_NUMBER: &str = "11010519491231002X";
const EMAIL: &str = "ouyang.secret@example.com";
const ADDRESS: &str = "隐秘路77号8栋909";
const CONTACT_NAME: &str = "司徒联络丙";
const CONTACT_PHONE: &str = "13712348765";
/// Numbers that stand in free texts only.
const IN_TEXT: [&str; 3] = ["13898761234", "07503212345", "440703198001011234"];

/// What must stand nowhere plain.
fn secrets() -> Vec<String> {
    let own = [
        NAME,
        PHONE,
        ID_NUMBER,
        EMAIL,
        ADDRESS,
        CONTACT_NAME,
        CONTACT_PHONE,
    ];
    let lower = ID_NUMBER.to_lowercase();
    own.into_iter()
        .chain(IN_TEXT)
        .map(str::to_owned)
        .chain([lower])
        .collect()
}

#[track_caller]
fn holds_none(what: &str, text: &str) {
    for secret in secrets() {
        assert!(!text.contains(&secret), "{what} tells {secret}: {text}");
    }
}

async fn register_person(app: &TestApp, operator: &Client) -> String {
    let unit = app.unit("440703002101").await;
    let person = json!({ "kind": "person", "name": NAME, "phone": "+86 136-1234-5678", "id_number": ID_NUMBER,
        "email": EMAIL, "address": ADDRESS, "unit_id": unit["id"], "labels": ["elderly"] });
    let made = operator.post("/api/v1/residents", &person).await;
    made.expect(201);
    let id = made.text_at("/id");
    let contact = json!({ "name": CONTACT_NAME, "phone": CONTACT_PHONE, "relation": "女儿", "may_act": true, "consent": true });
    operator
        .post(&format!("/api/v1/residents/{id}/contacts"), &contact)
        .await
        .expect(201);
    id
}

/// A text with all kinds of numbers in it.
fn chatty(about: &str) -> String {
    format!(
        "{about}，电话{PHONE}或{}，座机{}，身份证{ID_NUMBER}、{}",
        IN_TEXT[0], IN_TEXT[1], IN_TEXT[2]
    )
}

fn request(confidential: bool) -> Value {
    // A service with a form of its own, handled in the community.
    json!({ "requester": { "phone": PHONE, "name": NAME }, "category": "120203", "title": chatty("高空坠物"),
        "content": chatty("八楼经常抛物"), "place": { "address": format!("白沙街道羊桥社区{ADDRESS}") },
        "form": { "building": format!("八栋 {}", IN_TEXT[0]) }, "confidential": confidential })
}

async fn register(operator: &Client, confidential: bool) -> Value {
    let made = operator.post("/api/v1/tickets", &request(confidential)).await;
    made.expect(201);
    assert_eq!(made.body["ticket"]["unit_name"], "羊桥社区");
    made.body["ticket"].clone()
}

fn id_of(ticket: &Value) -> &str {
    ticket["id"].as_str().unwrap()
}

async fn attach(client: &Client) -> String {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{PHONE}.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n%PDF-1.4 {PHONE}\r\n--x--\r\n"
    );
    let request = client
        .request("POST", "/api/v1/attachments")
        .header("Idempotency-Key", fresh_key())
        .header("Content-Type", "multipart/form-data; boundary=x");
    let sent = client.send(request.body(body)).await;
    sent.expect(201);
    sent.text_at("/id")
}

/// What staff write where no number of a person is to be expected.
fn official(about: &str) -> String {
    format!("{about}，办公电话0750-3277777")
}

/// Everybody writes into every text that there is: the requester what is `chatty`, staff what `words` makes.
async fn talk(app: &TestApp, operator: &Client, ticket: &Value, words: fn(&str) -> String) {
    let id = id_of(ticket);
    let handler = app.handler_of(ticket).await;
    let resident = app.resident(PHONE).await;
    let file = attach(&handler).await;
    handler.act(id, &json!({ "action": "sign" })).await.expect(200);
    let by = format!("电话{PHONE}");
    handler.act(id, &json!({ "action": "first_contact", "reached": true, "by": by, "internal_text": words("已联系") })).await.expect(200);
    let mut note = json!({ "action": "note", "public_text": words("公开"), "internal_text": words("内部"), "attachments": [file] });
    if ticket["confidential"] == true {
        // The centre tells it.
        let public = json!({ "action": "note", "public_text": note["public_text"].take() });
        operator.act(id, &public).await.expect(200);
    }
    handler.act(id, &note).await.expect(200);
    resident
        .act(id, &json!({ "action": "supplement", "text": chatty("补充") }))
        .await
        .expect(200);
    let reply = json!({ "action": "reply", "result": "unsolved", "unsolved_reason": words("无法解决"),
        "public_text": words("答复"), "internal_text": words("答复内部") });
    handler.act(id, &reply).await.expect(200);
    let lead = app.staff("lead-440703002101").await;
    let supervisor = app.staff("supervisor").await;
    let approver = if ticket["confidential"] == true {
        &supervisor
    } else {
        &lead
    };
    approver
        .act(id, &json!({ "action": "send_back", "reason": words("退回") }))
        .await
        .expect(200);
    handler.act(id, &reply).await.expect(200);
    approver
        .act(
            id,
            &json!({ "action": "approve", "internal_text": words("同意") }),
        )
        .await
        .expect(200);
    let rating = json!({ "contacted": true, "solved": false, "satisfied": 1, "opinion": chatty("不满意") });
    resident
        .act(id, &json!({ "action": "rate", "rating": rating }))
        .await
        .expect(200);
    let reveal = json!({ "fields": ["name", "phone"], "reason": words("核实") });
    operator
        .post(&format!("/api/v1/tickets/{id}/reveal"), &reveal)
        .await
        .expect(200);
}

/// Those that end at the desk, and one that is dispatched by hand.
async fn talk_at_the_desk(app: &TestApp, operator: &Client) {
    let endings = [
        json!({ "action": "answer_now", "public_text": chatty("即答"), "internal_text": chatty("内部") }),
        json!({ "action": "reject", "reason": "judicial", "channel_told": chatty("法院"), "public_text": chatty("说明") }),
        json!({ "action": "redirect", "line": "police_110", "internal_text": chatty("转接") }),
        json!({ "action": "withdraw", "reason": chatty("撤单") }),
    ];
    for ending in endings {
        let mut held = request(false);
        held["hold"] = json!(true);
        let made = operator.post("/api/v1/tickets", &held).await;
        made.expect(201);
        operator
            .act(&made.text_at("/ticket/id"), &ending)
            .await
            .expect(200);
    }
    // What the catalogue knows no unit for waits in the dispatchers' pool.
    let mut odd = request(false);
    odd["category"] = json!("9901");
    odd.as_object_mut().unwrap().remove("form");
    let made = operator.post("/api/v1/tickets", &odd).await;
    made.expect(201);
    let ticket = &made.body["ticket"];
    assert_eq!(ticket["state"], "pending_dispatch");
    let dispatcher = app.staff("dispatcher").await;
    let unit = app.unit("440703002101").await;
    let dispatch = json!({ "action": "dispatch", "unit_id": unit["id"], "reason": chatty("派单"),
        "override_reason": chatty("特事特办") });
    dispatcher.act(id_of(ticket), &dispatch).await.expect(200);
    let lead = app.staff("lead-440703002101").await;
    let colleague = app
        .staff("handler-a-440703002101")
        .await
        .get("/api/v1/me")
        .await
        .text_at("/id");
    let assign = json!({ "action": "assign", "staff_id": colleague, "reason": chatty("指派") });
    lead.act(id_of(ticket), &assign).await.expect(200);
}

on_both! {
    /// Whatever is written where, the database and the logs hold none of it plain; words are found all the same.
    async fn nothing_stands_plain_on_the_disk_or_in_the_logs(app: TestApp) {
        let logged = log::capture();
        let operator = app.staff("operator").await;
        let person = register_person(&app, &operator).await;
        operator.post("/api/v1/callers/identify", &json!({ "phone": PHONE })).await.expect(200);
        operator.post("/api/v1/residents/search", &json!({ "name": NAME, "address": ADDRESS })).await.expect(200);
        let patch = json!({ "address": ADDRESS, "email": EMAIL });
        let seen = operator.get(&format!("/api/v1/residents/{person}")).await;
        operator.change("PATCH", &format!("/api/v1/residents/{person}"), &seen.etag(), &patch).await.expect(200);
        let reveal = json!({ "fields": ["name", "phone", "id_number", "email", "address"], "reason": chatty("核实") });
        let revealed = operator.post(&format!("/api/v1/residents/{person}/reveal"), &reveal).await;
        assert_eq!(revealed.body, json!({ "name": NAME, "phone": format!("+86{PHONE}"), "id_number": ID_NUMBER,
            "email": EMAIL, "address": ADDRESS }));

        let ticket = register(&operator, false).await;
        talk(&app, &operator, &ticket, chatty).await;
        talk_at_the_desk(&app, &operator).await;
        let nobody = app.nobody();
        nobody.post("/api/v1/auth/code", &json!({ "phone": PHONE })).await;
        nobody.post("/api/v1/auth/resident", &json!({ "phone": PHONE, "password": "a wrong password" })).await.expect(401);
        operator.get(&format!("/api/v1/tickets?q={PHONE}")).await.expect(200);
        // Mistakes are told, and perhaps logged.
        let twice = json!({ "kind": "person", "name": NAME, "id_number": ID_NUMBER });
        operator.post("/api/v1/residents", &twice).await.expect(422);
        operator.post("/api/v1/tickets", &json!({ "requester": { "phone": PHONE, "name": 7 } })).await.expect(422);
        app.settle().await;

        for word in ["抛物", "坠", "羊桥 抛物"] {
            let found = operator.get(&format!("/api/v1/tickets?category=120203&q={word}")).await;
            assert_eq!(found.body["items"].as_array().unwrap().len(), 5, "{word}");
        }
        // The index holds pieces, so that a number in it would not stand whole on the disk: it must not be found either.
        for strange in ["广场舞", PHONE, "3612345", IN_TEXT[0], IN_TEXT[1], IN_TEXT[2]] {
            let none = operator.get(&format!("/api/v1/tickets?q={strange}")).await;
            none.expect(200);
            assert_eq!(none.body["items"], json!([]), "{strange}");
        }
        let stored = disk::read(&app).await;
        assert!(stored.contains("高空坠物") && stored.contains("羊桥社区"), "the reader reads");
        let found: Vec<String> = secrets().into_iter().filter_map(|secret| stored.around(&secret)).collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
        let lines = logged();
        assert!(lines.contains("hotline::sms") && lines.contains("/api/v1/residents/{id}"), "the log is read");
        holds_none("the log", &lines);
    }
}

/// What a role gets of a ticket.
struct Golden {
    account: &'static str,
    /// Name and number of the requester; none when nothing is shown of who asked.
    requester: Option<(&'static str, &'static str)>,
    /// Whether the address of the place is shown.
    address: bool,
}

const MASKED: Option<(&str, &str)> = Some(("欧****", "136****5678"));

const fn golden(
    account: &'static str,
    requester: Option<(&'static str, &'static str)>,
    address: bool,
) -> Golden {
    Golden {
        account,
        requester,
        address,
    }
}

const OPEN: &[Golden] = &[
    golden("operator", MASKED, true),
    golden("dispatcher", MASKED, true),
    golden("callback", MASKED, true),
    golden("supervisor", MASKED, true),
    golden("arbiter", MASKED, true),
    golden("handler-a-440703002101", MASKED, true),
    golden("handler-b-440703002101", MASKED, true),
    golden("lead-440703002101", MASKED, true),
    golden("manager-440703002", MASKED, true),
    golden("analyst", None, false),
    golden("auditor", None, false),
];

const CONFIDENTIAL: &[Golden] = &[
    golden("operator", MASKED, false),
    golden("dispatcher", MASKED, false),
    golden("callback", MASKED, false),
    golden("supervisor", MASKED, false),
    golden("arbiter", MASKED, false),
    golden("handler-a-440703002101", None, false),
    golden("handler-b-440703002101", None, false),
    golden("lead-440703002101", None, false),
    golden("manager-440703002", None, false),
    golden("analyst", None, false),
    golden("auditor", None, false),
];

/// What may be told to staff at all: the address where it is shown, and the name of nobody.
#[track_caller]
fn tells_no_more(who: &str, answer: &Answer, address: bool) {
    for secret in secrets() {
        let shown = address && secret == ADDRESS;
        if let Some(at) = answer.text.find(&secret).filter(|_| !shown) {
            let near = String::from_utf8_lossy(&answer.text.as_bytes()[at.saturating_sub(120)..at]);
            panic!("{who} is told {secret} after …{near}");
        }
    }
}

async fn check_golden(app: &TestApp, ticket: &str, all: &[Golden]) {
    for golden in all {
        let who = app.staff(golden.account).await;
        let seen = who.get(&format!("/api/v1/tickets/{ticket}")).await;
        seen.expect(200);
        // Who may know who asked reads what staff wrote as it was written.
        let known = golden.requester.is_some();
        if !known || seen.body["confidential"] == false {
            tells_no_more(golden.account, &seen, golden.address);
        }
        let official = seen.text.contains("0750-3277777");
        assert_eq!(
            official,
            known && seen.body["confidential"] == false,
            "{}: {}",
            golden.account,
            seen.text
        );
        let shown: Vec<_> = seen.body["requesters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["name"].as_str().unwrap(), row["phone"].as_str().unwrap()))
            .collect();
        assert_eq!(
            shown,
            golden.requester.into_iter().collect::<Vec<_>>(),
            "{}",
            golden.account
        );
        assert_eq!(
            seen.body.get("address").is_some(),
            golden.address,
            "{}: {}",
            golden.account,
            seen.text
        );
        let listed = who.get("/api/v1/tickets?category=120203").await;
        listed.expect(200);
        assert_eq!(listed.body["items"][0]["id"], ticket, "{}", golden.account);
        tells_no_more(golden.account, &listed, false);
    }
}

on_both! {
    /// Each role sees of a request what the table of sight says: in a list nothing of who asked, in full what it needs.
    async fn each_role_sees_its_share(app: TestApp) {
        let operator = app.staff("operator").await;
        register_person(&app, &operator).await;
        let ticket = register(&operator, false).await;
        let id = id_of(&ticket);
        talk(&app, &operator, &ticket, official).await;
        check_golden(&app, id, OPEN).await;
        // The person sees all of what is theirs, and nothing that staff wrote for each other.
        let seen = app.resident(PHONE).await.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(seen.body["requesters"][0]["name"], NAME);
        assert_eq!(seen.body["requesters"][0]["phone"], format!("+86{PHONE}"));
        assert_eq!(seen.body["content"], chatty("八楼经常抛物"));
        assert_eq!(seen.body["form"]["building"], format!("八栋 {}", IN_TEXT[0]));
        assert!(seen.text.contains(&official("公开")) && !seen.text.contains("内部"), "{}", seen.text);
        assert!(!seen.text.contains("演示社区专干") && seen.body.get("staff_id").is_none());
        // What is masked for staff keeps its words.
        let seen = app.handler_of(&ticket).await.get(&format!("/api/v1/tickets/{id}")).await;
        assert!(seen.text_at("/content").starts_with("八楼经常抛物，电话136") && seen.text_at("/content").contains('*'));
        assert!(seen.text_at("/form/building").starts_with("八栋 138"));
        // An integrator's client sees what it registered, masked.
        let security = app.staff("secadmin").await;
        let body = json!({ "name": "触摸屏", "channel": "kiosk", "unit_id": ticket["unit_id"] });
        let kiosk = app.program(&security.post("/api/v1/clients", &body).await).await;
        let made = kiosk.post("/api/v1/tickets", &request(false)).await;
        made.expect(201);
        tells_no_more("client", &made, false);
        assert_eq!(made.body["ticket"]["requesters"][0]["phone"], "136****5678");
    }

    /// The register: masked for staff, labels for those who take the call or care for the person.
    async fn the_register_is_masked(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = register_person(&app, &operator).await;
        let path = format!("/api/v1/residents/{id}");
        for (account, labels) in [("operator", true), ("handler-a-440703002101", true), ("lead-440703002101", true),
            ("callback", false), ("manager-440703002", false)] {
            let seen = app.staff(account).await.get(&path).await;
            seen.expect(200);
            holds_none(account, &seen.text);
            let body = &seen.body;
            let shown = (&body["name"], &body["phone"], &body["id_number"], &body["email"], &body["address"]);
            let wanted = (&json!("欧****"), &json!("136****5678"), &json!("1101************2X"), &json!("o***@example.com"),
                &json!("蓬江区 白沙街道 羊桥社区"));
            assert_eq!(shown, wanted, "{account}");
            assert_eq!(body["contacts"][0]["name"], "司****");
            assert_eq!(body["contacts"][0]["phone"], "137****8765");
            assert_eq!(body.get("labels").is_some(), labels, "{account}");
        }
        let own = app.resident(PHONE).await.get(&path).await;
        assert_eq!((&own.body["name"], &own.body["id_number"]), (&json!(NAME), &json!(ID_NUMBER)));
        let found = operator.post("/api/v1/residents/search", &json!({ "phone": CONTACT_PHONE })).await;
        assert_eq!(found.body["items"][0]["why"], "contact_of", "{}", found.text);
        holds_none("search", &found.text);
        let callers = operator.post("/api/v1/callers/identify", &json!({ "phone": PHONE })).await;
        holds_none("identify", &callers.text);
    }

    /// Of a confidential request the units that handle it learn nothing of who asked: not by reading, not by asking,
    /// not by listing the tickets of somebody; the centre may ask, with a reason that is kept.
    async fn a_confidential_request_hides_who_asked(app: TestApp) {
        let operator = app.staff("operator").await;
        let person = register_person(&app, &operator).await;
        let ticket = register(&operator, true).await;
        let id = id_of(&ticket);
        talk(&app, &operator, &ticket, chatty).await;
        app.settle().await;
        check_golden(&app, id, CONFIDENTIAL).await;

        let reveal = json!({ "fields": ["name", "phone"], "reason": "核实情况" });
        let path = format!("/api/v1/tickets/{id}/reveal");
        for account in ["handler-a-440703002101", "handler-b-440703002101", "lead-440703002101", "manager-440703002", "dispatcher"] {
            let who = app.staff(account).await;
            who.post(&path, &reveal).await.problem(403, "forbidden");
            let guessed = who.get(&format!("/api/v1/tickets?resident_id={person}")).await;
            let told = account == "dispatcher";
            assert_eq!(guessed.body["items"].as_array().unwrap().len(), usize::from(told), "{account}: {}", guessed.text);
            holds_none(account, &who.get("/api/v1/notices").await.text);
        }
        for account in ["analyst", "auditor"] {
            let guessed = app.staff(account).await.get(&format!("/api/v1/tickets?resident_id={person}")).await;
            assert_eq!(guessed.body["items"], json!([]), "{account}");
        }
        operator.post(&path, &json!({ "fields": ["phone"], "reason": "x" })).await.problem(422, "invalid_input");
        let before = audited(&app).await;
        let shown = operator.post(&path, &reveal).await;
        shown.expect(200);
        assert_eq!(shown.body, json!({ "name": NAME, "phone": format!("+86{PHONE}") }));
        let one = operator.post(&path, &json!({ "fields": ["phone"], "reason": "核实情况" })).await;
        assert_eq!(one.body, json!({ "phone": format!("+86{PHONE}") }));
        let after = audited(&app).await;
        assert_eq!(after.len(), before.len() + 2);
        let newest = &after[1];
        assert_eq!(newest["subject_id"], id);
        assert_eq!(newest["detail"], json!({ "fields": ["name", "phone"], "reason": "核实情况" }));
        assert_eq!(newest["role"], "operator");
        holds_none("the audit log", &json!(after).to_string());
    }
}

/// Reveals, newest first, as the auditor reads them.
async fn audited(app: &TestApp) -> Vec<Value> {
    let listed = app
        .staff("auditor")
        .await
        .get("/api/v1/audit?action=reveal_requester&limit=100")
        .await;
    listed.expect(200);
    listed.body["items"].as_array().unwrap().clone()
}
