//! Calls as they turn, for consoles: read from the event log, so that nothing is missed between two instances or after
//! a break.

use super::apply::SUBJECT;
use super::{row, view};
use crate::access::Reach;
use crate::callbell::world::World;
use crate::ledger::stream::Listener;
use crate::platform::error::AppError;
use crate::reference::Desk;
use entity::event;
use entity::id::CallId;
use serde_json::json;

/// Who listens to calls.
pub struct Console(pub Desk);

impl Listener for Console {
    /// An event with the call as it stands now.
    async fn tell(&self, event: &event::Model, reach: &Reach) -> Result<Option<(String, String)>, AppError> {
        let path = event.unit_path.as_ref();
        if event.subject_kind != SUBJECT || !path.is_some_and(|path| reach.covers(path)) {
            return Ok(None);
        }
        let conn = self.0.kit.db.read();
        let found = row::find(conn, CallId(event.subject_id)).await?;
        let world = World::of(&self.0).await?;
        let call = view::calls(conn, &world, &[found]).await?.pop();
        let data = json!({ "what": event.kind, "at": event.at, "call": call });
        Ok(Some((event.kind.clone(), data.to_string())))
    }
}
