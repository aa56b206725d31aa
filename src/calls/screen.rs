//! The operator's screen: who calls, when their telephone rings and when they answer (screen pop). Read from the event log,
//! so that nothing is missed between two instances or after a break.

use super::commands::SUBJECT;
use super::dto::ScreenOut;
use super::{store, view};
use crate::access::Reach;
use crate::access::permit::Caller;
use crate::ledger::stream::Listener;
use crate::platform::error::{AppError, Code};
use crate::reference::Desk;
use crate::residents::rules::Phone;
use crate::tickets::queries::similar;
use entity::event;
use entity::id::PhoneCallId;
use serde_json::Value;

/// An operator who listens.
pub(super) struct Screen {
    pub(super) desk: Desk,
    pub(super) caller: Caller,
}

impl Listener for Screen {
    /// The operator's own calls, and the wait to be called back of those that nobody answered.
    async fn tell(&self, event: &event::Model, reach: &Reach) -> Result<Option<(String, String)>, AppError> {
        let path = event.unit_path.as_ref();
        if event.subject_kind != SUBJECT || !path.is_some_and(|path| reach.covers(path)) {
            return Ok(None);
        }
        let (me, _) = self.caller.staff()?;
        let mine = event.data["staff_id"].as_str() == Some(me.to_string().as_str());
        if !mine && event.data["missed"] == Value::Null && event.data["waited"] != Value::Bool(true) {
            return Ok(None);
        }
        let kit = &self.desk.kit;
        let row = store::find(kit.db.read(), PhoneCallId(event.subject_id)).await?;
        let caller = store::call(&kit.vault, &row)?.caller;
        let callers = match caller.as_deref().and_then(Phone::parse).filter(|_| mine) {
            Some(phone) => {
                let reference = self.desk.reference().await?;
                similar::callers(kit, &reference, &self.caller, &phone).await?
            }
            None => Vec::new(),
        };
        let call = view::calls(kit.db.read(), &kit.vault, &[row]).await?.pop();
        let call = call.ok_or_else(|| AppError::new(Code::Internal))?;
        let out = serde_json::to_string(&ScreenOut { call, callers });
        let out = out.map_err(|error| AppError::new(Code::Internal).because(error))?;
        Ok(Some((event.kind.clone(), out)))
    }
}
