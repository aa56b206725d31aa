//! Bells are pressed while the service dies: what was answered is there, whole, with its timer and its messages. And the
//! same look finds what a service would lose that answers before it has committed.

use super::service::Service;
use super::{at_rest, empty_home};
use crate::support::{Backend, Chance, Client, count, fresh_key, seed, start_of_time};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{BellKind, CallEntryKind, CallState};
use entity::{callbell_call, callbell_entry, callbell_event, durable_timer, notice, ticket};
use hotline::callbell::calls::first_broken;
use hotline::demo::PASSWORD;
use hotline::platform::crypto::signed::Signed;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

const BELLS: usize = 24;
const WORKERS: u64 = 6;
const HANDLER: &str = "handler-a-440703002101";

/// A bell and the secret that it signs with.
#[derive(Clone)]
pub(super) struct Bell {
    pub serial: String,
    secret: Vec<u8>,
}

impl Bell {
    /// Says something; the answer, where there was one.
    pub(super) async fn says(
        &self,
        http: &reqwest::Client,
        base: &str,
        event: &str,
        kind: &str,
    ) -> Option<Value> {
        let body = json!({ "event_id": event, "device_id": self.serial, "kind": kind }).to_string();
        let signed = Signed {
            id: event,
            timestamp: "1800000000",
            body: body.as_bytes(),
        };
        let request = http
            .post(format!("{base}/api/v1/callbell/events"))
            .header("webhook-id", event)
            .header("webhook-timestamp", signed.timestamp)
            .header("webhook-signature", signed.sign(&self.secret))
            .header("content-type", "application/json");
        let answer = request.body(body).send().await.ok()?;
        if !answer.status().is_success() {
            assert_eq!(answer.status(), 503, "{:?}", answer.text().await);
            return None;
        }
        answer.json().await.ok()
    }
}

pub(super) async fn staff(base: &str, name: &str) -> Client {
    let nobody = Client::new(base, None);
    let body = json!({ "user_name": name, "password": PASSWORD });
    let answer = nobody.post("/api/v1/auth/staff", &body).await;
    answer.expect(200);
    nobody.with_token(answer.body["access_token"].as_str().unwrap())
}

/// Registers bells in 羊桥社区.
pub(super) async fn register(base: &str, n: usize) -> Vec<Bell> {
    let admin = staff(base, "lead-440703002101").await;
    let units = admin.get("/api/v1/units").await;
    let units = units.body["items"].as_array().unwrap();
    let unit = units.iter().find(|unit| unit["code"] == "440703002101").unwrap()["id"].clone();
    let mut bells = Vec::new();
    for nth in 0..n {
        let serial = format!("KILL-{nth}");
        let body = json!({ "serial": serial, "kind": "bell", "unit_id": unit });
        let made = admin.post("/api/v1/callbell/devices", &body).await;
        made.expect(201);
        let secret = made.text_at("/secret");
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        bells.push(Bell { serial, secret });
    }
    bells
}

