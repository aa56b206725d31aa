//! When people were told of calls, and which messages may have gone out more than once.

use crate::callbell::calls;
use crate::notify::store::OUTCOME_UNKNOWN;
use crate::platform::db::padded;
use crate::platform::error::AppError;
use chrono::{DateTime, Utc};
use entity::id::{CallId, NoticeId};
use entity::kind::NoticeChannel;
use entity::{delivery, notice};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Minutes in which the alarms of one person are counted together (EEMUA 191).
pub const LOAD_MIN: i64 = 10;
/// Ids in one statement.
const PIECE: usize = 500;

/// Attempts to send one message.
#[derive(Clone, Copy, Debug)]
struct Attempts {
    call: CallId,
    /// Those that a channel took.
    sent: u64,
    /// Those that a crash broke off: nobody knows.
    unknown: u64,
}

/// What was sent about some calls.
#[derive(Debug, Default)]
pub struct Messages {
    first: HashMap<CallId, DateTime<Utc>>,
    kin: HashMap<CallId, DateTime<Utc>>,
    inbox: HashMap<CallId, DateTime<Utc>>,
    /// Calls of which somebody was to be told by another way than the inbox.
    outward: HashSet<CallId>,
    attempts: HashMap<NoticeId, Attempts>,
    /// How often each person was rung, by spans of [`LOAD_MIN`].
    pub rings: HashMap<Uuid, HashMap<i64, u64>>,
}

impl Messages {
    /// Reads what was sent about these calls.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(conn: &impl ConnectionTrait, calls: &[CallId]) -> Result<Self, AppError> {
        let mut messages = Self::default();
        for some in calls.chunks(PIECE) {
            let to_kin = messages.notices(conn, some).await?;
            messages.deliveries(conn, some, &to_kin).await?;
        }
        Ok(messages)
    }

    /// When the first message about a call was handed over. Who is reached by another way than the inbox counts by that,
    /// sent or not; the inbox has it with the commit.
    #[must_use]
    pub fn told_at(&self, call: CallId) -> Option<DateTime<Utc>> {
        match self.first.get(&call) {
            Some(at) => Some(*at),
            None if self.outward.contains(&call) => None,
            None => self.inbox.get(&call).copied(),
        }
    }

    /// When the first message to next of kin was handed over.
    #[must_use]
    pub fn kin_at(&self, call: CallId) -> Option<DateTime<Utc>> {
        self.kin.get(&call).copied()
    }

    /// For each message that was sent: its call, and whether it certainly went out only once.
    pub fn once(&self) -> impl Iterator<Item = (CallId, bool)> {
        let sent = self.attempts.values().filter(|attempts| attempts.sent > 0);
        sent.map(|attempts| (attempts.call, attempts.sent + attempts.unknown == 1))
    }

    /// Who was rung, and which messages are for next of kin.
    async fn notices(
        &mut self,
        conn: &impl ConnectionTrait,
        some: &[CallId],
    ) -> Result<HashSet<NoticeId>, AppError> {
        use notice::Column as C;
        type Row = (
            NoticeId,
            Option<CallId>,
            Option<Uuid>,
            String,
            NoticeChannel,
            DateTime<Utc>,
        );
        let rows: Vec<Row> = notice::Entity::find()
            .select_only()
            .columns([
                C::Id,
                C::CallId,
                C::RecipientId,
                C::Template,
                C::Channel,
                C::CreatedAt,
            ])
            .filter(C::CallId.is_in(padded(some)))
            .filter(C::Template.is_in([calls::RING, calls::KIN]))
            .into_tuple()
            .all(conn)
            .await?;
        let mut to_kin = HashSet::new();
        for (id, call, who, template, channel, at) in rows {
            let Some(call) = call else { continue };
            if template == calls::KIN {
                to_kin.insert(id);
            } else if channel == NoticeChannel::InApp {
                earlier(&mut self.inbox, call, at);
                let spans = self.rings.entry(who.unwrap_or_default()).or_default();
                *spans.entry(at.timestamp() / (LOAD_MIN * 60)).or_default() += 1;
            } else {
                self.outward.insert(call);
            }
        }
        Ok(to_kin)
    }

    async fn deliveries(
        &mut self,
        conn: &impl ConnectionTrait,
        some: &[CallId],
        to_kin: &HashSet<NoticeId>,
    ) -> Result<(), AppError> {
        use delivery::Column as C;
        let rows: Vec<(CallId, NoticeId, DateTime<Utc>, bool)> = delivery::Entity::find()
            .select_only()
            .columns([C::CallId, C::NoticeId, C::At, C::Sent])
            .filter(C::CallId.is_in(padded(some)))
            .filter(
                Condition::any()
                    .add(C::Sent.eq(true))
                    .add(C::Error.eq(OUTCOME_UNKNOWN)),
            )
            .into_tuple()
            .all(conn)
            .await?;
        for (call, notice, at, sent) in rows {
            let attempts = self.attempts.entry(notice).or_insert(Attempts {
                call,
                sent: 0,
                unknown: 0,
            });
            if !sent {
                attempts.unknown += 1;
                continue;
            }
            attempts.sent += 1;
            earlier(&mut self.first, call, at);
            if to_kin.contains(&notice) {
                earlier(&mut self.kin, call, at);
            }
        }
        Ok(())
    }
}

fn earlier(times: &mut HashMap<CallId, DateTime<Utc>>, call: CallId, at: DateTime<Utc>) {
    let earliest = times.entry(call).or_insert(at);
    *earliest = at.min(*earliest);
}
