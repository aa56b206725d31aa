//! What is true once the work that follows by itself is done: everything was counted, and told once.

use entity::kind::{ActorKind, LegNature, NoticeChannel, NoticeState, TicketState};
use entity::{assignment, consumer_cursor, event, notice, queue_count, ticket};
use hotline::app::App;
use hotline::platform::jobs;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Of these a requester is always told.
const TOLD: [&str; 8] = [
    "dispatched",
    "answered_now",
    "approved",
    "reworked",
    "closed",
    "suspended",
    "resumed",
    "reopened",
];

/// Lets everything follow that has to, and checks it.
pub(super) async fn check(app: &App) {
    jobs::settle(&app.jobs(false).unwrap()).await;
    let db = app.kit().db.read();
    let events = event::Entity::find().all(db).await.unwrap();
    assert!(
        events.iter().all(|event| event.position.is_some()),
        "each has its place"
    );
    let last = events.iter().filter_map(|event| event.position).max();
    for cursor in consumer_cursor::Entity::find().all(db).await.unwrap() {
        assert_eq!(Some(cursor.position), last, "{} has read all", cursor.id);
    }
    counts(db).await;
    notices(db, &events).await;
}

/// Queue counts are what a slow count finds.
async fn counts(db: &impl ConnectionTrait) {
    let legs = assignment::Entity::find()
        .filter(assignment::Column::EndedAt.is_null())
        .filter(assignment::Column::Nature.eq(LegNature::Lead));
    let legs = legs.all(db).await.unwrap();
    let leads: HashMap<Uuid, Uuid> = legs.iter().map(|leg| (leg.ticket_id.0, leg.unit_id.0)).collect();
    let mut slow: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
    for ticket in ticket::Entity::find().all(db).await.unwrap() {
        let unit = match ticket.state {
            TicketState::Registered | TicketState::PendingDispatch => Uuid::nil(),
            _ => leads.get(&ticket.id.0).copied().unwrap_or_default(),
        };
        *slow.entry((unit, ticket.state.to_string())).or_default() += 1;
    }
    let kept = queue_count::Entity::find().filter(queue_count::Column::N.ne(0));
    let kept = kept.all(db).await.unwrap().into_iter();
    let kept: BTreeMap<(Uuid, String), i64> = kept
        .map(|row| ((row.unit_id.0, row.state.to_string()), row.n))
        .collect();
    assert_eq!(kept, slow, "counts of queues");
}

/// Each milestone is told to the requester once in each way, nobody is told anything twice, and nothing waits.
async fn notices(db: &impl ConnectionTrait, events: &[event::Model]) {
    let mut told: HashMap<(Uuid, NoticeChannel, ActorKind, Option<Uuid>), usize> = HashMap::new();
    let mut to_requester: HashMap<(Uuid, NoticeChannel), usize> = HashMap::new();
    for notice in notice::Entity::find()
        .filter(notice::Column::TicketId.is_not_null())
        .all(db)
        .await
        .unwrap()
    {
        assert_eq!(notice.state, NoticeState::Sent, "{} waits", notice.dedup_key);
        let of: Uuid = notice.dedup_key.split(':').next().unwrap().parse().unwrap();
        let to = (of, notice.channel, notice.recipient_kind, notice.recipient_id);
        *told.entry(to).or_default() += 1;
        if notice.recipient_kind == ActorKind::Resident {
            *to_requester.entry((of, notice.channel)).or_default() += 1;
        }
    }
    for (to, n) in &told {
        assert_eq!(*n, 1, "{to:?} was told more than once");
        assert!(
            events.iter().any(|event| event.id.0 == to.0),
            "{to:?} was told of nothing"
        );
    }
    for event in events {
        let kind = event.kind.strip_prefix("ticket.").unwrap_or_default();
        let alone = kind == "registered" && event.data["at_once"] == false;
        if !alone && !TOLD.contains(&kind) {
            continue;
        }
        for channel in [NoticeChannel::InApp, NoticeChannel::Sms] {
            let n = to_requester
                .get(&(event.id.0, channel))
                .copied()
                .unwrap_or_default();
            assert_eq!(n, 1, "{channel} of {} {}", event.kind, event.subject_id);
        }
    }
}
