//! Calls as they turn, for consoles: read from the event log, so that nothing is missed between two instances or after
//! a break.

use super::apply::SUBJECT;
use super::{row, view};
use crate::access::Reach;
use crate::callbell::world::World;
use crate::ledger::events;
use crate::platform::error::AppError;
use crate::reference::Desk;
use actix_web::web::Bytes;
use entity::event;
use entity::id::CallId;
use futures_util::stream::{self, Stream};
use serde_json::json;
use std::time::Duration;

/// Events that are read at a time.
const BATCH: u64 = 200;
/// How long the stream waits for something new, unless a commit of this process wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// After so many looks without anything new a line says that the stream is alive: 15 s.
const ALIVE_AFTER: u32 = 50;

struct Reader {
    desk: Desk,
    reach: Reach,
    position: i64,
    quiet: u32,
    begun: bool,
    once: bool,
}

/// Events of calls that somebody reaches, after a position; from now on unless one is given.
///
/// # Errors
/// When the database does not answer.
pub async fn calls(
    desk: Desk,
    reach: Reach,
    after: Option<i64>,
    once: bool,
) -> Result<impl Stream<Item = Result<Bytes, AppError>>, AppError> {
    let position = match after {
        Some(position) => position,
        None => events::last_position(desk.kit.db.read()).await?,
    };
    let reader = Reader {
        desk,
        reach,
        position,
        quiet: 0,
        begun: false,
        once,
    };
    Ok(stream::try_unfold(reader, |mut reader| async move {
        let bytes = reader.next().await?;
        Ok(bytes.map(|bytes| (bytes, reader)))
    }))
}

impl Reader {
    /// What is new, or a sign of life; the end where only what there is was asked for.
    async fn next(&mut self) -> Result<Option<Bytes>, AppError> {
        if !self.begun {
            // At once, so that the client knows that it is connected, and from where it would go on.
            self.begun = true;
            return Ok(Some(Bytes::from(format!(
                "retry: 1000\nid: {}\nevent: ready\ndata: {{}}\n\n",
                self.position
            ))));
        }
        loop {
            let batch = events::after(self.desk.kit.db.read(), self.position, BATCH).await?;
            let mut text = String::new();
            for event in &batch {
                self.position = event.position.unwrap_or(self.position);
                if event.subject_kind == SUBJECT && self.sees(event) {
                    text.push_str(&self.line(event).await?);
                }
            }
            if !text.is_empty() {
                self.quiet = 0;
                return Ok(Some(Bytes::from(text)));
            }
            if !batch.is_empty() {
                continue;
            }
            if self.once {
                return Ok(None);
            }
            self.quiet += 1;
            if self.quiet >= ALIVE_AFTER {
                self.quiet = 0;
                return Ok(Some(Bytes::from(format!(
                    "id: {}\nevent: alive\ndata: {{}}\n\n",
                    self.position
                ))));
            }
            self.desk.kit.kick.wait(LOOK_EVERY).await;
        }
    }

    fn sees(&self, event: &event::Model) -> bool {
        event
            .unit_path
            .as_ref()
            .is_some_and(|path| self.reach.covers(path))
    }

    /// An event with the call as it stands now.
    async fn line(&self, event: &event::Model) -> Result<String, AppError> {
        let conn = self.desk.kit.db.read();
        let found = row::find(conn, CallId(event.subject_id)).await?;
        let world = World::of(&self.desk).await?;
        let call = view::calls(conn, &world, &[found]).await?.pop();
        let data = json!({ "what": event.kind, "at": event.at, "call": call });
        Ok(format!(
            "id: {}\nevent: {}\ndata: {data}\n\n",
            self.position, event.kind
        ))
    }
}
