//! One action on many tickets: each is a command of its own, with an outcome of its own.

use super::Setting;
use super::act::{self, Action};
use crate::platform::error::AppError;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::Once;
use crate::tickets::dto::{ActionIn, BulkOut, BulkTicket, OutcomeOut};

/// Acts on each ticket in turn; what is refused for one changes nothing for the others.
///
/// # Errors
/// When the service itself fails: what was done by then stays done, and a repeat with the same key goes on.
pub async fn act_on_all(
    setting: &Setting,
    once: &Once,
    tickets: &[BulkTicket],
    action: &ActionIn,
) -> Result<BulkOut, AppError> {
    let mut items = Vec::with_capacity(tickets.len());
    for one in tickets {
        let action = Action {
            ticket: one.id,
            version: Some(IfMatch::version(one.version)),
            action: action.clone(),
        };
        let done = act::act(setting.clone(), once.part(one.id.0.as_bytes()), action).await;
        items.push(match done {
            Ok(answer) => OutcomeOut::done(one.id, answer.version_of()),
            Err(error) if error.code().status().is_server_error() => return Err(error),
            Err(error) => OutcomeOut::refused(one.id, &error),
        });
    }
    let done = items.iter().filter(|item| item.code.is_none()).count();
    Ok(BulkOut { done, items })
}