/// What was answered.
#[derive(Default)]
struct Book {
    /// Events, and the call that the answer named.
    answered: BTreeMap<String, Option<String>>,
    /// Calls that somebody was told to have taken on.
    acknowledged: BTreeSet<String>,
    /// Events without an answer: they are sent again.
    open: Vec<(usize, String, &'static str)>,
}

/// Presses, cancels and gives signs of life until nobody answers any more.
async fn press(
    bells: Arc<Vec<Bell>>,
    base: String,
    book: Arc<Mutex<Book>>,
    mut chance: Chance,
    name: String,
) {
    let http = reqwest::Client::new();
    for nth in 0.. {
        let again = book.lock().unwrap().open.pop();
        let (bell, event, kind) = again.unwrap_or_else(|| {
            let bell = usize::try_from(chance.below(u64::try_from(BELLS).unwrap())).unwrap();
            let kind = chance.pick(&["press", "press", "press", "cancel", "heartbeat"]);
            (bell, format!("{name}-{nth}"), kind)
        });
        let answer = bells[bell].says(&http, &base, &event, kind).await;
        let mut book = book.lock().unwrap();
        match answer {
            Some(answer) if kind != "heartbeat" => {
                let call = answer["call_id"].as_str().map(str::to_owned);
                book.answered.insert(event, call);
            }
            Some(_) => {}
            None => {
                book.open.push((bell, event, kind));
                return;
            }
        }
    }
}

/// Takes calls on and deals with them, so that bells open new ones.
async fn help(handler: Client, book: Arc<Mutex<Book>>, mut chance: Chance) {
    loop {
        let list = handler.request("GET", "/api/v1/callbell/calls?limit=100");
        let Some(listed) = handler.try_send(list).await else {
            return;
        };
        let calls = listed.body["items"].as_array().cloned().unwrap_or_default();
        if calls.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        let call = chance.pick(&calls)["id"].as_str().unwrap().to_owned();
        let at = format!("/api/v1/callbell/calls/{call}/actions");
        let act = |body: Value| {
            let request = handler
                .request("POST", &at)
                .header("Idempotency-Key", fresh_key());
            handler.try_send(request.json(&body))
        };
        let Some(taken) = act(json!({ "action": "acknowledge" })).await else {
            return;
        };
        if taken.status == 200 {
            book.lock().unwrap().acknowledged.insert(call.clone());
        }
        let resolve = json!({ "action": "resolve", "outcome": "helped", "text": "已扶起" });
        if act(resolve).await.is_none() {
            return;
        }
    }
}

/// Everything that is wrong with what lies there.
async fn faults(db: &DatabaseConnection, book: &Book) -> Vec<String> {
    let mut faults = Vec::new();
    let events = callbell_event::Entity::find().all(db).await.unwrap();
    let calls = callbell_call::Entity::find().all(db).await.unwrap();
    let kept: HashMap<&str, &callbell_event::Model> = events
        .iter()
        .map(|event| (event.event_id.as_str(), event))
        .collect();
    for (event, call) in &book.answered {
        match kept.get(event.as_str()) {
            None => faults.push(format!("{event} was answered and is lost")),
            Some(row) => {
                let of = row.call_id.map(|id| id.to_string());
                if call.is_some() && of != *call {
                    faults.push(format!("{event} was told {call:?} and is of {of:?}"));
                }
            }
        }
    }
    let mut timers: HashMap<Uuid, u32> = HashMap::new();
    let of_calls = durable_timer::Entity::find().filter(durable_timer::Column::Kind.eq("callbell.call"));
    for timer in of_calls.all(db).await.unwrap() {
        *timers.entry(timer.subject_id).or_default() += 1;
    }
    let entries = callbell_entry::Entity::find().order_by_asc(callbell_entry::Column::Seq);
    let mut logs: HashMap<Uuid, Vec<callbell_entry::Model>> = HashMap::new();
    for entry in entries.all(db).await.unwrap() {
        logs.entry(entry.call_id.0).or_default().push(entry);
    }
    let about_calls = notice::Entity::find().filter(notice::Column::CallId.is_not_null());
    let told: BTreeSet<String> = about_calls
        .all(db)
        .await
        .unwrap()
        .iter()
        .map(|notice| notice.dedup_key.split(':').take(3).collect::<Vec<_>>().join(":"))
        .collect();
    let tickets: BTreeSet<Uuid> = ticket::Entity::find()
        .all(db)
        .await
        .unwrap()
        .iter()
        .map(|row| row.id.0)
        .collect();
    for call in &calls {
        let id = call.id;
        let log = logs.remove(&id.0).unwrap_or_default();
        if i64::try_from(log.len()).unwrap() != call.entries || first_broken(&log, &call.head).is_some() {
            faults.push(format!("the log of {id} is not whole"));
        }
        let open = !matches!(call.state, CallState::Resolved | CallState::Closed);
        if open && timers.get(&id.0) != Some(&1) {
            faults.push(format!("{id} is open and has {:?} timers", timers.get(&id.0)));
        }
        let pressed = events
            .iter()
            .filter(|event| event.kind == BellKind::Press && event.call_id == Some(id));
        if i32::try_from(pressed.count()).unwrap() != call.presses {
            faults.push(format!("{id} counts {} presses", call.presses));
        }
        if call.ticket_id.is_none_or(|ticket| !tickets.contains(&ticket.0)) {
            faults.push(format!("{id} has no ticket"));
        }
        for entry in log.iter().filter(|entry| entry.kind == CallEntryKind::Rung) {
            if !told.contains(&format!("call:{id}:{}", entry.seq)) {
                faults.push(format!("{id} rang and nobody is told of entry {}", entry.seq));
            }
        }
        let taken = log.iter().any(|entry| entry.kind == CallEntryKind::Acknowledged);
        if book.acknowledged.contains(&id.to_string()) && !taken {
            faults.push(format!("{id} was taken on, and does not know it"));
        }
    }
    faults.extend(logs.keys().map(|id| format!("a log without its call {id}")));
    faults
}

/// Answers presses before it has handed them on: what a service would do that answers before its commit.
async fn too_early(target: String) -> String {
    use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
    async fn take(target: web::Data<String>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
        let mut onward = reqwest::Client::new().post(format!("{}{}", **target, request.uri()));
        for (name, value) in request.headers() {
            if name.as_str().starts_with("webhook-") || name == "content-type" {
                onward = onward.header(name.as_str(), value.to_str().unwrap());
            }
        }
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            // The service may be dead by now: that is the fault that is to be found.
            let _ = onward.body(body.to_vec()).send().await;
        });
        HttpResponse::Ok().json(json!({ "status": 0 }))
    }
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(target.clone()))
            .default_service(web::to(take))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    base
}

