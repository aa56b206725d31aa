//! Clocks are what the history says: replayed from the timeline alone, they begin, rest, are extended and end as they
//! stand in the database.

use super::{LEAD, MANAGER, REQUESTER, answered, handler, id_of, in_progress, registered_by, return_to};
use crate::on_both;
use crate::support::TestApp;
use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{ClockKind, EntryKind, TicketState};
use entity::{clock, ticket_entry};
use hotline::reference::Desk;
use hotline::sla::rules::calendar::Limit;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;
use std::collections::BTreeMap;

/// What the history says of the clock of the resolution in a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    started: Option<DateTime<Utc>>,
    stopped: Option<DateTime<Utc>>,
    pauses: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    rests_since: Option<DateTime<Utc>>,
    extended: i32,
}

/// Replays a timeline: an account of its own, by the words of the entries.
fn replay(history: &[ticket_entry::Model]) -> BTreeMap<i32, Told> {
    let mut rounds: BTreeMap<i32, Told> = BTreeMap::new();
    let mut round = 1;
    for entry in history {
        if matches!(entry.kind, EntryKind::Reworked | EntryKind::Reopened) {
            round += 1;
        }
        let told = rounds.entry(round).or_default();
        match entry.kind {
            EntryKind::Dispatched | EntryKind::Reworked if told.started.is_none() => {
                told.started = Some(entry.at)
            }
            EntryKind::Reopened if entry.to_state == TicketState::InProgress => told.started = Some(entry.at),
            EntryKind::Suspended => told.rests_since = Some(entry.at),
            EntryKind::Resumed => {
                let from = told.rests_since.take().unwrap();
                told.pauses.push((from, entry.at));
            }
            EntryKind::ExtensionGranted => {
                told.extended += i32::try_from(entry.data["amount"].as_i64().unwrap()).unwrap()
            }
            EntryKind::Approved | EntryKind::Withdrawn | EntryKind::Rejected if told.stopped.is_none() => {
                told.stopped = Some(entry.at)
            }
            _ => {}
        }
    }
    rounds.retain(|_, told| told.started.is_some());
    rounds
}

on_both! {
    /// Tickets that were extended, rested, given back, refused a return, taken up again, merged, taken back.
    async fn clocks_are_what_the_history_says(app: TestApp) {
        // Extended, then rested, then answered, then taken up again by a bad score and once more after the close.
        let (id, first) = in_progress(&app).await;
        first.act(&id, &json!({ "action": "request_extension", "amount": 2, "reason": "等鉴定" })).await.expect(200);
        app.staff(MANAGER).await.act(&id, &json!({ "action": "grant_extension" })).await.expect(200);
        app.turn(TimeDelta::hours(30));
        app.staff("supervisor").await.act(&id, &json!({ "action": "suspend", "review_on": "2026-12-03", "reason": "等待法院判决" })).await.expect(200);
        app.turn(TimeDelta::hours(50));
        app.staff("supervisor").await.act(&id, &json!({ "action": "resume" })).await.expect(200);
        answered(&app, &id, &handler(&app, &id).await).await;
        let bad = json!({ "action": "rate", "rating": { "contacted": true, "solved": false, "satisfied": 1 } });
        app.resident(REQUESTER).await.act(&id, &bad).await.expect(200);
        app.turn(TimeDelta::hours(5));
        answered(&app, &id, &handler(&app, &id).await).await;
        let good = json!({ "action": "rate", "rating": { "contacted": true, "solved": true, "satisfied": 5 } });
        app.resident(REQUESTER).await.act(&id, &good).await.expect(200);
        app.turn(TimeDelta::days(1));
        app.resident(REQUESTER).await.act(&id, &json!({ "action": "reopen", "reason": "又来了" })).await.expect(200);
        // Given back and dispatched anew; refused a return; merged; taken back; rests and is taken back.
        let department = app.unit("department-demo").await;
        for action in ["approve_return", "refuse_return"] {
            let (id, who) = in_progress(&app).await;
            app.turn(TimeDelta::hours(2));
            drop(who);
            handler(&app, &id).await.act(&id, &return_to(&department)).await.expect(200);
            let mut ruling = json!({ "action": action, "reason": "裁定" });
            if action == "approve_return" {
                ruling["unit_id"] = department["id"].clone();
            }
            app.staff("arbiter").await.act(&id, &ruling).await.expect(200);
        }
        let (primary, _) = in_progress(&app).await;
        let merged = id_of(&registered_by(&app.staff("operator").await, "13900000002").await);
        app.staff("dispatcher").await.act(&merged, &json!({ "action": "merge", "into": primary, "reason": "同一事项" })).await.expect(200);
        app.turn(TimeDelta::hours(1));
        answered(&app, &primary, &handler(&app, &primary).await).await;
        app.settle().await;
        let (resting, _) = in_progress(&app).await;
        app.staff("supervisor").await.act(&resting, &json!({ "action": "suspend", "review_on": "2026-12-10", "reason": "等待" })).await.expect(200);
        app.resident(REQUESTER).await.act(&resting, &json!({ "action": "withdraw", "reason": "x" })).await.expect(200);
        app.staff(LEAD).await;
        compare(&app).await;
    }
}

/// Every clock of the resolution against the history of its ticket.
async fn compare(app: &TestApp) {
    let kit = app.app.kit().clone();
    let db = kit.db.read();
    let reference = Desk::new(kit.clone()).reference().await.unwrap();
    let mut histories = BTreeMap::new();
    for entry in ticket_entry::Entity::find()
        .order_by_asc(ticket_entry::Column::Seq)
        .all(db)
        .await
        .unwrap()
    {
        histories
            .entry(entry.ticket_id)
            .or_insert_with(Vec::new)
            .push(entry);
    }
    let clocks = clock::Entity::find().all(db).await.unwrap();
    let mut compared = 0;
    for (id, history) in &histories {
        let told = replay(history);
        let mut rows: Vec<&clock::Model> = clocks
            .iter()
            .filter(|row| row.ticket_id == *id && row.kind == ClockKind::Resolve)
            .collect();
        rows.sort_by_key(|row| row.round);
        assert_eq!(
            rows.iter().map(|row| row.round).collect::<Vec<_>>(),
            told.keys().copied().collect::<Vec<_>>()
        );
        for (row, told) in rows.iter().zip(told.values()) {
            let pauses: Vec<(DateTime<Utc>, DateTime<Utc>)> =
                serde_json::from_value(row.pauses.clone()).unwrap();
            let stands = Told {
                started: Some(row.started_at),
                stopped: row.stopped_at,
                pauses: pauses.clone(),
                rests_since: row.paused_at,
                extended: row.extended,
            };
            assert_eq!(&stands, told);
            let calendar = reference.calendars.of(row.unit_path.as_deref().unwrap_or("/"));
            let limit = Limit::of(row.amount + told.extended, row.unit);
            assert_eq!(
                row.due_at,
                calendar.due_with(row.started_at, limit, &told.pauses).at
            );
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared}");
}
