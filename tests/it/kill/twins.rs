//! Two instances on one PostgreSQL, killed and started again at random while bells ring: each step of each call happens
//! once, none is left out, and of messages that go out twice there are few.

use super::bells::{register, staff};
use super::service::Service;
use super::{at_rest, empty_home};
use crate::support::{Backend, Chance, Receiver, count, seed};
use chrono::TimeDelta;
use entity::kind::{CallEntryKind, CallState, NoticeChannel, NoticeState};
use entity::{callbell_call, callbell_entry, durable_timer, notice};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

const BELLS: usize = 12;
/// A ladder that is climbed in a moment: level 3 after four seconds, and then each fifteen.
const STEPS_S: [i64; 5] = [0, 1, 2, 3, 4];

fn start(folder: &Path, url: &str, webhook: &str) -> Service {
    let hooks = format!("[\"{webhook}\"]");
    let secret = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let with = [
        ("HOTLINE_CALLBELL__WEBHOOK_URLS", hooks.as_str()),
        ("HOTLINE_CALLBELL__WEBHOOK_SECRET", secret),
        ("HOTLINE_OUTBOUND__ALLOW_HOSTS", "[\"127.0.0.1\"]"),
        ("HOTLINE_LOG__FILTER", "off"),
    ];
    Service::start_with(folder, Some(url), None, &with)
}

/// `TEST_KILLS` kills of one of the two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_happens_once_on_two_instances() {
    if !Backend::postgres_is_there() {
        return;
    }
    let mut chance = Chance::new(seed(), 0);
    let home = tempfile::tempdir().unwrap();
    let (folder, url) = empty_home(Backend::Postgres, home.path()).await;
    let console = Receiver::start();
    let webhook = format!("{}/console", console.base);
    let mut instances = vec![start(&folder, &url, &webhook)];
    let bells = register(instances[0].base(), BELLS).await;
    let lead = staff(instances[0].base(), "lead-440703002101").await;
    let units = lead.get("/api/v1/units").await;
    let unit = units.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["code"] == "440703002101");
    let path = format!(
        "/api/v1/callbell/ladders/{}",
        unit.unwrap()["id"].as_str().unwrap()
    );
    let mut ladder = serde_json::to_value(hotline::callbell::rules::ladder::Ladder::default()).unwrap();
    ladder["rungs"] = STEPS_S
        .iter()
        .zip([0, 0, 1, 2, 3])
        .map(|(after_s, level)| json!({ "after_s": after_s, "level": level }))
        .collect();
    ladder["repeat_s"] = json!(15);
    let admin = staff(instances[0].base(), "supervisor").await;
    admin.change("PUT", &path, "\"0\"", &ladder).await.expect(200);
    instances.push(start(&folder, &url, &webhook));
    let http = reqwest::Client::new();
    let mut pressed: BTreeMap<usize, String> = BTreeMap::new();
    for kill in 0..count("TEST_KILLS", 20) {
        let which = usize::try_from(chance.below(2)).unwrap();
        let bell = usize::try_from(kill).unwrap() % BELLS;
        let base = instances[usize::try_from(chance.below(2)).unwrap()]
            .base()
            .to_owned();
        let event = format!("twin-{kill}");
        if bells[bell].says(&http, &base, &event, "press").await.is_some() {
            pressed.insert(bell, event);
        }
        tokio::time::sleep(Duration::from_millis(100 + chance.below(400))).await;
        instances.swap_remove(which).kill();
        instances.push(start(&folder, &url, &webhook));
    }
    // What is due has its moment, with both of them alive.
    tokio::time::sleep(Duration::from_secs(6)).await;
    for instance in instances {
        instance.kill();
    }
    let db = at_rest(Backend::Postgres, home.path(), &url).await;
    let calls = callbell_call::Entity::find().all(&db).await.unwrap();
    assert!(
        pressed.len() >= BELLS / 2 && calls.len() == pressed.len(),
        "{} of {}",
        calls.len(),
        pressed.len()
    );
    let mut timers: HashMap<_, u32> = HashMap::new();
    for timer in durable_timer::Entity::find()
        .filter(durable_timer::Column::Kind.eq("callbell.call"))
        .all(&db)
        .await
        .unwrap()
    {
        *timers.entry(timer.subject_id).or_default() += 1;
    }
    for call in &calls {
        assert_eq!(
            (call.state, timers.get(&call.id.0)),
            (CallState::Ringing, Some(&1)),
            "{}",
            call.id
        );
        let log = callbell_entry::Entity::find()
            .filter(callbell_entry::Column::CallId.eq(call.id))
            .filter(callbell_entry::Column::Kind.eq(CallEntryKind::Rung))
            .order_by_asc(callbell_entry::Column::Seq);
        let log = log.all(&db).await.unwrap();
        let rungs: Vec<i64> = log
            .iter()
            .map(|entry| entry.data["rung"].as_i64().unwrap())
            .collect();
        // 0 1 2 3 4 4 4 …: each once, but for the last, which is repeated and never sooner than it should be.
        assert!(
            rungs.windows(2).all(|pair| pair[1] == (pair[0] + 1).min(4)) && rungs[0] == 0,
            "{rungs:?}"
        );
        assert_eq!(rungs.iter().max(), Some(&4), "it has climbed: {rungs:?}");
        for pair in log.windows(2).filter(|pair| pair[0].data["rung"] == json!(4)) {
            let apart = pair[1].at - pair[0].at;
            assert!(
                apart >= TimeDelta::seconds(15) && apart < TimeDelta::seconds(21),
                "{apart}"
            );
        }
    }
    // Each rung is one message to the console, and few of them came twice.
    let wanted = notice::Entity::find().filter(notice::Column::Channel.eq(NoticeChannel::Webhook));
    let wanted = wanted.all(&db).await.unwrap();
    let mut came: HashMap<String, usize> = HashMap::new();
    for one in console.got() {
        *came.entry(one.headers["webhook-id"].clone()).or_default() += 1;
    }
    let sent: Vec<_> = wanted
        .iter()
        .filter(|row| row.state == NoticeState::Sent)
        .collect();
    for row in &sent {
        assert!(
            came.contains_key(&row.id.to_string()),
            "{} is noted as sent and never came",
            row.dedup_key
        );
    }
    let left = wanted.len() - sent.len();
    assert!(
        left * 10 <= wanted.len(),
        "{left} of {} were not sent yet",
        wanted.len()
    );
    let all: usize = came.values().sum();
    let twice = all - came.len();
    eprintln!(
        "{} calls, {} rungs, {} messages, {twice} of them twice",
        calls.len(),
        wanted.len(),
        came.len()
    );
    assert!(
        twice <= 1 + came.len() / 50,
        "{twice} of {} came twice",
        came.len()
    );
    let body: Value = serde_json::from_slice(&console.got()[0].body).unwrap();
    assert_eq!(body["type"], "callbell.rung");
    db.close().await.unwrap();
    console.stop().await;
}
