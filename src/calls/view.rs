//! From rows to what somebody may see of a call.

use super::dto::{CallTicketOut, PhoneCallOut};
use super::store;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::AppError;
use crate::platform::personal::mask_phone;
use crate::tickets::rules::number;
use entity::id::PhoneCallId;
use entity::phone_call;
use sea_orm::ConnectionTrait;

/// Calls with the tickets that were registered in them.
///
/// # Errors
/// When a number can't be opened, or the database does not answer.
pub(super) async fn calls(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    rows: &[phone_call::Model],
) -> Result<Vec<PhoneCallOut>, AppError> {
    let ids: Vec<PhoneCallId> = rows.iter().map(|row| row.id).collect();
    let tickets = store::tickets(conn, &ids).await?;
    rows.iter()
        .map(|row| {
            let call = store::call(vault, row)?;
            let mine = tickets.iter().filter(|(id, ..)| *id == row.id);
            Ok(PhoneCallOut {
                id: row.id,
                call_id: row.external_id.clone(),
                state: row.state,
                waited_s: call.waited().map(|waited| waited.num_seconds()),
                caller: call.caller.as_deref().map(mask_phone),
                line: call.line,
                agent: row.agent.clone(),
                staff_id: row.staff_id,
                recording: call.recording,
                began_at: row.began_at,
                answered_at: row.answered_at,
                ended_at: row.ended_at,
                missed: row.missed,
                attempts: row.attempts,
                tickets: mine
                    .map(|(_, id, number)| CallTicketOut {
                        id: *id,
                        number: number::spoken(number),
                    })
                    .collect(),
            })
        })
        .collect()
}
