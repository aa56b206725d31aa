//! Telephony: what an exchange tells, in any order and repeated; the operator's screen; tickets of a call; calls that are
//! called back; figures.

use crate::on_both;
use crate::support::{Client, TestApp};
use chrono::{DateTime, TimeDelta, Utc};
use hotline::simulate::exchange::{Exchange, run};
use serde_json::{Value, json};

const EVENTS: &str = "/api/v1/calls/events";
const CALLER: &str = "13912345678";

/// An exchange.
async fn exchange(app: &TestApp) -> Client {
    app.program(&app.client(json!(["calls:write"])).await).await
}

fn now(app: &TestApp) -> DateTime<Utc> {
    app.app.kit().now()
}

fn at(app: &TestApp, second: i64) -> DateTime<Utc> {
    now(app) - TimeDelta::minutes(10) + TimeDelta::seconds(second)
}

/// An event of a call, so many seconds after ten minutes ago.
fn event(app: &TestApp, call: &str, kind: &str, second: i64, more: Value) -> Value {
    let mut body = json!({ "call_id": call, "event": kind, "at": at(app, second) });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

async fn tell(exchange: &Client, body: &Value) -> Value {
    let answer = exchange.post(EVENTS, body).await;
    answer.expect(200);
    answer.body
}

/// A call that nobody answered.
async fn miss(app: &TestApp, exchange: &Client, call: &str, caller: &str) -> Value {
    tell(
        exchange,
        &event(app, call, "ringing", 0, json!({ "caller": caller })),
    )
    .await;
    tell(exchange, &event(app, call, "ended", 30, json!({}))).await
}

async fn missed(client: &Client) -> Vec<String> {
    let page = client.get("/api/v1/calls?which=missed").await;
    page.expect(200);
    let items = page.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|call| call["call_id"].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    /// In whatever order events come, and however often: it is one call, and what comes again is no news.
    async fn events_come_in_any_order_and_again(app: TestApp) {
        let exchange = exchange(&app).await;
        let events = [
            event(&app, "a", "ended", 95, json!({ "recording": "rec/a.wav" })),
            event(&app, "a", "transferred", 60, json!({ "agent": "callback" })),
            event(&app, "a", "ringing", 0, json!({ "caller": format!("+86 {CALLER}"), "line": "12345" })),
            event(&app, "a", "answered", 12, json!({ "agent": "operator" })),
        ];
        let mut last = Value::Null;
        for event in events.iter().chain(&events) {
            last = tell(&exchange, event).await;
        }
        assert_eq!((&last["state"], &last["waited_s"], &last["agent"]), (&json!("ended"), &json!(12), &json!("callback")));
        assert_eq!((&last["caller"], &last["recording"]), (&json!("139****5678"), &json!("rec/a.wav")));
        assert_eq!(last["missed"], Value::Null);
        let operator = app.staff("operator").await;
        let all = operator.get("/api/v1/calls").await;
        assert_eq!(all.body["items"].as_array().unwrap().len(), 1, "{}", all.text);
        assert_eq!(all.body["items"][0], last);
        app.pass("events").await;
        let told = operator.get("/api/v1/events?types=phone_call.*&limit=100").await;
        let kinds: Vec<&str> = told.body["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        // It ended before anybody was known to answer.
        assert_eq!(kinds, ["phone_call.abandoned", "phone_call.abandoned", "phone_call.abandoned", "phone_call.answered"], "{}", told.text);
        assert!(!told.text.contains("5678"), "{}", told.text);
    }

    /// An end that is lost on the way: nobody's screen rings for ever, and who rang is called back.
    async fn a_call_whose_end_is_lost_is_given_up(app: TestApp) {
        let made = app.client(json!(["calls:write"])).await;
        let exchange = app.program(&made).await;
        tell(&exchange, &event(&app, "rings", "ringing", 600, json!({ "caller": CALLER }))).await;
        tell(&exchange, &event(&app, "talks", "answered", 600, json!({ "agent": "operator", "caller": "13912340000" }))).await;
        let states = async || {
            app.pass("lost_calls").await;
            let all = app.staff("operator").await.get("/api/v1/calls").await;
            let items = all.expect(200).body["items"].as_array().unwrap().clone();
            items.iter().map(|call| (call["call_id"].clone(), call["state"].clone())).collect::<Vec<_>>()
        };
        app.turn(TimeDelta::minutes(29));
        assert_eq!(states().await, [(json!("talks"), json!("talking")), (json!("rings"), json!("ringing"))]);
        app.turn(TimeDelta::minutes(1));
        assert_eq!(states().await, [(json!("talks"), json!("talking")), (json!("rings"), json!("abandoned"))]);
        assert_eq!(missed(&app.staff("operator").await).await, ["rings"]);
        app.turn(TimeDelta::hours(6));
        app.pass("lost_calls").await;
        let (exchange, operator) = (app.program(&made).await, app.staff("operator").await);
        let all = operator.get("/api/v1/calls").await;
        assert_eq!((&all.body["items"][0]["state"], &all.body["items"][0]["ended_at"]), (&json!("ended"), &Value::Null));
        // They call again and are answered: nobody need call them back.
        tell(&exchange, &event(&app, "again", "answered", 600, json!({ "agent": "operator", "caller": CALLER }))).await;
        assert!(missed(&operator).await.is_empty());
        // So it is where their other call was answered before this one was given up.
        tell(&exchange, &event(&app, "hung up", "ringing", 590, json!({ "caller": "13912349999" }))).await;
        tell(&exchange, &event(&app, "second", "answered", 595, json!({ "agent": "operator", "caller": "13912349999" }))).await;
        app.turn(TimeDelta::minutes(31));
        app.pass("lost_calls").await;
        let (exchange, operator) = (app.program(&made).await, app.staff("operator").await);
        assert!(missed(&operator).await.is_empty());
        // The end that comes late is the end.
        let late = json!({ "call_id": "rings", "event": "ended", "at": now(&app) - TimeDelta::hours(6) });
        let late = tell(&exchange, &late).await;
        assert_eq!((&late["state"], &late["missed"]), (&json!("abandoned"), &json!("called_again")));
    }

    /// The first events of a call at the same moment: one call.
    async fn two_events_at_once_are_of_one_call(app: TestApp) {
        let exchange = exchange(&app).await;
        for round in 0..10 {
            let call = format!("race-{round}");
            let (rings, answered) = (event(&app, &call, "ringing", 0, json!({})), event(&app, &call, "answered", 1, json!({})));
            let (first, second) = tokio::join!(tell(&exchange, &rings), tell(&exchange, &answered));
            assert_eq!(first["id"], second["id"]);
        }
        let all = app.staff("supervisor").await.get("/api/v1/calls?limit=100").await;
        let items = all.body["items"].as_array().unwrap();
        assert!(items.len() == 10 && items.iter().all(|call| call["state"] == "talking"), "{}", all.text);
    }

    /// Whose telephone rings sees who calls, with the last tickets; the ticket that they register is the call's.
    async fn the_screen_shows_who_calls_and_the_ticket_is_the_calls(app: TestApp) {
        let (exchange, operator) = (exchange(&app).await, app.staff("operator").await);
        let request = |call: Value| json!({ "requester": { "phone": CALLER }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
            "place": { "address": "羊桥社区" }, "phone_call_id": call });
        let before = operator.post("/api/v1/tickets", &request(Value::Null)).await;
        before.expect(201);
        let call = tell(&exchange, &event(&app, "b", "ringing", 0, json!({ "caller": CALLER, "agent": "operator" }))).await;
        tell(&exchange, &event(&app, "other", "ringing", 0, json!({ "caller": CALLER, "agent": "callback" }))).await;
        app.pass("events").await;
        let heard = operator.heard("/api/v1/calls/stream?once=true", Some("0"), "nothing").await;
        assert_eq!(heard.matches("event: phone_call.ringing").count(), 1, "{heard}");
        assert!(heard.contains(&before.text_at("/ticket/number")) && heard.contains("139****5678"), "{heard}");
        let made = operator.post("/api/v1/tickets", &request(call["id"].clone())).await;
        made.expect(201);
        let shown = operator.get(&format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).await;
        assert_eq!(shown.body["tickets"], json!([{ "id": made.body["ticket"]["id"], "number": made.body["ticket"]["number"] }]));
        let unknown = operator.post("/api/v1/tickets", &request(json!("00000000-0000-0000-0000-000000000000"))).await;
        unknown.problem(422, "invalid_input");
        assert_eq!(unknown.rule("/phone_call_id"), Some("unknown"));
        let resident = app.resident("13900000001").await;
        let refused = resident.post("/api/v1/tickets", &request(call["id"].clone())).await;
        assert_eq!(refused.rule("/phone_call_id"), Some("unexpected"));
    }

    /// Who hung up before anybody answered is called back, unless they were answered after all, or call again.
    async fn who_was_missed_is_called_back(app: TestApp) {
        let (exchange, operator) = (exchange(&app).await, app.staff("operator").await);
        let mut ids = Vec::new();
        for (nth, call) in ["late", "again", "back", "silent", "withheld", "odd"].iter().enumerate() {
            let caller = match *call {
                "withheld" => String::new(),
                "odd" => "anonymous".to_owned(),
                _ => format!("1391234000{nth}"),
            };
            ids.push(miss(&app, &exchange, call, &caller).await["id"].as_str().unwrap().to_owned());
        }
        // Nobody can call a number that is not known.
        assert_eq!(missed(&operator).await, ["late", "again", "back", "silent"]);
        tell(&exchange, &event(&app, "late", "answered", 20, json!({ "agent": "operator" }))).await;
        // What was answered before is no answer to it.
        tell(&exchange, &event(&app, "before", "answered", -50, json!({ "caller": "139 1234 0001", "agent": "operator" }))).await;
        assert_eq!(missed(&operator).await, ["again", "back", "silent"]);
        tell(&exchange, &event(&app, "new", "answered", 50, json!({ "caller": "139 1234 0001", "agent": "operator" }))).await;
        // Nor need who called again be called back when it is told late that they were missed.
        let late = miss(&app, &exchange, "told late", "13912340001").await;
        assert_eq!(late["missed"], "called_again");
        assert_eq!(missed(&operator).await, ["back", "silent"]);
        miss(&app, &exchange, "back once more", "13912340002").await;
        let path = |nth: usize| format!("/api/v1/calls/{}/call-back", ids[nth]);
        let called = operator.post(&path(2), &json!({ "reached": true })).await;
        assert_eq!((&called.body["missed"], &called.body["attempts"]), (&json!("called_back"), &json!(1)), "{}", called.text);
        for attempt in 1..=3 {
            let called = operator.post(&path(3), &json!({ "reached": false })).await;
            let expected = if attempt < 3 { "waiting" } else { "not_reached" };
            assert_eq!((&called.body["missed"], &called.body["attempts"]), (&json!(expected), &json!(attempt)));
        }
        assert!(missed(&operator).await.is_empty());
        operator.post(&path(2), &json!({ "reached": true })).await.problem(409, "action_not_allowed");
        let again = operator.get(&format!("/api/v1/calls/{}", ids[1])).await;
        assert_eq!(again.body["missed"], "called_again");
        let handler = app.staff("handler-a-440703002101").await;
        handler.post(&path(3), &json!({ "reached": true })).await.problem(403, "forbidden");
    }

    /// 接通率 and the shares answered within 15 and 20 seconds, of what an exchange told over a bad line.
    async fn figures_count_what_was_told_over_a_bad_line(app: TestApp) {
        let made = app.client(json!(["calls:write"])).await;
        let plan = Exchange {
            base: app.base.clone(),
            client: (made.text_at("/client/id"), made.text_at("/client_secret")),
            calls: 30,
            agents: vec!["operator".into(), "callback".into()],
            abandoned: 30,
            transferred: 30,
            loss: 20,
            twice: 20,
            mixed: true,
            seed: 7,
            from: now(&app) - TimeDelta::minutes(5),
        };
        let told = run(&plan).await.unwrap();
        assert!(told.wrong == 0 && told.answered > 0 && told.abandoned > 0 && told.sent > told.heard, "{told:?}");
        let supervisor = app.staff("supervisor").await;
        let days = format!("from={}&to={}", (now(&app) - TimeDelta::days(1)).date_naive(), (now(&app) + TimeDelta::days(1)).date_naive());
        let all = supervisor.get(&format!("/api/v1/calls/figures?{days}")).await;
        let row = &all.body["rows"][0];
        assert_eq!((&row["answered"], &row["abandoned"]), (&json!(told.answered), &json!(told.abandoned)), "{}", all.text);
        let waited = row["answered"].as_f64().unwrap() + row["abandoned"].as_f64().unwrap() - row["short"].as_f64().unwrap();
        assert_eq!(row["connect_rate"].as_f64().unwrap(), row["answered"].as_f64().unwrap() / waited);
        let by_agent = supervisor.get(&format!("/api/v1/calls/figures?{days}&by=agent")).await;
        let rows = by_agent.body["rows"].as_array().unwrap();
        let sum: u64 = rows.iter().map(|row| row["inbound"].as_u64().unwrap()).sum();
        assert!(rows.len() == 3 && sum == 30, "{}", by_agent.text);
        supervisor.get("/api/v1/calls/figures?by=moon").await.problem(422, "invalid_input");
        supervisor.get("/api/v1/calls/figures?from=2026-01-01&to=2026-03-01").await.problem(422, "invalid_input");
    }

    /// What can't be is refused and changes nothing; who has no leave tells nothing.
    async fn bad_events_are_refused(app: TestApp) {
        let exchange = exchange(&app).await;
        let ahead = json!({ "call_id": "x", "event": "ringing", "at": now(&app) + TimeDelta::minutes(6) });
        let old = json!({ "call_id": "x", "event": "ringing", "at": now(&app) - TimeDelta::days(8) });
        for late in [ahead, old] {
            let refused = exchange.post(EVENTS, &late).await;
            refused.problem(422, "invalid_input");
            assert_eq!(refused.rule("/at"), Some("range"));
        }
        let kind = event(&app, "x", "hung", 0, json!({}));
        assert_eq!(exchange.post(EVENTS, &kind).await.status, 422);
        let nameless = event(&app, " ", "ringing", 0, json!({}));
        assert_eq!(exchange.post(EVENTS, &nameless).await.rule("/call_id"), Some("required"));
        assert_eq!(app.staff("operator").await.get("/api/v1/calls").await.body["items"], json!([]));
        let other = app.program(&app.client(json!(["tickets:read"])).await).await;
        let fine = event(&app, "x", "ringing", 0, json!({}));
        other.post(EVENTS, &fine).await.expect(403);
        app.staff("operator").await.post(EVENTS, &fine).await.problem(403, "forbidden");
    }
}