/// On a busy machine a start may take seconds, and timers are late then: that the watchdog says so is as it should be.
fn start(folder: &Path, database: Option<&str>, now: DateTime<Utc>) -> Service {
    let filter = (
        "HOTLINE_LOG__FILTER",
        "error,hotline::callbell::calls::watchdog=off",
    );
    Service::start_with(folder, database, Some(now), &[filter])
}

/// Presses and kills, again and again; everything that is found to be wrong, until something is.
async fn rounds(backend: Backend, kills: u64, early: bool) -> Vec<String> {
    let seed = seed();
    let home = tempfile::tempdir().unwrap();
    let (folder, url) = empty_home(backend, home.path()).await;
    let database = (backend == Backend::Postgres).then_some(url.as_str());
    let mut chance = Chance::new(seed, u64::MAX);
    let mut now = start_of_time();
    let service = start(&folder, database, now);
    let bells = Arc::new(register(service.base(), BELLS).await);
    service.kill();
    let book = Arc::new(Mutex::new(Book::default()));
    for round in 1..=kills {
        now += TimeDelta::seconds(3);
        let begun = Instant::now();
        let service = start(&folder, database, now);
        let base = if early {
            too_early(service.base().to_owned()).await
        } else {
            service.base().to_owned()
        };
        let handler = staff(service.base(), HANDLER).await;
        let mut workers = Vec::new();
        for worker in 0..WORKERS {
            let (bells, book) = (Arc::clone(&bells), Arc::clone(&book));
            let (chance, name) = (
                Chance::new(seed, round * 100 + worker),
                format!("k-{round}-{worker}"),
            );
            workers.push(tokio::spawn(press(bells, base.clone(), book, chance, name)));
        }
        let helping = help(handler, Arc::clone(&book), Chance::new(seed, round * 100 + 99));
        workers.push(tokio::spawn(helping));
        tokio::time::sleep(Duration::from_millis(50 + chance.below(700))).await;
        if early {
            // Who answers too early does not die with the service: what is answered after it would prove nothing.
            workers.iter().for_each(tokio::task::JoinHandle::abort);
        }
        service.kill();
        for worker in workers {
            let ended = worker.await;
            assert!(early || ended.is_ok(), "{ended:?}");
        }
        now += TimeDelta::from_std(begun.elapsed()).unwrap();
        let found = look(backend, home.path(), &url, &book).await;
        if !found.is_empty() {
            return found;
        }
    }
    let book = book.lock().unwrap();
    assert!(
        book.answered.len() > usize::try_from(kills).unwrap() * 10,
        "{} presses",
        book.answered.len()
    );
    assert!(early || !book.acknowledged.is_empty(), "nobody helped");
    Vec::new()
}

async fn look(backend: Backend, home: &Path, url: &str, book: &Mutex<Book>) -> Vec<String> {
    let db = at_rest(backend, home, url).await;
    let answered = {
        let book = book.lock().unwrap();
        Book {
            answered: book.answered.clone(),
            acknowledged: book.acknowledged.clone(),
            open: Vec::new(),
        }
    };
    let found = faults(&db, &answered).await;
    db.close().await.unwrap();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_press_is_lost_on_sqlite() {
    assert_eq!(
        rounds(Backend::Sqlite, count("TEST_KILLS", 20), false).await,
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_press_is_lost_on_postgresql() {
    if Backend::postgres_is_there() {
        assert_eq!(
            rounds(Backend::Postgres, count("TEST_KILLS", 20), false).await,
            [""; 0]
        );
    }
}

/// The look has teeth: of a service that answers too early it finds what is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_too_early_is_found_out() {
    let found = rounds(Backend::Sqlite, 40, true).await;
    assert!(
        found.iter().any(|fault| fault.contains("answered and is lost")),
        "{found:?}"
    );
}
