//! The end of the event log in memory, for all who listen: however many they are, the database is asked once.

use super::events;
use crate::platform::db::Db;
use crate::platform::error::AppError;
use entity::event;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Events that are kept. Who is further behind reads from the database.
const KEPT: usize = 5_000;
/// Events that are read at a time.
const BATCH: u64 = 500;
/// A look that is younger is good enough for the next who asks.
const FRESH: Duration = Duration::from_millis(50);

/// The end of the log. Clones are the same.
#[derive(Clone, Default)]
pub struct Tail(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kept: RwLock<Option<Kept>>,
    /// When somebody last looked. Who looks holds it, so that the others wait for the same answer.
    looked: Mutex<Option<Instant>>,
}

/// All events after one position up to another.
struct Kept {
    since: i64,
    until: i64,
    events: VecDeque<Arc<event::Model>>,
}

impl Kept {
    fn add(&mut self, event: event::Model) {
        let Some(position) = event.position else { return };
        self.until = position;
        self.events.push_back(Arc::new(event));
        if self.events.len() > KEPT
            && let Some(oldest) = self.events.pop_front()
        {
            self.since = oldest.position.unwrap_or(self.since);
        }
    }

    /// What is kept after a position; none when more came after it than is kept.
    fn after(&self, position: i64, most: usize) -> Option<Vec<Arc<event::Model>>> {
        if position < self.since {
            return None;
        }
        let first = self
            .events
            .partition_point(|event| event.position.is_none_or(|at| at <= position));
        Some(self.events.iter().skip(first).take(most).cloned().collect())
    }
}

impl Tail {
    /// Events after a position, oldest first, as far as they are committed by now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn after(
        &self,
        db: &Db,
        position: i64,
        most: usize,
    ) -> Result<Vec<Arc<event::Model>>, AppError> {
        self.look(db).await?;
        let kept = {
            let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().and_then(|kept| kept.after(position, most))
        };
        if let Some(events) = kept {
            return Ok(events);
        }
        let most = u64::try_from(most).unwrap_or(BATCH);
        let rows = events::after(db.read(), position, most).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }

    /// Reads what is new, unless somebody just did.
    async fn look(&self, db: &Db) -> Result<(), AppError> {
        let mut looked = self.0.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        let until = {
            let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().map(|kept| kept.until)
        };
        let mut until = match until {
            Some(until) => until,
            None => {
                let last = events::last_position(db.read()).await?;
                let begun = Kept {
                    since: last,
                    until: last,
                    events: VecDeque::new(),
                };
                *self.0.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(begun);
                last
            }
        };
        loop {
            let rows = events::after(db.read(), until, BATCH).await?;
            let full = u64::try_from(rows.len()).unwrap_or(BATCH) == BATCH;
            let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = kept.as_mut() {
                for row in rows {
                    kept.add(row);
                }
                until = kept.until;
            }
            if !full {
                break;
            }
        }
        *looked = Some(Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use entity::id::EventId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn event(position: i64) -> event::Model {
        event::Model {
            seq: position,
            position: Some(position),
            id: EventId(Uuid::nil()),
            kind: "ticket.noted".into(),
            subject_kind: "ticket".into(),
            subject_id: Uuid::nil(),
            unit_path: None,
            data: serde_json::Value::Null,
            at: DateTime::UNIX_EPOCH,
        }
    }

    proptest! {
        /// What is kept is exactly what came after a position, or it says that it does not know.
        #[test]
        fn nothing_is_left_out(gaps in prop::collection::vec(1_i64..4, 1..6_000), from in 0_i64..12_000, most in 1_usize..300) {
            let mut kept = Kept { since: 10, until: 10, events: VecDeque::new() };
            let mut all = Vec::new();
            for gap in gaps {
                let position = kept.until + gap;
                all.push(position);
                kept.add(event(position));
            }
            let wanted: Vec<i64> = all.iter().copied().filter(|position| *position > from).take(most).collect();
            match kept.after(from, most) {
                Some(found) => {
                    let found: Vec<i64> = found.iter().filter_map(|event| event.position).collect();
                    prop_assert_eq!(found, wanted);
                }
                None => prop_assert!(from < kept.since),
            }
        }
    }
}
