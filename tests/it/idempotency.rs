//! Repeats act once, versions guard changes, and many writers lose nothing.

use crate::on_both;
use crate::support::{Answer, Client};
use serde_json::{Value, json};

const TICKETS: &str = "/api/v1/tickets";

fn request() -> Value {
    json!({
        "requester": { "phone": "139 0000 0055" }, "category": "120302", "title": "示例诉求", "content": "示例诉求",
        "place": { "address": "羊桥社区" }
    })
}

/// How many tickets an operator sees.
async fn count(client: &Client) -> usize {
    let answer = client.get(&format!("{TICKETS}?limit=100")).await;
    answer.expect(200).body["items"].as_array().unwrap().len()
}

fn replayed(answer: &Answer) -> bool {
    answer
        .headers
        .get("idempotent-replayed")
        .is_some_and(|value| value == "true")
}

/// The version in the `ETag`.
fn version(answer: &Answer) -> i64 {
    answer.etag().trim_matches('"').parse().unwrap()
}

on_both! {
    /// The very same answer, and one ticket.
    async fn a_repeat_gets_the_same_answer(app: TestApp) {
        let operator = app.staff("operator").await;
        let unkeyed = operator.request("POST", TICKETS).json(&request());
        operator.send(unkeyed).await.problem(400, "idempotency_key_missing");
        assert_eq!(count(&operator).await, 0);

        let first = operator.post_keyed(TICKETS, "one", &request()).await;
        first.expect(201);
        assert!(!replayed(&first));
        for turn in [0, 3600, 86_400] {
            app.turn(chrono::TimeDelta::seconds(turn));
            let operator = app.staff("operator").await;
            let again = operator.post_keyed(TICKETS, "one", &request()).await;
            assert!(replayed(&again));
            assert_eq!((again.status, &again.text), (201, &first.text));
            for header in ["etag", "location", "content-type"] {
                assert_eq!(again.headers[header], first.headers[header]);
            }
            assert_eq!(count(&operator).await, 1);
        }
    }

    /// Another body, another path: another request, and nothing done.
    async fn a_key_is_of_one_request(app: TestApp) {
        let operator = app.staff("operator").await;
        let first = operator.post_keyed(TICKETS, "one", &request()).await.text_at("/ticket/id");
        let second = operator.post_keyed(TICKETS, "two", &request()).await.text_at("/ticket/id");
        let mut other = request();
        other["title"] = json!("另一件事");
        operator.post_keyed(TICKETS, "one", &other).await.problem(422, "idempotency_key_reused");
        let spaced = operator.request("POST", TICKETS).header("Idempotency-Key", "one").header("content-type", "application/json");
        operator.send(spaced.body(format!("{} ", request()))).await.problem(422, "idempotency_key_reused");
        assert_eq!(count(&operator).await, 2);

        let note = json!({ "action": "note", "internal_text": "同一句" });
        let act = async |id: &str| {
            let request = operator.request("POST", &format!("{TICKETS}/{id}/actions")).header("Idempotency-Key", "note").header("If-Match", "\"1\"");
            operator.send(request.json(&note)).await
        };
        act(&first).await.expect(200);
        act(&second).await.problem(422, "idempotency_key_reused");
        assert!(replayed(&act(&first).await), "its version has moved on, and still it is a repeat");
        let untouched = operator.get(&format!("{TICKETS}/{second}")).await;
        assert!(!untouched.text.contains("同一句"));

        // Keys are each caller's own, and each operation's.
        let colleague = app.staff("operator-b").await;
        let theirs = colleague.post_keyed(TICKETS, "one", &request()).await;
        assert!(theirs.expect(201).body["ticket"]["id"] != first.as_str() && !replayed(&theirs));
        let reveal = json!({ "fields": ["phone"], "reason": "核实地址" });
        assert!(!replayed(operator.post_keyed(&format!("{TICKETS}/{first}/reveal"), "note", &reveal).await.expect(200)));
    }

    /// What was refused may be tried again with the same key.
    async fn a_refusal_is_not_kept(app: TestApp) {
        let operator = app.staff("operator").await;
        let mut wrong = request();
        wrong["category"] = json!("999999");
        operator.post_keyed(TICKETS, "one", &wrong).await.problem(422, "category_unknown");
        operator.post_keyed(TICKETS, "one", &request()).await.expect(201);
        assert_eq!(count(&operator).await, 1);
    }

    /// Sixty-four at once are one ticket, one requester, one receipt.
    async fn repeats_at_once_are_one_ticket(app: TestApp) {
        let operator = app.staff("operator").await;
        for round in 1..=3 {
            let key = format!("round {round}");
            let tries = (0..64).map(|_| {
                let (client, key) = (operator.clone(), key.clone());
                tokio::spawn(async move { client.post_keyed(TICKETS, &key, &request()).await })
            });
            let answers: Vec<Answer> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
            for answer in &answers {
                assert_eq!(answer.expect(201).text, answers[0].text);
            }
            assert_eq!(answers.iter().filter(|answer| !replayed(answer)).count(), 1, "one was the first");
            assert_eq!(count(&operator).await, round);
        }
        let callers = operator.post("/api/v1/callers/identify", &json!({ "phone": "13900000055" })).await;
        assert_eq!(callers.body.as_array().map(Vec::len), Some(1), "{}", callers.text);
        assert_eq!(callers.body[0]["tickets"].as_array().map(Vec::len), Some(3));
    }

    /// Sixty-four different requests at once, of one new caller: as many tickets, and one person.
    async fn requests_at_once_are_each_a_ticket(app: TestApp) {
        let operator = app.staff("operator").await;
        let tries = (0..64).map(|_| {
            let client = operator.clone();
            tokio::spawn(async move { client.post(TICKETS, &request()).await })
        });
        let mut numbers: Vec<String> = futures_util::future::join_all(tries).await.into_iter().map(|answer| {
            let answer = answer.unwrap();
            answer.expect(201).text_at("/ticket/number")
        }).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!((numbers.len(), count(&operator).await), (64, 64));
        let callers = operator.post("/api/v1/callers/identify", &json!({ "phone": "13900000055" })).await;
        assert_eq!(callers.body.as_array().map(Vec::len), Some(1), "one caller is one person");
    }

    /// A change names the version that it saw.
    async fn a_change_names_its_version(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = operator.post(TICKETS, &request()).await.text_at("/ticket/id");
        let door = format!("{TICKETS}/{id}/actions");
        let note = json!({ "action": "note", "internal_text": "x" });
        operator.post(&door, &note).await.problem(428, "precondition_required");
        let seen = version(&operator.get(&format!("{TICKETS}/{id}")).await);
        for stale in [seen - 1, seen + 1, 0, i64::MAX] {
            let answer = operator.change("POST", &door, &format!("\"{stale}\""), &note).await;
            assert_eq!(answer.problem(412, "stale_version").body["version"], seen);
        }
        let done = operator.change("POST", &door, &format!("\"{seen}\""), &note).await;
        assert_eq!((done.expect(200).body["version"].as_i64(), version(&done)), (Some(seen + 1), seen + 1));
        operator.change("POST", &door, &format!("\"{seen}\""), &note).await.problem(412, "stale_version");
        // What only adds the requester's own words needs none.
        operator.post(&door, &json!({ "action": "supplement", "text": "还有一点" })).await.expect(200);
    }

    /// Two who write at once: whoever was first wins, the other reads again.
    async fn of_two_at_once_one_is_told(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = operator.post(TICKETS, &request()).await.text_at("/ticket/id");
        let door = format!("{TICKETS}/{id}/actions");
        for _ in 0..5 {
            let seen = operator.get(&format!("{TICKETS}/{id}")).await.etag();
            let tries = (0..8).map(|n| {
                let (client, door, seen) = (operator.clone(), door.clone(), seen.clone());
                let note = json!({ "action": "note", "internal_text": format!("{n}") });
                tokio::spawn(async move { client.change("POST", &door, &seen, &note).await.status })
            });
            let mut statuses: Vec<u16> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
        }
    }

    /// Twenty people write ten notes each on one ticket, trying again when they are told that they saw an old version:
    /// every note is there once, and every success saw the version before it.
    async fn many_writers_lose_nothing(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = operator.post(TICKETS, &request()).await.text_at("/ticket/id");
        let path = format!("{TICKETS}/{id}");
        let begun = version(&operator.get(&path).await);
        let people = ["operator", "operator-b", "dispatcher", "callback", "supervisor"];
        let mut writers = Vec::new();
        for n in 0..20 {
            let client = app.staff(people[n % people.len()]).await;
            writers.push(tokio::spawn(write_ten(client, path.clone(), n)));
        }
        let mut steps = Vec::new();
        for writer in writers {
            steps.extend(writer.await.unwrap());
        }
        for (seen, made) in &steps {
            assert_eq!(*made, seen + 1);
        }
        let mut made: Vec<i64> = steps.iter().map(|(_, made)| *made).collect();
        made.sort_unstable();
        assert_eq!(made, (begun + 1..=begun + 200).collect::<Vec<_>>());

        let ticket = operator.get(&path).await;
        let mut notes: Vec<String> = ticket.body["timeline"].as_array().unwrap().iter()
            .filter(|entry| entry["kind"] == "noted")
            .map(|entry| entry["internal_text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(notes.len(), 200);
        notes.sort();
        notes.dedup();
        assert_eq!(notes.len(), 200, "each once");
        assert_eq!(operator.get(&format!("{path}/verify")).await.body["intact"], true);
    }
}

/// Writes ten notes; which version each success saw, and which it made.
async fn write_ten(client: Client, path: String, writer: usize) -> Vec<(i64, i64)> {
    let mut seen = version(&client.get(&path).await);
    let mut steps = Vec::new();
    for note in 0..10 {
        let action = json!({ "action": "note", "internal_text": format!("writer {writer}, note {note}") });
        loop {
            let answer = client
                .change(
                    "POST",
                    &format!("{path}/actions"),
                    &format!("\"{seen}\""),
                    &action,
                )
                .await;
            if answer.status == 412 {
                seen = answer.problem(412, "stale_version").body["version"]
                    .as_i64()
                    .unwrap();
                continue;
            }
            answer.expect(200);
            steps.push((seen, version(&answer)));
            seen = version(&answer);
            break;
        }
    }
    steps
}

/// Every operation of which the document says so.
fn keyed_operations() -> Vec<String> {
    let document = serde_json::to_value(hotline::app::document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["post"]["parameters"].as_array().cloned().unwrap_or_default();
        if parameters
            .iter()
            .any(|parameter| parameter["name"] == "Idempotency-Key")
        {
            found.push(path.clone());
        }
    }
    found
}

on_both! {
    /// What the document says of keys is true: without one each of these is refused, whatever the body.
    async fn every_command_asks_for_its_key(app: TestApp) {
        let doors = keyed_operations();
        assert!(doors.len() >= 15, "{doors:?}");
        let mut people = Vec::new();
        for user_name in ["operator", "sysadmin", "secadmin", "lead-440703002101", "manager-440703002", "dispatcher"] {
            people.push(app.staff(user_name).await);
        }
        let nil = uuid::Uuid::nil().to_string();
        for door in doors {
            let path = door.replace("{id}", &nil).replace("{message_id}", &nil).replace("{code}", "17010001");
            assert!(!path.contains('{'), "{path}");
            let mut told = Vec::new();
            for person in &people {
                let request = person.request("POST", &path).header("If-Match", "\"1\"").json(&json!({}));
                told.push(person.send(request).await.body["code"].as_str().unwrap_or_default().to_owned());
            }
            assert!(told.iter().any(|code| code == "idempotency_key_missing"), "{door}: {told:?}");
        }
    }
}
